"""Rows of .csv files as spreadsheet programs of every land write them."""

import pytest

from app.files.csv_text import delimiter_of, rows_of
from app.files.errors import (
    FileCsvBroken,
    FileKindUnknown,
    FileRefused,
    FileTextUnreadable,
    FileTooManyCells,
)

TABLE = 'name,qty\n"Ünïcode, Ltd",10\n'
CELLS = [["name", "qty"], ["Ünïcode, Ltd", "10"]]


def cells(content: bytes) -> list[list[str]]:
    return [row for _, row in rows_of(content)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_each_encoding(encoding: str) -> None:
    assert cells(TABLE.encode(encoding)) == CELLS


def test_text_of_the_other_byte_order_is_read() -> None:
    assert cells(b"\xfe\xff" + TABLE.encode("utf-16-be")) == CELLS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_stands_between_columns_is_found(delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in (["a", "b", "c"], ["1", "2,5", "x"]))
    text = text.replace("2,5", "25") if delimiter == "," else text
    assert delimiter_of(text) == delimiter


def test_a_first_line_may_name_what_stands_between() -> None:
    assert list(rows_of(b"sep=;\r\na,b;c\r\n1;2\r\n")) == [(2, ["a,b", "c"]), (3, ["1", "2"])]


def test_line_ends_within_quotes_belong_to_the_cell_and_rows_keep_their_number() -> None:
    found = list(rows_of(b'a,b\r\n"one\r\ntwo",2\r\n\r\n3,4\r\n'))
    assert found == [(1, ["a", "b"]), (2, ["one\r\ntwo", "2"]), (3, []), (4, ["3", "4"])]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"a,b\n1,\x00\n", FileKindUnknown),
        (b"a,b\n1,\x07\n", FileKindUnknown),
        (b"a,\x81\n", FileTextUnreadable),
        (b"\xff\xfea", FileTextUnreadable),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x81", FileKindUnknown),
        (b'a,b\n"1,2\n', FileCsvBroken),
        (b'a,b\n"1"x,2\n', FileCsvBroken),
        (b"a,b\n" + b"x" * 200_000 + b",1\n", FileTooManyCells),
    ],
)
def test_what_is_no_text_in_columns_is_refused(content: bytes, refusal: type[FileRefused]) -> None:
    with pytest.raises(refusal):
        cells(content)
