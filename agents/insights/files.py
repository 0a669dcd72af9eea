"""Answers out of a file: every name and cell is a quotation, every figure says where it is from."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Final

from pydantic import JsonValue

from agents.insights.file_places import Place
from agents.insights.insight import Cited, Insight, Json, cited_view, inputs_used, plain
from agents.intent.model import FileQuestion, FileWish
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.files import (
    CellType,
    ColumnFacts,
    Comparison,
    FileFacts,
    FileRow,
    FoundRows,
    NetQuantities,
    SheetFacts,
)
from tools.ports import AccountView

ORIGIN: Final = "file"
NOT_HERE: Final = (
    "No file is attached in this conversation. Attach a .csv or .xlsx file of at most 15 MB with"
    " the button beside the message box, with /attach in the terminal, or with"
    " 'sigmatrader file add', and ask again."
)
GONE: Final = "The file of this conversation was removed. Attach it again to ask about it."
NO_QUANTITIES: Final = (
    "To compare, a file needs a column of symbols and one of quantities, called for example"
    " symbol and quantity."
)
NO_FIGURES: Final = "That column has no numbers to work with."
NO_ROW: Final = "No row is like that. One condition is read at a time: 'where symbol is INFY'."
MIXED_MONEY: Final = "That column has amounts in several currencies, which are not added up."
FIGURES: Final = "Figures of your file"
AVERAGE_PLACES: Final = 6
SHOWN_DIFFERENCES: Final = 50
SIGNS: Final = {
    Comparison.IS: "is",
    Comparison.IS_NOT: "is not",
    Comparison.HAS: "contains",
    Comparison.ABOVE: "is above",
    Comparison.BELOW: "is below",
    Comparison.AT_LEAST: "is at least",
    Comparison.AT_MOST: "is at most",
}


def shown_files(files: Sequence[FileFacts], sheet_at: int) -> Insight:
    """Show what files hold: the first sheet of each that is not hidden, or the one asked for."""
    places = [Place(file, _first(file, sheet_at if len(files) == 1 else 0)) for file in files]
    tables: list[JsonValue] = [table_of(place, place.sheet.head) for place in places]
    return Insight(
        title="Your file" if len(files) == 1 else "Your files",
        fields={"file_tables": tables},
        said=tuple(_what_it_is(place) for place in places),
        cited=tuple(cited_rows(place) for place in places),
        inputs={"files": [file.sha256 for file in files]},
    )


def columns_insight(place: Place) -> Insight:
    """Name the columns with what they hold."""
    columns = place.sheet.columns
    named = ", ".join(f"“{column.name}” ({column.type})" for column in columns)
    return _of(
        place,
        "Columns of your file",
        f"{_source(place)} has {many(len(columns), 'column')}: {named}.",
    )


def count_insight(place: Place) -> Insight:
    """Say how many rows there are."""
    sheet = place.sheet
    said = [f"{_source(place)} has {many(sheet.rows, 'row')}."]
    if sheet.totals:
        said.append(f"Left out: {many(sheet.totals, 'row')} that begin with “total”.")
    return _of(place, "Rows of your file", *said)


def figure_insight(
    place: Place,
    column: ColumnFacts,
    wish: FileWish,
    *,
    where: str = "",
    found: FoundRows | None = None,
) -> Insight:
    """Say the total, average, lowest or highest of a column, and what was not a number in it.

    Where it is of some rows only, `where` says of which and `found` are they.
    """
    rows = (None, None) if found is None else (found.first_row, found.last_row)
    if found is not None and not found.matching:
        return _of(place, FIGURES, f"“{column.name}”{where}: {NO_ROW}", rows=rows)
    if not column.numbers:
        return _of(place, FIGURES, f"“{column.name}”{where}: {NO_FIGURES}", rows=rows)
    value = figure_of(column, wish)
    if value is None:
        return _of(place, FIGURES, f"“{column.name}”{where}: {MIXED_MONEY}", rows=rows)
    said = (
        f"{_source(place)}: the {wish} of “{column.name}”{where} is {decimal_text(value)},"
        f" over {many(column.numbers, 'number')}."
    )
    others = column.filled - column.numbers
    left = [f"Not in it: {many(others, 'cell')} that hold no number."] if others else []
    figure: Json = {
        "column": column.name,
        "figure": wish.value,
        "where": where.strip() or None,
        "value": decimal_text(value),
        "numbers": column.numbers,
        "not_numbers": others,
        "empty": column.empty,
        "evidence": [place.file.sha256],
    }
    return _of(place, FIGURES, said, *left, more={"file_figures": [figure]}, rows=rows)


def where_said(question: FileQuestion, name: str) -> str:
    """Say which rows a question is about."""
    return f" where “{name}” {SIGNS[question.comparison or Comparison.IS]} “{question.value}”"


def many(count: int, what: str) -> str:
    """Write a number of things: 1 row, 2 rows."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def figure_of(column: ColumnFacts, wish: FileWish) -> Decimal | None:
    """Return a figure of a column, exact but for an average, which has six places."""
    match wish:
        case FileWish.LOWEST:
            return column.lowest
        case FileWish.HIGHEST:
            return column.highest
        case FileWish.AVERAGE if column.total is not None:
            with localcontext(prec=200):
                return round(column.total / column.numbers, AVERAGE_PLACES)
        case _:
            return column.total


