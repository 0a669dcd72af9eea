"""What is left of a displayed book once our own fills have traded with it."""

from collections.abc import Sequence
from decimal import Decimal

from adapters.brokers.paper.matching import Fill
from adapters.brokers.paper.state import TakenDepth
from riskgate.contracts.orders import Side
from riskgate.contracts.snapshots import DepthLevel, Quote


def levels_left(quote: Quote, side: Side, taken: Sequence[TakenDepth]) -> tuple[DepthLevel, ...]:
    """Return the levels an order of this side can trade with, best first, less what was taken.

    A displayed quote is one (instrument, market time): however often it is read, its depth is
    there once.
    """
    levels = quote.asks if side is Side.BUY else quote.bids
    gone = {
        row.price: row.quantity for row in taken if row.side is side and _same_display(row, quote)
    }
    left = (
        DepthLevel(
            price=level.price,
            quantity=max(level.quantity - gone.get(level.price, Decimal(0)), Decimal(0)),
        )
        for level in levels
    )
    return tuple(level for level in left if level.quantity > 0)


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
