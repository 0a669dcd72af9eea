"""What an account's live trading day came to, from our own orders and fills."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A part of a position that was closed by a fill, or by what a person took over.

    `gain` is None where the price on one of its sides is not known to us.
    """

    at: datetime
    instrument: InstrumentRef
    product: Product
    quantity: Decimal
    gain: Decimal | None
    trade_id: str | None = None


def realised_loss(
    fills: Sequence[LiveFill], adjustments: Sequence[LiveAdjustment] = (), *, since: datetime
) -> Decimal | None:
    """Return what closing positions lost since a moment, by average cost; a profit is negative.

    None where one of its prices is not known.
    """
    gains = [each.gain for each in closings(fills, adjustments) if each.at >= since]
    known = [gain for gain in gains if gain is not None]
    return (-sum(known, ZERO)).quantize(Decimal("0.0001")) if len(known) == len(gains) else None


def closings(
    fills: Sequence[LiveFill], adjustments: Sequence[LiveAdjustment] = ()
) -> Iterator[Closing]:
    """Yield everything that closed a position, as it happened, with its gain by average cost.

    What people took over moves the position in its time, at the broker's average. A price is not
    known where something was sold that we did not buy, what was taken over closed something, or a
    fill was read off the positions.
    """
    book: dict[tuple[InstrumentRef, Product], Position] = {}
    for event in _in_time(fills, adjustments):
        key = _key(event)
        held = book.get(key) or _flat(*key)
        if isinstance(event, LiveAdjustment):
            if held.quantity * event.quantity < 0 and not event.keeps_cost:
                yield Closing(
                    at=event.at,
                    instrument=key[0],
                    product=key[1],
                    quantity=min(abs(held.quantity), abs(event.quantity)),
                    gain=None,
                )
            book[key] = _taken_over(held, event)
            continue
        is_strange = _sells_what_we_did_not_buy(held, event.trade)
        closed = event.trade.quantity if is_strange else _closed(held, event.trade)
        if closed:
            yield Closing(
                at=event.trade.traded_at,
                instrument=key[0],
                product=key[1],
                quantity=closed,
                gain=None if is_strange else _gain(held, event, closed),
                trade_id=event.trade.trade_id,
            )
        book[key] = _flat(*key) if is_strange else apply_fill(held, event.trade)


def _gain(held: Position, fill: LiveFill, closed: Decimal) -> Decimal | None:
    trade = fill.trade
    if fill.multiplier is None or trade.trade_id.startswith(RULED):
        return None
    return -trade.side.sign * (trade.price - held.average_price) * closed * fill.multiplier


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
