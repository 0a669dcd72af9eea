"""Rows of an .xlsx workbook, as the values that were stored with it.

Formulas are never evaluated, macros and links to other files are not looked at.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.files.archive import require_safe
from app.files.csv_text import Rows
from app.files.errors import FileRefused, FileTooManyCells
from app.files.limits import COLUMNS_MAX, SHEETS_MAX
from riskgate.contracts.base import decimal_text

# The last row that a sheet can have.
LAST_ROW: Final = 1_048_576
MIDNIGHT: Final = time()
# What a damaged workbook makes the library raise.
DAMAGE: Final = (
    InvalidFileException, BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError,
    AttributeError, OverflowError, EOFError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet and its rows, which can be gone through once."""

    name: str
    hidden: bool
    rows: Rows


def sheets_of(content: bytes) -> Iterator[Sheet]:
    """Yield the sheets of a workbook, one after the other.

    Raises FileRefused for one that is unsafe, damaged or too large.
    """
    require_safe(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except DAMAGE as bad:
        raise FileRefused(f"the workbook is damaged ({type(bad).__name__})") from bad
    sheets: Sequence[Any] = book.worksheets
    if len(sheets) > SHEETS_MAX:
        raise FileTooManyCells(f"it has {len(sheets)} sheets")
    for sheet in sheets:
        # What a sheet says of its own size is a claim that would be filled up with blanks.
        sheet.reset_dimensions()
        yield Sheet(str(sheet.title), sheet.sheet_state != "visible", _rows(sheet))


def _rows(sheet: Any) -> Rows:
    number = 0
    try:
        for row in sheet.iter_rows(values_only=True):
            number += 1
            if number > LAST_ROW:
                raise FileTooManyCells("a row has a number that no sheet has")
            cells = _without_end(row)
            if len(cells) > COLUMNS_MAX:
                raise FileTooManyCells(f"row {number} has {len(cells)} columns")
            if cells:
                yield number, [cell_text(value) for value in cells]
    except DAMAGE as bad:
        raise FileRefused(
            f"the workbook is damaged after row {number} ({type(bad).__name__})"
        ) from bad


def _without_end(row: Sequence[Any]) -> Sequence[Any]:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def cell_text(value: Any) -> str:
    """Write a stored value as text; a day without a time of day is only the day."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case float():
            # Excel keeps binary numbers and shows the shortest decimal that means the same.
            return decimal_text(Decimal(repr(value)))
        case datetime():
            return value.date().isoformat() if value.time() == MIDNIGHT else value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value)
