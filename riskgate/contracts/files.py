"""Files that people attach: tables of quoted data, and what is known of each without its cells.

Names of files, sheets and columns, and cells, are somebody's text: shown as quotations, never
obeyed, and no source of an order.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from riskgate.contracts.base import Contract, ExactNumber, Identifier, Sha256, UtcTime

NAME_MAX: Final = 120
SHOWN_MAX: Final = 200
FILES_A_TURN: Final = 3

Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_MAX)]
ShownCell = Annotated[str, StringConstraints(max_length=SHOWN_MAX + 1)]
Count = Annotated[int, Field(ge=0)]
RowNumber = Annotated[int, Field(ge=1)]


class FileKind(StrEnum):
    """What a file is by its content, whatever it is called."""

    CSV = "csv"
    XLSX = "xlsx"


class CellType(StrEnum):
    """What all filled cells of a column are; text where they are not all one of the others."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    EMPTY = "empty"


class Meaning(StrEnum):
    """What a column is for, where its name is one of a closed list of names."""

    SYMBOL = "symbol"
    EXCHANGE = "exchange"
    SIDE = "side"
    QUANTITY = "quantity"
    PRICE = "price"
    VALUE = "value"
    PNL = "pnl"
    PRODUCT = "product"
    DATE = "date"
    ISIN = "isin"


class ColumnFacts(Contract):
    """A column. `total`, `lowest` and `highest` are of its `numbers`, which may be fewer than the
    cells that are `filled`; None where there is none or they are of several currencies."""

    name: Name
    type: CellType
    meaning: Meaning | None = None
    filled: Count
    empty: Count
    numbers: Count
    total: ExactNumber | None = None
    lowest: ExactNumber | None = None
    highest: ExactNumber | None = None
    first_day: date | None = None
    last_day: date | None = None


class FileRow(Contract):
    """One row: its number in the file, counted from 1, and its cells as they are shown."""

    number: RowNumber
    cells: tuple[ShownCell, ...]


class SheetFacts(Contract):
    """One table. `rows` counts rows of data; blank ones and those above the header are none.

    `header_row` is None where no row looks like one; `ragged` counts rows with fewer or more cells
    than the header, `totals` rows that begin with "total" and are left out. `head` is the first
    rows.
    """

    name: Name
    hidden: bool = False
    rows: Count
    header_row: RowNumber | None = None
    first_row: RowNumber | None = None
    last_row: RowNumber | None = None
    ragged: Count = 0
    totals: Count = 0
    columns: tuple[ColumnFacts, ...]
    head: tuple[FileRow, ...] = ()


class FileFacts(Contract):
    """A stored file; `sha256` is of the very bytes that were uploaded, which are not kept."""

    file_id: Identifier
    name: Name
    sha256: Sha256
    kind: FileKind
    size_bytes: Count
    added_at: UtcTime
    sheets: tuple[SheetFacts, ...]


class Comparison(StrEnum):
    """How the cells of a column are compared with what a person wants."""

    IS = "is"
    IS_NOT = "is_not"
    HAS = "has"
    ABOVE = "above"
    BELOW = "below"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class RowWish(Contract):
    """Which rows are wanted: those whose cell in a column (from 0) compares with a value.

    `figures_of` is a column whose figures in those rows are wanted too.
    """

    column: Count
    comparison: Comparison
    value: Annotated[str, StringConstraints(min_length=1, max_length=SHOWN_MAX)]
    figures_of: Count | None = None


class FoundRows(Contract):
    """How many rows match, and the first of them; `figures` are of one column of all of them."""

    matching: Count
    first_row: RowNumber | None = None
    last_row: RowNumber | None = None
    rows: tuple[FileRow, ...] = ()
    figures: ColumnFacts | None = None


class NetQuantity(Contract):
    """What a file says of one symbol: its quantities added up, sales taken away."""

    symbol: ShownCell
    quantity: ExactNumber


class NetQuantities(Contract):
    """A file's quantities by symbol. `unread` counts rows without a symbol or a number."""

    nets: tuple[NetQuantity, ...]
    unread: Count
