"""Bytes to tables: what a file is by its content, and all its sheets read."""

from typing import Final

from app.files.csv_text import rows_of
from app.files.errors import FileEmpty, FileEncrypted, FileKindUnknown
from app.files.tables import Budget, Table, read_table
from riskgate.contracts.files import FileKind

ARCHIVE: Final = b"PK"
# The container of a workbook with a password, and of the format before .xlsx.
OLD_OR_LOCKED: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Files that are text or nearly, and no table.
NO_TABLE: Final = (b"%pdf", b"<!doctype", b"<html", b"<?xml", b"<svg", b"<script", b"{\\rtf", b'{"')
CSV_SHEET: Final = "csv"
START: Final = 64


def kind_of(content: bytes) -> FileKind:
    """Return what a file is. Raises FileEmpty, FileEncrypted or FileKindUnknown."""
    if not content.strip(b" \t\r\n\xef\xbb\xbf"):
        raise FileEmpty("there is nothing in it")
    if content.startswith(OLD_OR_LOCKED):
        raise FileEncrypted("it is a workbook with a password, or one older than .xlsx")
    if content.startswith(ARCHIVE):
        return FileKind.XLSX
    start = content[:START].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(NO_TABLE):
        raise FileKindUnknown("it is no table, whatever it is called")
    return FileKind.CSV


def read_file(content: bytes) -> tuple[FileKind, list[Table]]:
    """Read every sheet. Raises FileRefused with what is wrong."""
    kind, budget = kind_of(content), Budget()
    if kind is FileKind.CSV:
        tables = [read_table(CSV_SHEET, rows_of(content), budget, fixed=True)]
    else:
        # The library that opens workbooks is not needed for text.
        from app.files.workbook import sheets_of

        tables = [
            read_table(sheet.name, sheet.rows, budget, hidden=sheet.hidden)
            for sheet in sheets_of(content)
        ]
    if not any(table.facts.columns for table in tables):
        raise FileEmpty("there is no row in it")
    return kind, tables
