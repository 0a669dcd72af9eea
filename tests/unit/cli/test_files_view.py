"""Files in the terminal: no figure is cut to fit."""

import io

from rich.console import Console

from app.cli.files_view import file_tables
from app.cli.render import render_card

COLUMNS = ("Symbol", "Avg. cost", "Invested", "Current value", "P&L")


def drawn(width: int) -> str:
    table = {
        "name": "h.csv",
        "kind": "csv",
        "sheets": [{"name": "csv", "rows": 1}],
        "row_count": 1,
        "columns": [{"name": name, "type": "number"} for name in COLUMNS],
        "rows": [{"number": 2, "cells": ["RELIANCE", "1390.05", "27801.00", "28000.00", "199.00"]}],
        "notes": [],
    }
    console = Console(file=io.StringIO(), width=width)
    for part in file_tables([table], ""):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_columns_that_fit_are_whole_and_the_others_are_named() -> None:
    narrow = drawn(40)
    assert "RELIANCE" in narrow
    assert "1390.05" in narrow
    assert "…" not in narrow
    assert "“P&L”" in narrow.partition("Not shown for want of room")[2]


def test_all_columns_are_shown_where_there_is_room() -> None:
    wide = drawn(80)
    assert "Not shown" not in wide
    assert all(cell in wide for cell in ("27801.00", "28000.00", "199.00"))


def test_an_empty_list_of_what_has_no_stop_is_not_told() -> None:
    fields: dict[str, object] = {"stops": [], "unprotected": [], "warning": None}
    card = {"kind": "insight", "status": "INFO", "title": "Stops and targets", "fields": fields}
    console = Console(file=io.StringIO(), width=80)
    console.print(render_card(card, currency="INR"))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "No stops or targets are kept." in shown
    assert "unprotected" not in shown
