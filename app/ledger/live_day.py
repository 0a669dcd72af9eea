"""What an account's live trading day came to, from our own orders and fills."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from app.ledger.positions import apply_fill
from app.persistence import live_day
from app.persistence.database import Session
from app.persistence.live_day import LiveAdjustment, LiveFill, LiveOrder
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import BrokerTrade, Product
from riskgate.contracts.snapshots import Position
from riskgate.guards import DayTotals

ZERO = Decimal(0)
# Begins the name of a fill that was read off the positions: nobody saw its price.
RULED = "ruled-"


async def day_totals(
    session: Session, account_id: str, *, since: datetime, at: datetime, but_of_plan: str
) -> DayTotals:
    """Return orders, notional and realised loss since the day began, without one plan's own.

    What is approved and not sent yet counts. The caller holds the account. A figure that our own
    records do not give is None.
    """
    orders = await live_day.orders_since(
        session, account_id, since=since, at=at, but_of_plan=but_of_plan
    )
    loss = realised_loss(
        await live_day.fills(session, account_id),
        await live_day.adjustments(session, account_id),
        since=since,
    )
    return DayTotals(orders_sent=len(orders), notional_sent=notional_of(orders), realised_loss=loss)


def notional_of(orders: Sequence[LiveOrder]) -> Decimal | None:
    """Sum what orders were worth: filled at their price, the rest as planned."""
    whole = ZERO
    for order in orders:
        unit, multiplier = order.leg_notional, order.multiplier
        if unit is None or not order.leg_quantity or multiplier is None:
            return None
        planned = unit / order.leg_quantity
        filled = planned if order.average_price is None else order.average_price * multiplier
        rest = order.quantity - order.filled_quantity
        whole += order.filled_quantity * filled + rest * planned
    return whole.quantize(Decimal("0.0001"))


def realised_loss(
    fills: Sequence[LiveFill], adjustments: Sequence[LiveAdjustment] = (), *, since: datetime
) -> Decimal | None:
    """Return what closing positions lost since a moment, by average cost; a profit is negative.

    What people took over moves the position in its time, at the broker's average. None where its
    price is not known: something was sold today that we did not buy, what was taken over today
    closed something, or a fill today was read off the positions.
    """
    book: dict[tuple[InstrumentRef, Product], Position] = {}
    gain = ZERO
    for event in _in_time(fills, adjustments):
        key = _key(event)
        held = book.get(key) or _flat(*key)
        if isinstance(event, LiveAdjustment):
            if _closes_today(held, event, since):
                return None
            book[key] = _taken_over(held, event)
            continue
        fill, trade = event, event.trade
        today = trade.traded_at >= since
        if _sells_what_we_did_not_buy(held, trade):
            if today:
                return None
            book[key] = _flat(*key)
            continue
        closed = _closed(held, trade)
        if closed and today:
            if fill.multiplier is None or trade.trade_id.startswith(RULED):
                return None
            per_unit = -trade.side.sign * (trade.price - held.average_price)
            gain += per_unit * closed * fill.multiplier
        book[key] = apply_fill(held, trade)
    return (-gain).quantize(Decimal("0.0001"))


def _in_time(
    fills: Sequence[LiveFill], adjustments: Sequence[LiveAdjustment]
) -> list[LiveFill | LiveAdjustment]:
    """Return both as they happened; of one moment, fills first and each as it was given."""
    events: list[LiveFill | LiveAdjustment] = [*fills, *adjustments]
    return sorted(events, key=_moment)


def _moment(event: LiveFill | LiveAdjustment) -> datetime:
    return event.at if isinstance(event, LiveAdjustment) else event.trade.traded_at


def _key(event: LiveFill | LiveAdjustment) -> tuple[InstrumentRef, Product]:
    found = event if isinstance(event, LiveAdjustment) else event.trade
    return found.instrument, found.product


def _closes_today(held: Position, moved: LiveAdjustment, since: datetime) -> bool:
    if moved.at < since or moved.keeps_cost:
        return False
    return held.quantity * moved.quantity < 0


def _taken_over(held: Position, moved: LiveAdjustment) -> Position:
    after = held.quantity + moved.quantity
    return held.model_copy(
        update={"quantity": after, "average_price": moved.average_price if after else ZERO}
    )


def _flat(instrument: InstrumentRef, product: Product) -> Position:
    return Position(instrument=instrument, product=product, quantity=ZERO, average_price=ZERO)


def _sells_what_we_did_not_buy(held: Position, trade: BrokerTrade) -> bool:
    after = held.quantity + trade.side.sign * trade.quantity
    return trade.product is Product.CNC and trade.side.sign < 0 and after < 0


def _closed(held: Position, trade: BrokerTrade) -> Decimal:
    if held.quantity * trade.side.sign >= 0:
        return ZERO
    return min(abs(held.quantity), trade.quantity)
