"""Any table written by a spreadsheet is read back as it was, and no bytes break the reader."""

import csv
import io
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from app.files.csv_text import rows_of
from app.files.errors import FileRefused
from app.files.packing import Packer, TextBudget, unpacked
from app.files.reading import read_file
from app.files.shown import HIDDEN, file_name, shown_text
from riskgate.contracts.files import NAME_MAX, SHOWN_MAX
from tests.workbooks import a_workbook, repacked

ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
PLAIN = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn"])
CELL = st.text(st.one_of(PLAIN, st.sampled_from("\n\t,;|\"'=+-@ ")), max_size=12)
TABLES = st.integers(2, 6).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=12)
)
BOOK = a_workbook({"S": [["a", "b"], [1, 2]]})
PARTS = ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml")


@settings(max_examples=150, deadline=None)
@given(TABLES, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8-sig", "utf-16"]))
def test_a_table_comes_back_as_it_was_written(
    table: list[list[str]], delimiter: str, encoding: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(table)
    assert [row for _, row in rows_of(text.getvalue().encode(encoding))] == table


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.text(ANY, max_size=20), max_size=5), max_size=30))
def test_what_is_packed_comes_back(rows: list[list[str]]) -> None:
    packer = Packer(TextBudget())
    numbered = list(enumerate(rows, start=1))
    for at in range(0, len(numbered), 7):
        packer.add(numbered[at : at + 7])
    assert list(unpacked(packer.packed())) == numbered


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"a,b\n", b"\xff\xfe"]))
def test_no_bytes_break_the_reader(tail: bytes, start: bytes) -> None:
    read_or_refused(start + tail)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PARTS), st.binary(max_size=200), st.integers(0, 10_000))
def test_no_damage_to_a_workbook_breaks_the_reader(part: str, junk: bytes, at: int) -> None:
    read_or_refused(repacked(BOOK, {part: b"<x>" + junk}))
    damaged = bytearray(BOOK)
    where = at % len(BOOK)
    damaged[where : where + len(junk)] = junk
    read_or_refused(bytes(damaged))


def read_or_refused(content: bytes) -> None:
    """Read a file; only a refusal with a code may come of it."""
    try:
        _, tables = read_file(content)
    except FileRefused:
        return
    for table in tables:
        rows = list(unpacked(table.packed))
        assert len(rows) == table.facts.rows
        for column in table.facts.columns:
            assert column.filled + column.empty == table.facts.rows
            assert column.numbers <= column.filled


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_what_is_shown_is_one_bounded_line_that_hides_nothing(text: str) -> None:
    shown, name = shown_text(text), file_name(text)
    assert len(shown) <= SHOWN_MAX + 1
    assert 1 <= len(name) <= NAME_MAX
    for each in (shown, name):
        assert not {unicodedata.category(char) for char in each} & HIDDEN
        assert not set(each) & set("“”\n\r\t")