def found_insight(place: Place, question: FileQuestion, name: str, found: FoundRows) -> Insight:
    """Show the rows that are wanted, or say how many there are."""
    said = f"{_source(place)}: {many(found.matching, 'row')}{where_said(question, name)}."
    if len(found.rows) < found.matching and question.wish is FileWish.ROWS:
        said = f"{said} The first {len(found.rows)} are shown."
    return Insight(
        title="Rows of your file",
        fields={"file_tables": [table_of(place, found.rows, matching=found.matching)]},
        said=(said,),
        cited=(cited_rows(place, found.first_row, found.last_row),),
        inputs={"files": [place.file.sha256]},
    )


def compared_insight(
    place: Place, nets: NetQuantities, held: Mapping[str, Decimal], view: AccountView
) -> Insight:
    """Put a file's quantities beside what is held, and show where they differ."""
    in_file = {each.symbol: each.quantity for each in nets.nets}
    differing = [
        symbol
        for symbol in sorted({*in_file, *held})
        if in_file.get(symbol, Decimal(0)) != held.get(symbol, Decimal(0))
    ]
    equal = len({*in_file, *held}) - len(differing)
    rows: list[JsonValue] = [
        difference_row(symbol, in_file.get(symbol), held.get(symbol))
        for symbol in differing[:SHOWN_DIFFERENCES]
    ]
    said = [view.warning] if view.warning else []
    said.append(f"{_source(place)} beside what is held: {equal} equal, {len(differing)} different.")
    if nets.unread:
        said.append(f"Not in it: {many(nets.unread, 'row')} without a symbol or a number.")
    said.append("Nothing was ordered or changed.")
    return Insight(
        title="Your file beside the book",
        fields={"file": about(place), "file_differences": rows, "warning": view.warning},
        said=tuple(said),
        cited=(cited_rows(place), cited_view(view)),
        inputs={"files": [place.file.sha256], **inputs_used(view)},
    )


def difference_row(symbol: str, in_file: Decimal | None, held: Decimal | None) -> Json:
    """Return one symbol with both quantities; None where it is not there."""
    return {
        "symbol": symbol,
        "in_file": None if in_file is None else decimal_text(in_file),
        "held": None if held is None else decimal_text(held),
        "difference": decimal_text((in_file or Decimal(0)) - (held or Decimal(0))),
    }


def no_column(place: Place, words: str) -> Insight:
    """Say that no column is called so, and which there are."""
    names = ", ".join(f"“{column.name}”" for column in place.sheet.columns)
    return _of(place, "Your file", f"No single column is called “{words}”; there are {names}.")


def no_quantities(place: Place) -> Insight:
    """Say what a file lacks to be compared."""
    return _of(place, "Your file", NO_QUANTITIES)


def nothing_attached(*, was_there: bool) -> Insight:
    """Say that there is no file to ask about."""
    return plain("Files", GONE, code="FILE_REMOVED") if was_there else plain("Files", NOT_HERE)


