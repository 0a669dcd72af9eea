"""Fills out of what Tradier tells, which is only how much of an order is filled so far. Pure.

Tradier has no fill ids and no list of fills. Each growth of an order's filled quantity that we
see is one fill, named by the order and by the quantity filled with it. What was seen is kept, so
that a fill of 4 seen as such is not seen again as part of 10: from then on it is 4 and 6, in
every process and after every restart. The fills of an order always sum to its filled quantity;
two fills between two looks are one, at their average price.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from pydantic import TypeAdapter

from riskgate.contracts.base import Contract, Price, Quantity, UtcTime, decimal_text
from riskgate.contracts.orders import BrokerOrder, BrokerTrade

KEPT_FOR: Final = timedelta(days=40)
PLACES: Final = Decimal("0.000001")


class Mark(Contract):
    """How much of an order was filled at one look, and at which average price."""

    filled: Quantity
    average_price: Price
    seen_at: UtcTime


Marks = Mapping[str, tuple[Mark, ...]]
_STORED: Final = TypeAdapter(dict[str, tuple[Mark, ...]])


def read_marks(stored: str) -> Marks:
    """Return the marks as they were kept; raises ValueError for what is not marks."""
    return _STORED.validate_json(stored)


def written(marks: Marks) -> str:
    """Return the marks as they are kept."""
    return _STORED.dump_json(dict(marks)).decode()


def marked(marks: Marks, orders: Sequence[BrokerOrder], now: datetime) -> Marks:
    """Return the marks with what the book shows beyond them, without those long gone from it.

    A filled quantity that shrank adds nothing: a fill once booked is taken back by a person.
    """
    shown = {order.broker_order_id for order in orders}
    kept = {
        order_id: rows
        for order_id, rows in marks.items()
        if order_id in shown or now - rows[-1].seen_at < KEPT_FOR
    }
    for order in orders:
        rows = kept.get(order.broker_order_id, ())
        before = rows[-1].filled if rows else Decimal(0)
        if order.filled_quantity > before and order.average_price is not None:
            mark = Mark(
                filled=order.filled_quantity,
                average_price=order.average_price,
                seen_at=order.updated_at,
            )
            kept[order.broker_order_id] = (*rows, mark)
    return kept


def fills_of(order: BrokerOrder, marks: Sequence[Mark]) -> tuple[BrokerTrade, ...]:
    """Return an order's fills, one a mark, oldest first."""
    fills: list[BrokerTrade] = []
    filled, worth = Decimal(0), Decimal(0)
    for mark in marks:
        quantity = mark.filled - filled
        value = mark.filled * mark.average_price
        fills.append(
            BrokerTrade(
                trade_id=f"{order.broker_order_id}:{decimal_text(mark.filled)}",
                broker_order_id=order.broker_order_id,
                instrument=order.instrument,
                side=order.side,
                product=order.product,
                quantity=quantity,
                price=_price((value - worth) / quantity, mark.average_price),
                traded_at=mark.seen_at,
            )
        )
        filled, worth = mark.filled, value
    return tuple(fills)


def _price(price: Decimal, average: Decimal) -> Decimal:
    """Return a fill's price; the average where rounding of averages leaves none."""
    exact = price.quantize(PLACES, ROUND_HALF_EVEN)
    return exact if exact > 0 else average
