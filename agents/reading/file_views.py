"""What a model may see of an attached file: its shape, in words of ours; never a word of its own.

Names of files, sheets and columns are somebody's text and may hold an instruction or an identity,
so none is shown: a column is told by what it is for, where its name is one of a closed list.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from riskgate.contracts.files import CellType, ColumnFacts, FileFacts, FileRow, Meaning, SheetFacts

SHEETS_SEEN: Final = 3
COLUMNS_SEEN: Final = 30
ROWS_SEEN: Final = 10
FIGURE: Final = re.compile(r"-?\d{1,8}(?:\.\d{1,6})?", re.ASCII)
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Words of orders that no name is made of.
CLOSED: Final = frozenset(
    {"BUY", "SELL", "CNC", "MIS", "NRML", "NSE", "BSE", "NFO", "MCX", "NASDAQ", "NYSE"}
)
HIDDEN: Final = {CellType.NUMBER: "(number)", CellType.DATE: "(day)", CellType.EMPTY: ""}


@dataclass(frozen=True, slots=True)
class SeenFiles:
    """The files of a turn, and the symbols of their first rows that are exactly instruments."""

    files: tuple[FileFacts, ...]
    known: Mapping[str, str]


def symbols_in(files: Sequence[FileFacts]) -> set[str]:
    """Return the cells of the first rows that stand where symbols do."""
    return {
        row.cells[at]
        for file in files
        for sheet in file.sheets[:SHEETS_SEEN]
        for at in _symbol_columns(sheet)
        for row in sheet.head[:ROWS_SEEN]
        if at < len(row.cells)
    }


def files_digest(result: object) -> JsonValue | None:
    """Show how many rows there are and what kind of cells the columns hold."""
    if not isinstance(result, SeenFiles):
        return None
    return [_file(file, lambda _: {}) for file in result.files]


def files_full(result: object) -> JsonValue | None:
    """Show the first rows besides: figures, days and exact symbols; any other text is hidden."""
    if not isinstance(result, SeenFiles):
        return None
    known = result.known
    return [_file(file, lambda sheet: {"first_rows": _rows(sheet, known)}) for file in result.files]


def _file(
    file: FileFacts, more: Callable[[SheetFacts], dict[str, JsonValue]]
) -> dict[str, JsonValue]:
    sheets: list[JsonValue] = [
        {
            "rows": sheet.rows,
            "columns": [_column(column) for column in sheet.columns[:COLUMNS_SEEN]],
            **more(sheet),
        }
        for sheet in file.sheets[:SHEETS_SEEN]
    ]
    return {"kind": file.kind.value, "sheets": sheets}


def _column(column: ColumnFacts) -> JsonValue:
    return {
        "type": column.type.value,
        "is_for": None if column.meaning is None else column.meaning.value,
    }


def _rows(sheet: SheetFacts, known: Mapping[str, str]) -> list[JsonValue]:
    return [_cells(sheet, row, known) for row in sheet.head[:ROWS_SEEN]]


def _cells(sheet: SheetFacts, row: FileRow, known: Mapping[str, str]) -> JsonValue:
    columns = sheet.columns[:COLUMNS_SEEN]
    return [_cell(column, cell, known) for column, cell in zip(columns, row.cells, strict=False)]


def _cell(column: ColumnFacts, cell: str, known: Mapping[str, str]) -> str:
    if not cell:
        return ""
    if column.type is CellType.NUMBER:
        # A long number may be an account or a telephone.
        plain = cell.replace(",", "")
        return plain if FIGURE.fullmatch(plain) else HIDDEN[CellType.NUMBER]
    if column.type is CellType.DATE:
        return cell if DAY.fullmatch(cell) else HIDDEN[CellType.DATE]
    if column.meaning is Meaning.SYMBOL and cell in known:
        return known[cell]
    return cell.upper() if cell.upper() in CLOSED else "(text)"


def _symbol_columns(sheet: SheetFacts) -> list[int]:
    return [at for at, column in enumerate(sheet.columns) if column.meaning is Meaning.SYMBOL]
