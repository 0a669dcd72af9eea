"""What is left of a displayed book once our own fills have traded with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from adapters.brokers.paper.matching import Fill
from adapters.brokers.paper.state import TakenDepth
from riskgate.contracts.orders import Side
from riskgate.contracts.snapshots import DepthLevel, Quote

_NONE: Final = Decimal(0)


def is_fresh(quote: Quote, now: datetime, max_age: timedelta) -> bool:
    """Say whether a quote may be traded on: neither old nor, by either of its times, to come."""
    age = now - quote.as_of
    return timedelta(0) <= age <= max_age and quote.market_time <= now


def levels_left(
    quote: Quote,
    side: Side,
    taken: Sequence[TakenDepth],
    *,
    participation: Decimal = Decimal(1),
    served: Fill | None = None,
) -> tuple[DepthLevel, ...]:
    """Return the levels an order of this side can trade with, best first, less what was taken.

    A displayed quote is one (instrument, market time): however often it is read, its depth is
    there once, and at most `participation` of it is ours. `served` is what goes to others first.
    A price outside the day's circuits is not traded at.
    """
    gone = {
        row.price: row.quantity for row in taken if row.side is side and _same_display(row, quote)
    }
    left: list[DepthLevel] = []
    for level in quote.asks if side is Side.BUY else quote.bids:
        others = served.quantity if served is not None and served.price == level.price else _NONE
        ours = min(level.quantity * participation, level.quantity - others)
        quantity = ours - gone.get(level.price, _NONE)
        if quantity > 0 and in_band(quote, level.price):
            left.append(DepthLevel(price=level.price, quantity=quantity))
    return tuple(left)


def in_band(quote: Quote, price: Decimal) -> bool:
    """Say whether a price is within the day's circuits, as far as they are known."""
    lower, upper = quote.lower_circuit, quote.upper_circuit
    return (lower is None or price >= lower) and (upper is None or price <= upper)


def take_depth(
    taken: Sequence[TakenDepth], quote: Quote, side: Side, fills: Sequence[Fill]
) -> tuple[TakenDepth, ...]:
    """Return what is taken after the fills; what was taken of earlier displays is forgotten."""
    rows = {
        (row.instrument, row.side, row.price): row
        for row in taken
        if row.instrument != quote.instrument or row.market_time == quote.market_time
    }
    for fill in fills:
        key = (quote.instrument, side, fill.price)
        before = rows[key].quantity if key in rows else Decimal(0)
        rows[key] = TakenDepth(
            instrument=quote.instrument,
            market_time=quote.market_time,
            side=side,
            price=fill.price,
            quantity=before + fill.quantity,
        )
    return tuple(rows.values())


def _same_display(row: TakenDepth, quote: Quote) -> bool:
    return row.instrument == quote.instrument and row.market_time == quote.market_time
