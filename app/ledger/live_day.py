"""What an account's live trading day came to, from our own orders and fills."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from app.ledger.positions import apply_fill
from app.persistence import live_day
from app.persistence.database import Session
from app.persistence.live_day import LiveFill, LiveOrder
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import BrokerTrade, Product
from riskgate.contracts.snapshots import Position
from riskgate.guards import DayTotals

ZERO = Decimal(0)


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
    loss = realised_loss(await live_day.fills(session, account_id), since=since)
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


def realised_loss(fills: Sequence[LiveFill], *, since: datetime) -> Decimal | None:
    """Return what closing positions lost since a moment, by average cost; a profit is negative.

    None where something was sold today that we did not buy: what it cost is not known.
    """
    book: dict[tuple[InstrumentRef, Product], Position] = {}
    gain = ZERO
    for fill in fills:
        trade = fill.trade
        key = (trade.instrument, trade.product)
        held = book.get(key) or _flat(trade)
        today = trade.traded_at >= since
        if _sells_what_we_did_not_buy(held, trade):
            if today:
                return None
            book[key] = _flat(trade)
            continue
        closed = _closed(held, trade)
        if closed and today:
            if fill.multiplier is None:
                return None
            per_unit = -trade.side.sign * (trade.price - held.average_price)
            gain += per_unit * closed * fill.multiplier
        book[key] = apply_fill(held, trade)
    return (-gain).quantize(Decimal("0.0001"))


def _flat(trade: BrokerTrade) -> Position:
    return Position(
        instrument=trade.instrument, product=trade.product, quantity=ZERO, average_price=ZERO
    )


def _sells_what_we_did_not_buy(held: Position, trade: BrokerTrade) -> bool:
    after = held.quantity + trade.side.sign * trade.quantity
    return trade.product is Product.CNC and trade.side.sign < 0 and after < 0


def _closed(held: Position, trade: BrokerTrade) -> Decimal:
    if held.quantity * trade.side.sign >= 0:
        return ZERO
    return min(abs(held.quantity), trade.quantity)
