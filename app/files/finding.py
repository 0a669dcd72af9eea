"""Look through a file's kept rows: pure, one row at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from app.files.cells import number
from app.files.columns import EXACT, Column
from app.files.packing import NumberedRow
from app.files.shown import shown_text
from riskgate.contracts.files import (
    Comparison,
    FileRow,
    FoundRows,
    NetQuantities,
    NetQuantity,
    RowWish,
)

# The caller knows what the column is called.
COLUMN: Final = "column"
SELLS: Final = frozenset({"sell", "s", "sold", "short"})
# What exchanges put behind the name of a share of the usual series.
SERIES: Final = ("-EQ", "-BE")


def found_rows(rows: Iterable[NumberedRow], wish: RowWish, *, limit: int) -> FoundRows:
    """Return how many rows a person wants, and the first of them."""
    matching, first, last = 0, None, None
    shown: list[FileRow] = []
    figures = Column()
    for at, cells in rows:
        if not matches(_cell(cells, wish.column), wish):
            continue
        matching += 1
        first, last = first or at, at
        if wish.figures_of is not None:
            figures.add([_cell(cells, wish.figures_of)])
        if len(shown) < limit:
            shown.append(FileRow(number=at, cells=tuple(map(shown_text, cells))))
    return FoundRows(
        matching=matching,
        first_row=first,
        last_row=last,
        rows=tuple(shown),
        figures=None if wish.figures_of is None else figures.facts(COLUMN, named=False),
    )


def matches(cell: str, wish: RowWish) -> bool:
    """Say whether a cell is what is wanted; figures compare as figures, texts without case."""
    if wish.comparison is Comparison.HAS:
        return wish.value.casefold() in cell.casefold()
    have, want = number(cell.strip()), number(wish.value.strip())
    if have is None or want is None:
        same = cell.strip().casefold() == wish.value.strip().casefold()
        return {Comparison.IS: same, Comparison.IS_NOT: not same}.get(wish.comparison, False)
    match wish.comparison:
        case Comparison.IS:
            return have.value == want.value
        case Comparison.IS_NOT:
            return have.value != want.value
        case Comparison.ABOVE:
            return have.value > want.value
        case Comparison.BELOW:
            return have.value < want.value
        case Comparison.AT_LEAST:
            return have.value >= want.value
        case _:
            return have.value <= want.value


def net_quantities(
    rows: Iterable[NumberedRow], *, symbol: int, quantity: int, side: int | None
) -> NetQuantities:
    """Add up the quantities of each symbol; where a side is written, sales are taken away."""
    nets: defaultdict[str, Decimal] = defaultdict(Decimal)
    unread = 0
    for _, cells in rows:
        name = symbol_of(_cell(cells, symbol))
        figure = number(_cell(cells, quantity).strip())
        if not name or figure is None:
            unread += 1
            continue
        sells = side is not None and _cell(cells, side).strip().casefold() in SELLS
        nets[name] = EXACT.add(nets[name], -abs(figure.value) if sells else figure.value)
    found = (NetQuantity(symbol=name, quantity=net) for name, net in sorted(nets.items()))
    return NetQuantities(nets=tuple(found), unread=unread)


def symbol_of(cell: str) -> str:
    """Return a symbol as exchanges write it, without the exchange and the usual series."""
    name = shown_text(cell).upper().rpartition(":")[2].strip()
    return next((name.removesuffix(end) for end in SERIES if name.endswith(end)), name)


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at] if at < len(cells) else ""
