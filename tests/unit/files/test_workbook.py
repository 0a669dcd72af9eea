"""Workbooks: stored values, nothing evaluated, and nothing opened that would do harm."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime

import pytest

from app.files.errors import (
    FileArchiveUnsafe,
    FileEncrypted,
    FileKindUnknown,
    FileRefused,
    FileTooManyCells,
)
from app.files.limits import MIB
from app.files.packing import TextBudget, unpacked
from app.files.reading import read_file
from app.files.tables import Budget, read_table
from tests.workbooks import a_workbook, repacked

SHEET = "xl/worksheets/sheet1.xml"
GOOD = a_workbook({"S": [["a", "b"], [1, 2]]})
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def a_sheet(rows: str, *, before: str = "") -> bytes:
    text = f'<?xml version="1.0"?>{before}<worksheet {NAMESPACE}>'
    return f"{text}<sheetData>{rows}</sheetData></worksheet>".encode()


def test_values_are_read_as_they_are_stored() -> None:
    book = a_workbook(
        {
            "S": [
                ["text", "int", "float", "day", "time", "bool", "formula"],
                ["x", 3, 0.1, date(2026, 11, 30), datetime(2026, 11, 30, 9, 15), True, "=1+1"],  # noqa: DTZ001
            ]
        }
    )
    _, (table,) = read_file(book)
    # A formula that no program worked out has no stored value.
    assert list(unpacked(table.packed)) == [
        (2, ["x", "3", "0.1", "2026-11-30", "2026-11-30 09:15:00", "TRUE"])
    ]


def test_a_formula_is_shown_as_the_value_stored_with_it() -> None:
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>n</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>m</t></is></c></row>'
        '<row r="2"><c r="A2"><f>WEBSERVICE("http://evil.test")</f><v>42</v></c>'
        '<c r="B2"><v>1</v></c></row>'
    )
    _, (table,) = read_file(repacked(GOOD, {SHEET: a_sheet(rows)}))
    assert table.facts.head[0].cells == ("42", "1")


def test_macros_and_links_are_not_looked_at() -> None:
    book = repacked(GOOD, {"xl/vbaProject.bin": b"\x00" * 100})
    assert read_file(book)[1][0].facts.rows == 1


@pytest.mark.parametrize(
    "part",
    [
        a_sheet("", before='<!DOCTYPE x [<!ENTITY a "b">]>'),
        b" " * (5 * MIB) + b"<!DOCTYPE x>",
        a_sheet("").replace(b'version="1.0"', b'version="1.0" encoding="utf-16"'),
        "<worksheet/>".encode("utf-16"),
        b"no xml",
    ],
)
def test_parts_that_could_grow_or_hide_are_refused(part: bytes) -> None:
    with pytest.raises(FileArchiveUnsafe):
        read_file(repacked(GOOD, {SHEET: part}))


@pytest.mark.parametrize(
    "part",
    [
        a_sheet("", before='<!DOCTYPE x [<!ENTITY a "b">]>'),
        b" \n" + a_sheet("", before='<!DOCTYPE x [<!ENTITY a "b">]>'),
        a_sheet("")
        .decode()
        .replace('version="1.0"', 'version="1.0" encoding="utf-16"')
        .encode("utf-16"),
    ],
)
def test_a_sheet_hides_nothing_behind_another_name(part: bytes) -> None:
    renamed = {
        name: pack.read(name).replace(b"sheet1.xml", b"sheet1.bin")
        for pack in [zipfile.ZipFile(io.BytesIO(GOOD))]
        for name in pack.namelist()
        if b"sheet1.xml" in pack.read(name)
    }
    assert renamed
    with pytest.raises(FileArchiveUnsafe):
        read_file(repacked(GOOD, {**renamed, "xl/worksheets/sheet1.bin": part}))


def test_what_all_sheets_come_to_as_text_is_bounded_together() -> None:
    rows = [(1, ["a", "b"]), (2, ["x" * 500, "y" * 500])]
    budget = Budget(text=TextBudget(1_500))
    assert read_table("one", rows, budget).facts.rows == 1
    with pytest.raises(FileTooManyCells, match="its cells come to more than"):
        read_table("two", rows, budget)


def test_a_bomb_is_refused_within_bounded_memory() -> None:
    layers = io.BytesIO()
    with zipfile.ZipFile(layers, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "<x/>")
        with archive.open(SHEET, "w", force_zip64=True) as part:
            for _ in range(150):
                part.write(b" " * MIB)
    bomb = layers.getvalue()
    tracemalloc.start()
    try:
        with pytest.raises(FileArchiveUnsafe):
            read_file(bomb)
        assert tracemalloc.get_traced_memory()[1] < 20 * MIB
    finally:
        tracemalloc.stop()
    assert len(bomb) < MIB


def test_a_part_that_says_it_is_smaller_than_it_is_is_refused() -> None:
    bomb = bytearray(repacked(GOOD, {SHEET: b"<worksheet>" + b" " * (30 * MIB)}))
    # The size unpacked, in the directory at the end and before the part itself.
    true = (30 * MIB + len(b"<worksheet>")).to_bytes(4, "little")
    lying = bytes(bomb).replace(true, (900_000).to_bytes(4, "little"))
    assert lying != bytes(bomb)
    with pytest.raises(FileRefused):
        read_file(lying)


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        ('<row r="1048577"><c r="A1048577"><v>1</v></c></row>', FileTooManyCells),
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', FileTooManyCells),
        ('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>', FileRefused),
        ('<row r="x"><c r="A1"><v>1</v></c></row>', FileRefused),
        ("<row><c", FileRefused),
    ],
)
def test_sheets_that_lie_are_refused(rows: str, refusal: type[FileRefused]) -> None:
    with pytest.raises(refusal):
        read_file(repacked(GOOD, {SHEET: a_sheet(rows)}))


def test_archives_that_are_no_workbook_or_locked_are_told_apart() -> None:
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(FileKindUnknown):
        read_file(plain.getvalue())
    locked = bytearray(GOOD)
    locked[6] |= 1
    at = bytes(locked).index(b"PK\x01\x02")
    locked[at + 8] |= 1
    with pytest.raises(FileEncrypted):
        read_file(bytes(locked))
    with pytest.raises(FileKindUnknown):
        read_file(GOOD[: len(GOOD) // 2])


def test_more_sheets_than_are_read_are_refused() -> None:
    with pytest.raises(FileTooManyCells):
        read_file(a_workbook({f"s{at}": [["a"]] for at in range(31)}))
