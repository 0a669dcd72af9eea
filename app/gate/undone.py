"""What a position gained by fills that another policy would have refused, first in, first out."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from riskgate.contracts.instruments import InstrumentRef

ZERO = Decimal(0)
# A plan's id and the number of its leg.
Place = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What would have passed of one leg; its first fills are that, its later ones are refused."""

    after: Decimal
    day: date
    multiplier: Decimal


@dataclass(frozen=True, kw_only=True)
class Fill:
    """One fill of a position; `sign` is 1 for a purchase and -1 for a sale."""

    place: Place
    sign: int
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class Undone:
    """Refused units and the price that they were closed at; None where they still stand."""

    instrument: InstrumentRef
    day: date
    sign: int
    quantity: Decimal
    price: Decimal
    multiplier: Decimal
    closed_at: Decimal | None

    @property
    def notional(self) -> Decimal:
        return self.quantity * self.price * self.multiplier

    def result(self, mark: Decimal) -> Decimal:
        """Return what was gained, before costs; a loss is negative. A mark is for what stands."""
        end = mark if self.closed_at is None else self.closed_at
        return self.sign * (end - self.price) * self.quantity * self.multiplier


def settle(
    instrument: InstrumentRef, fills: Iterable[Fill], cuts: Mapping[Place, Cut]
) -> list[Undone]:
    """Follow a position's fills in order and return what became of those that are refused.

    A fill closes the oldest units of the other side. Refused units have the price they were closed
    at; where the close is refused as well, the result counts once, with what was opened. A refused
    close of units that stay counts against holding them, until they are bought or sold back.
    """
    position, passed = _Position(instrument), defaultdict[Place, Decimal](Decimal)
    for fill in fills:
        cut = cuts.get(fill.place)
        kept = fill.quantity
        if cut is not None:
            kept = min(max(cut.after - passed[fill.place], ZERO), fill.quantity)
            passed[fill.place] += fill.quantity
        position.take(_Incoming(fill, cut, kept))
    return [*position.done, *position.standing()]


@dataclass
class _Lot:
    """Units of one fill; refused ones have a cut."""

    sign: int
    quantity: Decimal
    price: Decimal
    cut: Cut | None


class _Incoming:
    """A fill that is used up, its refused and its kept units."""

    def __init__(self, fill: Fill, cut: Cut | None, kept: Decimal) -> None:
        self.sign, self.price, self.cut = fill.sign, fill.price, cut
        self.kept, self.refused = kept, fill.quantity - kept

    @property
    def left(self) -> Decimal:
        return self.kept + self.refused

    def draw(self, quantity: Decimal, *, refused_first: bool) -> Decimal:
        """Use up units; return how many of them are refused."""
        most, least = min(quantity, self.refused), max(quantity - self.kept, ZERO)
        refused = most if refused_first else least
        self.refused -= refused
        self.kept -= quantity - refused
        return refused

    def lot(self, quantity: Decimal, *, refused: bool) -> _Lot:
        return _Lot(self.sign, quantity, self.price, self.cut if refused else None)


class _Position:
    """The open units, oldest first, and the refused closes of units that would have stayed."""

    def __init__(self, instrument: InstrumentRef) -> None:
        self._instrument = instrument
        self._open = deque[_Lot]()
        self._exits = deque[_Lot]()
        self.done: list[Undone] = []

    def take(self, fill: _Incoming) -> None:
        while fill.left and self._open and self._open[0].sign != fill.sign:
            self._close(self._open, fill)
        while fill.left and self._exits and self._exits[0].sign != fill.sign:
            self._close(self._exits, fill)
        for quantity, refused in ((fill.kept, False), (fill.refused, True)):
            if quantity:
                self._open.append(fill.lot(quantity, refused=refused))

    def standing(self) -> Iterator[Undone]:
        """Return the refused units that were never closed."""
        for lot in (*self._open, *self._exits):
            yield from self._undone(lot, lot.quantity, None)

    def _close(self, lots: deque[_Lot], fill: _Incoming) -> None:
        """Close units of the oldest lot with units of a fill."""
        lot = lots[0]
        quantity = min(lot.quantity, fill.left)
        refused = fill.draw(quantity, refused_first=lot.cut is not None)
        self.done += self._undone(lot, quantity, fill.price)
        if refused:
            closing = fill.lot(refused, refused=True)
            if lot.cut is None:
                self._exits.append(closing)
            else:
                self.done += self._undone(closing, refused, fill.price)
        if lots is self._exits:
            # What was sold is held again, and would have been all along.
            self._open.append(fill.lot(quantity, refused=False))
        lot.quantity -= quantity
        if not lot.quantity:
            lots.popleft()

    def _undone(self, lot: _Lot, quantity: Decimal, closed_at: Decimal | None) -> Iterator[Undone]:
        if lot.cut is not None:
            yield Undone(
                instrument=self._instrument,
                day=lot.cut.day,
                sign=lot.sign,
                quantity=quantity,
                price=lot.price,
                multiplier=lot.cut.multiplier,
                closed_at=closed_at,
            )
