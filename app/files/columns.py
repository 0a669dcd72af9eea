"""What is known of a column when all its cells were seen, many at a time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal, Inexact
from typing import Final

from app.files.cells import NumberCell, day, number
from app.files.meanings import meaning_of
from riskgate.contracts.files import CellType, ColumnFacts

# Sums are exact: no digit of a figure may be lost however many cells there are.
EXACT: Final = Context(prec=200, traps=[Inexact])
# What stands in a cell that has no figure.
PLACEHOLDERS: Final = frozenset({"-", "--", "–", "n/a", "na", "nan", "nil", "null", "none"})


@dataclass(slots=True)
class Column:
    """Counts cells and adds up figures; `facts` says what they came to."""

    empty: int = 0
    filled: int = 0
    numbers: int = 0
    days: int = 0
    placeholders: int = 0
    total: Decimal = Decimal(0)
    lowest: Decimal | None = None
    highest: Decimal | None = None
    first_day: date | None = None
    last_day: date | None = None
    unsure_day: bool = False
    currencies: set[str] = field(default_factory=set)

    def add(self, cells: Iterable[str]) -> None:
        """Take cells in; those that are alike are read once."""
        for cell, count in Counter(cells).items():
            text = cell.strip()
            if not text:
                self.empty += count
                continue
            self.filled += count
            figure = number(text)
            if figure is not None:
                self._add_figure(figure, count)
            elif text.casefold() in PLACEHOLDERS:
                self.placeholders += count
            else:
                self._add_day(text, count)

    def facts(self, name: str, *, named: bool) -> ColumnFacts:
        """Return what is known; figures of several currencies are not added up."""
        figures = self.numbers > 0 and len(self.currencies) <= 1
        sure = self.days > 0 and not self.unsure_day
        return ColumnFacts(
            name=name,
            type=self._type(),
            meaning=meaning_of(name) if named else None,
            filled=self.filled,
            empty=self.empty,
            numbers=self.numbers,
            total=self.total if figures else None,
            lowest=self.lowest if figures else None,
            highest=self.highest if figures else None,
            first_day=self.first_day if sure else None,
            last_day=self.last_day if sure else None,
        )

    def _add_figure(self, figure: NumberCell, count: int) -> None:
        value, currency = figure
        self.numbers += count
        self.total = EXACT.add(self.total, EXACT.multiply(value, count))
        self.lowest = value if self.lowest is None else min(self.lowest, value)
        self.highest = value if self.highest is None else max(self.highest, value)
        if currency:
            self.currencies.add(currency)

    def _add_day(self, text: str, count: int) -> None:
        is_day, which = day(text)
        if not is_day:
            return
        self.days += count
        if which is None:
            self.unsure_day = True
            return
        self.first_day = which if self.first_day is None else min(self.first_day, which)
        self.last_day = which if self.last_day is None else max(self.last_day, which)

    def _type(self) -> CellType:
        if self.filled == 0:
            return CellType.EMPTY
        if self.numbers and self.numbers + self.placeholders == self.filled:
            return CellType.NUMBER
        if self.days and self.days + self.placeholders == self.filled:
            return CellType.DATE
        return CellType.TEXT
