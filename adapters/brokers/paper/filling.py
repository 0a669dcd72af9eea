"""One order meeting one display: what it gets, what it pays, what is left. Pure but for ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from adapters.brokers.paper.accounting import apply_charges, apply_fill
from adapters.brokers.paper.day import cancel_rest, ist_day
from adapters.brokers.paper.depth import levels_left, take_depth
from adapters.brokers.paper.margins import Marks, available
from adapters.brokers.paper.matching import Fill, is_triggered, match_levels
from adapters.brokers.paper.queueing import join, move_up, served_first
from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.paper.state import MICRO, PaperOrder, PaperState
from adapters.ports import IdFactory, InstrumentLookup
from riskgate.charges import Charges, Executed, bears_dp_fee, charges
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    BrokerTrade,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.snapshots import DepthLevel, Quote
from riskgate.tariff import Tariff


@dataclass(frozen=True, kw_only=True)
class World:
    """What the book looks at while it changes: the time, fresh quotes, and the rules."""

    now: datetime
    quotes: Mapping[InstrumentRef, Quote]
    instruments: InstrumentLookup
    ids: IdFactory
    settings: PaperSettings
    tariff: Tariff

    @property
    def marks(self) -> Marks:
        return {ref: quote.last for ref, quote in self.quotes.items()}

    @property
    def margin_rate(self) -> Decimal:
        return self.settings.margin_rate


def meet(state: PaperState, order_id: str, world: World) -> PaperState:
    """Return the state after an open order has met the display of now.

    One that is still on its way meets nothing. An IOC order meets one display and ends.
    """
    row = _row(state, order_id)
    if row.order.open_quantity == 0:
        return state
    if row.reaches_at is not None and world.now < row.reaches_at:
        return state
    state = _match(state, order_id, world)
    order = _row(state, order_id).order
    if order.validity is Validity.IOC and order.open_quantity > 0:
        return state.replace_order(
            cancel_rest(order, world.now, "IOC: the rest was not filled at once")
        )
    quote = world.quotes.get(order.instrument)
    return state.replace_row(join(_row(state, order_id), quote))


def levels_for(
    state: PaperState,
    ref: InstrumentRef,
    side: Side,
    world: World,
    *,
    served: Fill | None = None,
) -> tuple[DepthLevel, ...]:
    """Return what the display of now has left for an order of a side; none without a quote."""
    quote = world.quotes.get(ref)
    if quote is None:
        return ()
    return levels_left(
        quote, side, state.taken, participation=world.settings.participation, served=served
    )


def _match(state: PaperState, order_id: str, world: World) -> PaperState:
    row = _row(state, order_id)
    quote = world.quotes.get(row.order.instrument)
    instrument = world.instruments.get(row.order.instrument)
    if quote is None or instrument is None or not is_triggered(row.order, quote.last):
        return state
    row = move_up(_triggered(row, world.now), quote)
    state = state.replace_row(row)
    order = row.order
    levels = levels_for(state, order.instrument, order.side, world, served=served_first(row, quote))
    for fill in match_levels(order, order.open_quantity, levels, instrument.lot_size):
        changed = _fill(state, row, fill, instrument, world)
        if _unaffordable(state, changed, row, fill, world):
            return state.replace_order(cancel_rest(row.order, world.now, "insufficient funds"))
        state = changed.model_copy(
            update={"taken": take_depth(changed.taken, quote, order.side, (fill,))}
        )
        row = _row(state, order_id)
    return state


def _triggered(row: PaperOrder, now: datetime) -> PaperOrder:
    if row.order.status is not BrokerOrderStatus.TRIGGER_PENDING:
        return row
    return row.showing(
        row.order.model_copy(update={"status": BrokerOrderStatus.OPEN, "updated_at": now})
    )


def _fill(
    state: PaperState, row: PaperOrder, fill: Fill, instrument: Instrument, world: World
) -> PaperState:
    order = row.order
    trade = BrokerTrade(
        trade_id=world.ids.new("pt"),
        broker_order_id=order.broker_order_id,
        instrument=order.instrument,
        side=order.side,
        product=order.product,
        quantity=fill.quantity,
        price=fill.price,
        traded_at=world.now,
    )
    after = apply_fill(state, row, fill).model_copy(update={"trades": (*state.trades, trade)})
    filled = order.filled_quantity + fill.quantity
    value = _value(after, order.broker_order_id)
    done = filled + order.cancelled_quantity == order.quantity
    changed = row.showing(
        order.model_copy(
            update={
                "filled_quantity": filled,
                "average_price": (value / filled).quantize(MICRO, ROUND_HALF_EVEN),
                "status": _ended(order) if done else BrokerOrderStatus.OPEN,
                "updated_at": world.now,
            }
        )
    )
    bill = _bill(after, row, value * row.multiplier, instrument, world)
    return _shrink_partner(apply_charges(after, changed, bill), changed, fill, world.now)


def _ended(order: BrokerOrder) -> BrokerOrderStatus:
    # A part of it was cancelled when the other order of its pair filled.
    part = order.cancelled_quantity > 0
    return BrokerOrderStatus.CANCELLED if part else BrokerOrderStatus.COMPLETE


def _shrink_partner(state: PaperState, row: PaperOrder, fill: Fill, now: datetime) -> PaperState:
    partner = None if row.paired_with is None else state.find(row.paired_with)
    if partner is None or partner.order.open_quantity == 0:
        return state
    order = partner.order
    gone = min(fill.quantity, order.open_quantity)
    changes: dict[str, object] = {
        "cancelled_quantity": order.cancelled_quantity + gone,
        "updated_at": now,
    }
    if gone == order.open_quantity:
        changes |= {
            "status": BrokerOrderStatus.CANCELLED,
            "reason": "the other order of its pair filled",
        }
    return state.replace_order(order.model_copy(update=changes))


def _bill(
    state: PaperState, row: PaperOrder, turnover: Decimal, instrument: Instrument, world: World
) -> Charges:
    unpaid = row.order.instrument not in state.dp_charged or row.charges.dp > 0
    executed = Executed(
        terms=row.order,
        instrument=instrument,
        on=ist_day(world.now),
        turnover=turnover,
        bears_dp=bears_dp_fee(row.order) and unpaid,
    )
    return charges(executed, world.tariff)


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


def _value(state: PaperState, order_id: str) -> Decimal:
    trades = (trade for trade in state.trades if trade.broker_order_id == order_id)
    return sum((trade.price * trade.quantity for trade in trades), Decimal(0))


def _row(state: PaperState, order_id: str) -> PaperOrder:
    return next(row for row in state.orders if row.order.broker_order_id == order_id)
