"""One sheet gone through once: where its header is, what its columns are, and its rows packed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from typing import Final

from app.files.cells import day, number
from app.files.columns import Column
from app.files.errors import FileTooManyCells
from app.files.limits import (
    CELL_CHARS_MAX,
    CELLS_MAX,
    COLUMNS_MAX,
    HEAD_ROWS,
    HEADER_WITHIN,
    ROWS_MAX,
)
from app.files.meanings import meaning_of
from app.files.packing import NumberedRow, Packer, TextBudget
from app.files.shown import shown_name, shown_text
from riskgate.contracts.files import FileRow, SheetFacts

TOTALS: Final = frozenset({"total", "totals", "grand total", "sub total", "subtotal"})
LONGEST_TOTAL: Final = max(map(len, TOTALS)) + 1
# A header fills nearly as many columns as the widest row near it.
NEARLY: Final = 0.8
BATCH_ROWS: Final = 1_000


@dataclass(slots=True)
class Budget:
    """How many cells, and how much text, a whole file may still have."""

    cells: int = CELLS_MAX
    text: TextBudget = field(default_factory=TextBudget)

    def take(self, cells: int) -> None:
        self.cells -= cells
        if self.cells < 0:
            raise FileTooManyCells(f"it has more than {CELLS_MAX:,} cells")


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet that was read: its facts, and its rows of data packed."""

    facts: SheetFacts
    packed: bytes


@dataclass(slots=True)
class _Reader:
    """Takes rows in by the thousand: column by column they are read much faster."""

    width: int
    fixed: bool
    packer: Packer
    columns: list[Column] = field(default_factory=list)
    waiting: list[NumberedRow] = field(default_factory=list)
    head: list[FileRow] = field(default_factory=list)
    rows: int = 0
    ragged: int = 0
    totals: int = 0
    first: int | None = None
    last: int | None = None

    def add(self, at: int, cells: list[str]) -> None:
        if _is_total(cells):
            self.totals += 1
            return
        if self.rows == ROWS_MAX:
            raise FileTooManyCells(f"a sheet has more than {ROWS_MAX:,} rows")
        self.rows += 1
        self.ragged += len(cells) > self.width or (self.fixed and len(cells) < self.width)
        self.first = self.first or at
        self.last = at
        if len(self.head) < HEAD_ROWS:
            self.head.append(FileRow(number=at, cells=tuple(map(shown_text, cells))))
        self.waiting.append((at, cells))
        if len(self.waiting) == BATCH_ROWS:
            self.take_in()

    def take_in(self) -> None:
        rows, self.waiting = self.waiting, []
        before = self.rows - len(rows)
        for at, cells in enumerate(zip_longest(*(cells for _, cells in rows), fillvalue="")):
            self._column(at, before).add(cells)
        wide = max((len(cells) for _, cells in rows), default=0)
        for column in self.columns[wide:]:
            column.empty += len(rows)
        self.packer.add(rows)

    def ended(self) -> None:
        self.take_in()
        while len(self.columns) < self.width:
            self.columns.append(Column(empty=self.rows))

    def _column(self, at: int, before: int) -> Column:
        if at == len(self.columns):
            self.columns.append(Column(empty=before))
        return self.columns[at]


def read_table(
    name: str,
    rows: Iterable[tuple[int, list[str]]],
    budget: Budget,
    *,
    hidden: bool = False,
    fixed: bool = False,
) -> Table:
    """Go through a sheet's rows. `fixed` says that a row with fewer cells than the header is odd.

    Raises FileTooManyCells where there is more than is read.
    """
    filled = _filled(rows, budget)
    start = list(islice(filled, 2 * HEADER_WITHIN))
    header = header_at([cells for _, cells in start])
    after = 0 if header is None else header + 1
    names: Sequence[str] = () if header is None else start[header][1]
    width = len(names) or (len(start[0][1]) if start else 0)
    reader = _Reader(width=width, fixed=fixed, packer=Packer(budget.text))
    for at, cells in chain(start[after:], filled):
        reader.add(at, cells)
    reader.ended()
    columns = tuple(
        column.facts(_column_name(names, at), named=at < len(names))
        for at, column in enumerate(reader.columns)
    )
    facts = SheetFacts(
        name=shown_name(name),
        hidden=hidden,
        rows=reader.rows,
        header_row=None if header is None else start[header][0],
        first_row=reader.first,
        last_row=reader.last,
        ragged=reader.ragged,
        totals=reader.totals,
        columns=columns,
        head=tuple(reader.head),
    )
    return Table(facts, reader.packer.packed())


def header_at(rows: Sequence[Sequence[str]]) -> int | None:
    """Return which of the first filled rows names the columns, None where none seems to.

    It fills nearly all columns, with texts that are all different and neither numbers nor days.
    """
    counts = [len(_texts(cells)) for cells in rows]
    widest = max(counts, default=0)
    for at, cells in enumerate(rows[:HEADER_WITHIN]):
        texts = _texts(cells)
        if counts[at] >= NEARLY * widest and _all_names(texts):
            return at if widest > 1 or _heads(texts[0], rows[at + 1 :]) else None
    return None


def _heads(name: str, below: Sequence[Sequence[str]]) -> bool:
    """Say whether a single name is a header: a known one, or one that stands above figures."""
    if meaning_of(name) is not None:
        return True
    return bool(below) and not any(_all_names(_texts(cells)) for cells in below)


def _filled(
    rows: Iterable[tuple[int, list[str]]], budget: Budget
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, within the limits."""
    for at, cells in rows:
        if len(cells) > COLUMNS_MAX:
            raise FileTooManyCells(f"row {at} has {len(cells):,} columns")
        budget.take(len(cells))
        if cells and max(map(len, cells)) > CELL_CHARS_MAX:
            raise FileTooManyCells(
                f"a cell of row {at} has more than {CELL_CHARS_MAX:,} characters"
            )
        if any(map(str.strip, cells)):
            yield at, cells


def _texts(cells: Sequence[str]) -> list[str]:
    return [text for cell in cells if (text := cell.strip())]


def _all_names(texts: Sequence[str]) -> bool:
    names = {text.casefold() for text in texts}
    return len(names) == len(texts) and not any(_is_figure(text) for text in texts)


def _is_figure(text: str) -> bool:
    return number(text) is not None or day(text)[0]


def _is_total(cells: Sequence[str]) -> bool:
    for cell in cells:
        if text := cell.strip():
            return len(text) <= LONGEST_TOTAL and text.casefold().rstrip(":") in TOTALS
    return False


def _column_name(names: Sequence[str], at: int) -> str:
    unnamed = f"column {at + 1}"
    return shown_name(names[at], unnamed) if at < len(names) else unnamed
