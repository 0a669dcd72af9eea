"""What an exit leaves: one name, a whole book, or the part of one that words narrow down."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from agents.intent.match import Matches
from agents.intent.model import HeldPosition, ParseContext
from agents.intent.resolve import held_by
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.derivatives import EXCHANGES, OPTIONS, parse_tradingsymbol
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import Product, Side

BOOKS: Final = (Slot.HOLDINGS, Slot.POSITIONS, Slot.FNO, Slot.LONGS, Slot.SHORTS)
OPTIONS_ONLY: Final = "options"
Leaving = dict[InstrumentRef, frozenset[Side]]
# "square off" is said of positions; "everything" otherwise means whichever book holds something.
SQUARES_OFF = "square"


def sides_out(rows: Sequence[HeldPosition]) -> frozenset[Side]:
    """Return the sides that leave some positions; what is not held is taken to be sold."""
    sides = frozenset(Side.SELL if row.quantity > 0 else Side.BUY for row in rows)
    return sides or frozenset({Side.SELL})


def leaving_names(
    refs: Sequence[InstrumentRef], matches: Matches, context: ParseContext
) -> Leaving:
    """Return the sides that leave each of the instruments named.

    "cover my short" of what is not held short may be either: the words and the book disagree.
    """
    rows = held_by(context)
    return {ref: _sides_of([row for row in rows if row.instrument == ref], matches) for ref in refs}


def _sides_of(rows: Sequence[HeldPosition], matches: Matches) -> frozenset[Side]:
    shorts, longs = matches.has(Slot.SHORT, Slot.SHORTS), matches.has(Slot.LONG, Slot.LONGS)
    if shorts is longs:
        return sides_out(rows)
    meant = [row for row in rows if (row.quantity < 0) is shorts]
    if meant or (longs and not rows):
        return sides_out(meant)
    return frozenset(Side)


def names_a_book(matches: Matches) -> bool:
    """Say whether an exit is of a book, not of names."""
    if matches.has(*BOOKS, Slot.WINNERS, Slot.LOSERS):
        return True
    return matches.has(Slot.EXIT, Slot.SELL) and matches.has(Slot.ALL)


def leaving_book(
    matches: Matches, context: ParseContext, excluded: Sequence[InstrumentRef]
) -> Leaving | None:
    """Return the sides that leave each instrument of a book; None where it cannot be told.

    What is said to be in profit or in loss needs the last and the average price of everything.
    """
    rows = [row for row in _rows(matches, context) if row.instrument not in excluded]
    if matches.has(Slot.WINNERS, Slot.LOSERS):
        if any(row.last is None or row.average is None for row in rows):
            return None
        wins = matches.has(Slot.WINNERS)
        rows = [row for row in rows if _gain(row) != 0 and (_gain(row) > 0) is wins]
    by_ref: dict[InstrumentRef, list[HeldPosition]] = {}
    for row in rows:
        by_ref.setdefault(row.instrument, []).append(row)
    return {ref: sides_out(held) for ref, held in by_ref.items()}


def _rows(matches: Matches, context: ParseContext) -> list[HeldPosition]:
    said = {Product(part.items[0].meanings[Tag.PRODUCT]) for part in matches.of(Slot.PRODUCT)}
    positions = [row for row in context.positions if row.quantity != 0]
    if matches.has(Slot.FNO):
        return [row for row in positions if _is_derivative(row, matches)]
    if matches.has(Slot.LONGS, Slot.SHORTS, Slot.LONG, Slot.SHORT):
        longs = matches.has(Slot.LONGS, Slot.LONG)
        return [row for row in positions if (row.quantity > 0) is longs]
    books: list[HeldPosition] = []
    if matches.has(Slot.POSITIONS) or said & {Product.MIS, Product.NRML}:
        books += [row for row in positions if not said or row.product in said]
    if matches.has(Slot.HOLDINGS) and not (said & {Product.MIS, Product.NRML}):
        books += [row for row in context.holdings if row.quantity != 0]
    if books or matches.has(Slot.POSITIONS, Slot.HOLDINGS):
        return books
    if said:
        return [row for row in positions if row.product in said]
    exits = [part.items[0].folded for part in matches.of(Slot.EXIT)]
    if positions or any(word.startswith(SQUARES_OFF) for word in exits):
        return positions
    return [row for row in context.holdings if row.quantity != 0]


def _is_derivative(row: HeldPosition, matches: Matches) -> bool:
    """Say whether a position is in derivatives, or in an option where only these were said."""
    if row.instrument.exchange not in EXCHANGES:
        return False
    words = matches.of(Slot.FNO)[0].items
    options_only = any(item.meanings.get(Tag.FNO) == OPTIONS_ONLY for item in words)
    derivative = parse_tradingsymbol(row.instrument)
    return not options_only or (derivative is not None and derivative.kind in OPTIONS)


def _gain(row: HeldPosition) -> Decimal:
    return ((row.last or Decimal(0)) - (row.average or Decimal(0))) * row.quantity
