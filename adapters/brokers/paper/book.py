"""The life of orders in the book: taken, matched, finished. Pure but for the ids given to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from adapters.brokers.paper.accounting import apply_fill
from adapters.brokers.paper.admission import Application, refusal
from adapters.brokers.paper.day import cancel_rest
from adapters.brokers.paper.depth import levels_left, take_depth
from adapters.brokers.paper.margins import Marks, available, blocked
from adapters.brokers.paper.matching import Fill, is_triggered, match_levels
from adapters.brokers.paper.state import MICRO, PaperOrder, PaperState
from adapters.errors import OrderRejected
from adapters.ports import IdFactory, InstrumentLookup
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    BrokerTrade,
    OrderIntent,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.snapshots import DepthLevel, Quote


@dataclass(frozen=True, kw_only=True)
class World:
    """What the book looks at while it changes: the time, fresh quotes, and the rules."""

    now: datetime
    quotes: Mapping[InstrumentRef, Quote]
    instruments: InstrumentLookup
    ids: IdFactory
    margin_rate: Decimal

    @property
    def marks(self) -> Marks:
        return {ref: quote.last for ref, quote in self.quotes.items()}


def advance(state: PaperState, world: World) -> PaperState:
    """Return the state after every open order has met the displayed books, oldest first."""
    for row in state.open_orders:
        state = _match(state, row.order.broker_order_id, world)
    return state


def accept(state: PaperState, intent: OrderIntent, world: World) -> tuple[PaperState, BrokerOrder]:
    """Return the state with the order taken and matched once, and the order.

    Raises OrderRejected with the reason; then nothing of it is in the book.
    """
    row = _admit(state, intent, world)
    order_id = row.order.broker_order_id
    taken = state.model_copy(update={"orders": (*state.orders, row)})
    _check_funds(state, taken, world)
    matched = _match(taken, order_id, world)
    order = _find(matched, order_id).order
    if intent.validity is Validity.IOC and order.open_quantity > 0:
        order = cancel_rest(order, world.now, "IOC: the rest was not filled at once")
        matched = matched.replace_order(order)
    return matched, order


def cancel(state: PaperState, broker_order_id: str, now: datetime) -> PaperState:
    """Return the state with what is open of the order cancelled.

    Raises OrderRejected for an unknown order and for one that is finished.
    """
    found = [row.order for row in state.orders if row.order.broker_order_id == broker_order_id]
    if not found:
        raise OrderRejected(f"no order {broker_order_id} in the book")
    if found[0].open_quantity == 0:
        raise OrderRejected(f"order {broker_order_id} is already {found[0].status}")
    return state.replace_order(cancel_rest(found[0], now, "cancelled on request"))


def _admit(state: PaperState, intent: OrderIntent, world: World) -> PaperOrder:
    instrument = world.instruments.get(intent.instrument)
    if instrument is None:
        raise OrderRejected(f"unknown instrument {intent.instrument}")
    levels = _levels(state, intent.instrument, intent.side, world)
    reason = refusal(Application(intent=intent, instrument=instrument, state=state, levels=levels))
    if reason is not None:
        raise OrderRejected(reason)
    return PaperOrder(
        order=_new_order(intent, world),
        block_price=_block_price(intent, instrument, levels),
        multiplier=instrument.multiplier,
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


def _check_funds(before: PaperState, after: PaperState, world: World) -> None:
    rate = world.margin_rate
    needed = blocked(after, rate) - blocked(before, rate)
    free = available(before, rate, world.marks)
    if needed > max(free, Decimal(0)):
        raise OrderRejected(
            f"insufficient funds: needs {decimal_text(needed)} {before.currency}, "
            f"has {decimal_text(free)}"
        )


def _match(state: PaperState, order_id: str, world: World) -> PaperState:
    row = _find(state, order_id)
    quote = world.quotes.get(row.order.instrument)
    instrument = world.instruments.get(row.order.instrument)
    if quote is None or instrument is None or not is_triggered(row.order, quote.last):
        return state
    if row.order.status is BrokerOrderStatus.TRIGGER_PENDING:
        state = state.replace_order(
            row.order.model_copy(update={"status": BrokerOrderStatus.OPEN, "updated_at": world.now})
        )
    levels = _levels(state, row.order.instrument, row.order.side, world)
    for fill in match_levels(row.order, row.order.open_quantity, levels, instrument.lot_size):
        changed = _fill(state, order_id, fill, world)
        if _unaffordable(state, changed, _find(state, order_id), fill, world):
            order = cancel_rest(_find(state, order_id).order, world.now, "insufficient funds")
            return state.replace_order(order)
        state = changed.model_copy(
            update={"taken": take_depth(changed.taken, quote, row.order.side, (fill,))}
        )
    return state


def _fill(state: PaperState, order_id: str, fill: Fill, world: World) -> PaperState:
    row = _find(state, order_id)
    order = row.order
    trade = BrokerTrade(
        trade_id=world.ids.new("pt"),
        broker_order_id=order_id,
        instrument=order.instrument,
        side=order.side,
        product=order.product,
        quantity=fill.quantity,
        price=fill.price,
        traded_at=world.now,
    )
    after = apply_fill(state, row, fill).model_copy(update={"trades": (*state.trades, trade)})
    filled = order.filled_quantity + fill.quantity
    done = filled == order.quantity
    return after.replace_order(
        order.model_copy(
            update={
                "filled_quantity": filled,
                "average_price": _average(after, order_id),
                "status": BrokerOrderStatus.COMPLETE if done else BrokerOrderStatus.OPEN,
                "updated_at": world.now,
            }
        )
    )


def _unaffordable(
    before: PaperState, after: PaperState, row: PaperOrder, fill: Fill, world: World
) -> bool:
    # Only a fill that opens or adds can be stopped: a loss must never keep a position open.
    if not _adds(before, row.order, fill.quantity):
        return False
    free = available(after, world.margin_rate, world.marks)
    return free < min(available(before, world.margin_rate, world.marks), Decimal(0))


def _adds(state: PaperState, order: BrokerOrder, quantity: Decimal) -> bool:
    if order.product is Product.CNC:
        return order.side is Side.BUY
    held = state.held(order.instrument, order.product)
    return abs(held + order.side.sign * quantity) > abs(held)


def _average(state: PaperState, order_id: str) -> Decimal:
    trades = [trade for trade in state.trades if trade.broker_order_id == order_id]
    value = sum((trade.price * trade.quantity for trade in trades), Decimal(0))
    quantity = sum((trade.quantity for trade in trades), Decimal(0))
    return (value / quantity).quantize(MICRO, ROUND_HALF_EVEN)


def _levels(
    state: PaperState, ref: InstrumentRef, side: Side, world: World
) -> tuple[DepthLevel, ...]:
    quote = world.quotes.get(ref)
    return () if quote is None else levels_left(quote, side, state.taken)


def _find(state: PaperState, order_id: str) -> PaperOrder:
    return next(row for row in state.orders if row.order.broker_order_id == order_id)
