"""What a plan's orders would do to the book that is displayed now: a dry run, pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from riskgate.contracts.base import Contract, Money, NonNegative, Number, Price, Quantity
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderType, Side
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.contracts.snapshots import DepthLevel, Quote

_PLACES: Final = Decimal("0.0001")
_PERCENT: Final = Decimal("0.01")
_HUNDRED: Final = Decimal(100)
ZERO: Final = Decimal(0)


class ExpectedFill(Contract):
    """What one order would fill at once; `slippage_pct` is against the plan's own price.

    `note` says why not all of it would. Charges are not in it.
    """

    leg: int
    slice: int
    instrument: InstrumentRef
    side: Side
    quantity: Quantity
    expected_quantity: NonNegative
    expected_price: Price | None = None
    slippage_pct: Number | None = None
    notional: Money
    note: str | None = None


class PaperRun(Contract):
    """The expected fills of a whole plan and what they come to."""

    fills: tuple[ExpectedFill, ...]
    notional: Money
    worst_slippage_pct: Number | None = None

    @property
    def complete(self) -> bool:
        """Whether every order would fill whole, at once."""
        return all(fill.expected_quantity == fill.quantity for fill in self.fills)


def paper_run(plan: TradePlan, quotes: Sequence[Quote]) -> PaperRun:
    """Fill the plan's orders in their sending order; what one takes is gone for the next."""
    books = {quote.instrument: _Book(quote) for quote in quotes}
    fills = tuple(
        _fill(plan.order_skeleton.order_type, leg, number, quantity, books.get(leg.instrument.ref))
        for leg in plan.legs
        for number, quantity in enumerate(leg.slices)
    )
    slips = [fill.slippage_pct for fill in fills if fill.slippage_pct is not None]
    return PaperRun(
        fills=fills,
        notional=sum((fill.notional for fill in fills), ZERO),
        worst_slippage_pct=max(slips, default=None),
    )


class _Book:
    """The displayed depth of one instrument, used up from the best price on."""

    def __init__(self, quote: Quote) -> None:
        self.quote = quote
        self._left = {
            side: [[level.price, level.quantity] for level in levels]
            for side, levels in _sides(quote)
        }

    def take(self, side: Side, quantity: Decimal, limit: Decimal | None) -> tuple[Decimal, Decimal]:
        """Return how much would fill and what it would cost, at the limit or better."""
        taken, cost = ZERO, ZERO
        for level in self._left[side]:
            price, displayed = level
            if taken == quantity or (limit is not None and side.sign * (price - limit) > 0):
                break
            part = min(displayed, quantity - taken)
            taken, cost, level[1] = taken + part, cost + part * price, displayed - part
        return taken, cost


def _sides(quote: Quote) -> Iterator[tuple[Side, tuple[DepthLevel, ...]]]:
    yield Side.BUY, quote.asks
    yield Side.SELL, quote.bids


def _fill(
    kind: OrderType, leg: PlanLeg, number: int, quantity: Decimal, book: _Book | None
) -> ExpectedFill:
    note, taken, cost = "no price is displayed", ZERO, ZERO
    if book is not None and _waits(leg, book.quote):
        note = "it would wait for its trigger"
    elif book is not None:
        taken, cost = book.take(leg.side, quantity, leg.limit_price)
        note = (
            "the rest would wait at its limit" if kind.has_limit_price else "no more is displayed"
        )
    price = (cost / taken).quantize(_PLACES).normalize() if taken else None
    return ExpectedFill(
        leg=leg.leg,
        slice=number,
        instrument=leg.instrument.ref,
        side=leg.side,
        quantity=quantity,
        expected_quantity=taken,
        expected_price=price,
        slippage_pct=None if price is None else _slippage(leg, price),
        notional=cost * leg.instrument.multiplier,
        note=None if taken == quantity else note,
    )


def _waits(leg: PlanLeg, quote: Quote) -> bool:
    if leg.trigger_price is None:
        return False
    return leg.side.sign * (quote.last - leg.trigger_price) < 0


def _slippage(leg: PlanLeg, price: Decimal) -> Decimal:
    away = leg.side.sign * (price - leg.reference_price)
    return (away * _HUNDRED / leg.reference_price).quantize(_PERCENT).normalize() + ZERO