def not_used_sentence(names: Sequence[str]) -> str:
    """Say which attached files an answer about the account is not from."""
    files = ", ".join(f"“{name}”" for name in names)
    return (
        f"From your account; the attached file {files} was not used."
        if len(names) == 1
        else f"From your account; the attached files {files} were not used."
    )


def table_of(place: Place, rows: Sequence[FileRow], *, matching: int | None = None) -> Json:
    """Return a table for a card: where it is from, its columns, and some rows."""
    sheets: list[JsonValue] = [
        {"name": sheet.name, "rows": sheet.rows, "hidden": sheet.hidden}
        for sheet in place.file.sheets
    ]
    columns: list[JsonValue] = [
        {"name": column.name, "type": column.type.value} for column in place.sheet.columns
    ]
    shown: list[JsonValue] = [{"number": row.number, "cells": list(row.cells)} for row in rows]
    return {
        **about(place),
        "sheets": sheets,
        "columns": columns,
        "rows": shown,
        "matching": matching,
        "notes": [*notes_of(place.sheet)],
    }


def about(place: Place) -> Json:
    """Return which file and sheet something is from; `origin` marks its words as quoted."""
    file, sheet = place.file, place.sheet
    return {
        "origin": ORIGIN,
        "file_id": file.file_id,
        "name": file.name,
        "sha256": file.sha256,
        "kind": file.kind.value,
        "size_bytes": file.size_bytes,
        "added_at": time_text(file.added_at),
        "sheet": sheet.name,
        "row_count": sheet.rows,
    }


def notes_of(sheet: SheetFacts) -> list[str]:
    """Return what a person should know of how a sheet was read."""
    notes = []
    if sheet.header_row is None:
        notes.append("No row looks like a header: columns are numbered.")
    elif sheet.header_row > 1:
        notes.append(f"Row {sheet.header_row} was taken as the header; rows above it are left out.")
    if sheet.ragged:
        notes.append(f"{many(sheet.ragged, 'row')} with fewer or more cells than the header.")
    if sheet.totals:
        notes.append(f"{many(sheet.totals, 'row')} of totals left out.")
    return notes


def cited_rows(place: Place, first: int | None = None, last: int | None = None) -> Cited:
    """Cite the rows of a sheet by the file's hash."""
    first, last = first or place.sheet.first_row, last or place.sheet.last_row
    rows = {} if first is None else {"rows": f"{first} to {last}"}
    return Cited(
        kind=ORIGIN,
        id=place.file.sha256,
        as_of=place.file.added_at,
        of={"name": place.file.name, "sheet": place.sheet.name, **rows},
    )


def _of(
    place: Place,
    title: str,
    *said: str,
    more: Json | None = None,
    rows: tuple[int | None, int | None] = (None, None),
) -> Insight:
    fields: Json = {"file": about(place), **(more or {})}
    if more is None:
        fields["file_columns"] = [_column_row(column) for column in place.sheet.columns]
    return Insight(
        title=title,
        fields=fields,
        said=said,
        cited=(cited_rows(place, *rows),),
        inputs={"files": [place.file.sha256]},
    )


def _column_row(column: ColumnFacts) -> JsonValue:
    return {
        "name": column.name,
        "type": column.type.value,
        "filled": column.filled,
        "empty": column.empty,
    }


def _what_it_is(place: Place) -> str:
    types = [column.type for column in place.sheet.columns]
    numbers = sum(each is CellType.NUMBER for each in types)
    said = (
        f"{_source(place)} has {many(place.sheet.rows, 'row')} and {many(len(types), 'column')},"
        f" {numbers} of them of numbers."
    )
    others = len(place.file.sheets) - 1
    return f"{said} It has {many(others, 'other sheet')}." if others else said


def _source(place: Place) -> str:
    sheet = "" if place.file.kind.value == "csv" else f", sheet “{place.sheet.name}”"
    return f"“{place.file.name}”{sheet}"


def _first(file: FileFacts, at: int) -> int:
    return min(at, len(file.sheets) - 1)
