"""The life of orders in the book: taken, matched, finished. Pure but for the ids given to it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from adapters.brokers.paper.admission import Application, refusal
from adapters.brokers.paper.day import cancel_rest, ist_day
from adapters.brokers.paper.filling import World, levels_for, meet
from adapters.brokers.paper.latency import reaches_book_at
from adapters.brokers.paper.margins import available, blocked
from adapters.brokers.paper.matching import match_levels
from adapters.brokers.paper.pairs import link, pair_fault
from adapters.brokers.paper.state import PaperOrder, PaperState
from adapters.errors import OrderRejected
from riskgate.charges import Executed, bears_dp_fee, charges
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, OrderIntent
from riskgate.contracts.snapshots import DepthLevel


def advance(state: PaperState, world: World) -> PaperState:
    """Return the state after every open order has met the displayed books, oldest first."""
    for row in state.open_orders:
        state = meet(state, row.order.broker_order_id, world)
    return state


def accept(state: PaperState, intent: OrderIntent, world: World) -> tuple[PaperState, BrokerOrder]:
    """Return the state with the order taken and matched once, and the order.

    Raises OrderRejected with the reason; then nothing of it is in the book.
    """
    row = _admit(state, intent, world)
    taken = _enter(state, (row,))
    _check_funds(state, taken, (row,), world)
    order_id = row.order.broker_order_id
    matched = meet(taken, order_id, world)
    return matched, _order(matched, order_id)


def accept_pair(
    state: PaperState, stop: OrderIntent, target: OrderIntent, world: World
) -> tuple[PaperState, BrokerOrder, BrokerOrder]:
    """Return the state with both orders taken as a pair of which each fill shrinks the other.

    The stop is matched first. Raises OrderRejected when either would be refused; then nothing of
    the pair is in the book.
    """
    fault = pair_fault(stop, target)
    if fault is not None:
        raise OrderRejected(fault)
    first, second = _admit(state, stop, world), _admit(state, target, world)
    pair = link(first, second.model_copy(update={"reaches_at": first.reaches_at}))
    taken = _enter(state, pair)
    _check_funds(state, taken, pair[:1], world)
    ids = tuple(row.order.broker_order_id for row in pair)
    for order_id in ids:
        taken = meet(taken, order_id, world)
    return taken, _order(taken, ids[0]), _order(taken, ids[1])


def cancel(state: PaperState, broker_order_id: str, now: datetime) -> PaperState:
    """Return the state with what is open of the order cancelled; a paired order lives on.

    Raises OrderRejected for an unknown order and for one that is finished.
    """
    found = state.find(broker_order_id)
    if found is None:
        raise OrderRejected(f"no order {broker_order_id} in the book")
    if found.order.open_quantity == 0:
        raise OrderRejected(f"order {broker_order_id} is already {found.order.status}")
    return state.replace_order(cancel_rest(found.order, now, "cancelled on request"))


def _admit(state: PaperState, intent: OrderIntent, world: World) -> PaperOrder:
    instrument = world.instruments.get(intent.instrument)
    if instrument is None:
        raise OrderRejected(f"unknown instrument {intent.instrument}")
    levels = levels_for(state, intent.instrument, intent.side, world)
    reason = refusal(
        Application(
            intent=intent,
            instrument=instrument,
            state=state,
            levels=levels,
            quote=world.quotes.get(intent.instrument),
            day=ist_day(world.now),
            tariff=world.tariff,
        )
    )
    if reason is not None:
        raise OrderRejected(reason)
    return PaperOrder(
        order=_new_order(intent, world),
        block_price=_block_price(intent, instrument, levels),
        multiplier=instrument.multiplier,
        reaches_at=reaches_book_at(
            world.settings,
            account_id=state.account_id,
            sequence=state.accepted,
            tag=intent.tag,
            accepted_at=world.now,
        ),
    )


def _enter(state: PaperState, rows: Sequence[PaperOrder]) -> PaperState:
    return state.model_copy(
        update={"orders": (*state.orders, *rows), "accepted": state.accepted + len(rows)}
    )


def _new_order(intent: OrderIntent, world: World) -> BrokerOrder:
    waits = intent.order_type.has_trigger_price
    return BrokerOrder(
        instrument=intent.instrument,
        side=intent.side,
        quantity=intent.quantity,
        product=intent.product,
        order_type=intent.order_type,
        validity=intent.validity,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
        broker_order_id=world.ids.new("po"),
        tag=intent.tag,
        status=BrokerOrderStatus.TRIGGER_PENDING if waits else BrokerOrderStatus.OPEN,
        placed_at=world.now,
        updated_at=world.now,
    )


def _block_price(
    intent: OrderIntent, instrument: Instrument, levels: tuple[DepthLevel, ...]
) -> Decimal:
    price = intent.limit_price or intent.trigger_price
    if price is not None:
        return price
    fills = match_levels(intent, intent.quantity, levels, instrument.lot_size)
    return max((fill.price for fill in fills), default=levels[0].price)


def _check_funds(
    before: PaperState, after: PaperState, entered: Sequence[PaperOrder], world: World
) -> None:
    rate = world.margin_rate
    needed = blocked(after, rate) - blocked(before, rate)
    if needed > 0:
        # What closes is never stopped by its charges: a loss must not keep a position open.
        needed += sum((_expected_charges(row, world) for row in entered), Decimal(0))
    free = available(before, rate, world.marks)
    if needed > max(free, Decimal(0)):
        raise OrderRejected(
            f"insufficient funds: needs {decimal_text(needed)} {before.currency} with charges, "
            f"has {decimal_text(free)}"
        )


def _expected_charges(row: PaperOrder, world: World) -> Decimal:
    instrument = world.instruments.get(row.order.instrument)
    if instrument is None:
        return Decimal(0)
    executed = Executed(
        terms=row.order,
        instrument=instrument,
        on=ist_day(world.now),
        turnover=row.order.quantity * row.block_price * row.multiplier,
        bears_dp=bears_dp_fee(row.order),
    )
    return charges(executed, world.tariff).total


def _order(state: PaperState, order_id: str) -> BrokerOrder:
    return next(r.order for r in state.orders if r.order.broker_order_id == order_id)
