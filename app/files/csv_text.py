"""Rows of a .csv file: its encoding, what stands between its columns, and its records."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from app.files.errors import (
    FileCsvBroken,
    FileKindUnknown,
    FileTextUnreadable,
    FileTooManyCells,
)

Rows: TypeAlias = Iterator[tuple[int, list[str]]]

DELIMITERS: Final = (",", ";", "\t", "|")
MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
SAMPLE_CHARS: Final = 64 * 1024
SAMPLE_ROWS: Final = 60
# Text of a spreadsheet holds no other control characters.
PLAIN_CONTROLS: Final = frozenset("\t\n\r\f")
NAMED_DELIMITER: Final = "sep="
NO_TEXT: Final = "it holds NUL characters, so it is no text but perhaps a picture"


def decoded(content: bytes) -> str:
    """Return the text of bytes: UTF-8 or UTF-16 by its mark, UTF-8, else Windows-1252.

    Raises FileTextUnreadable for none of these and FileKindUnknown for what is no text.
    """
    marked = next((name for mark, name in MARKS if content.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        _require_text(text)
        return text
    if b"\0" in content:
        raise FileKindUnknown(NO_TEXT)
    raise FileTextUnreadable("its bytes are not text in UTF-8, UTF-16 or Windows-1252")


def _require_text(text: str) -> None:
    if "\0" in text:
        raise FileKindUnknown(NO_TEXT)
    control = next((char for char in text[:SAMPLE_CHARS] if _is_control(char)), None)
    if control is not None:
        raise FileKindUnknown(f"it holds the control character U+{ord(control):04X}")


def _is_control(char: str) -> bool:
    return char < " " and char not in PLAIN_CONTROLS


def delimiter_of(text: str) -> str:
    """Return what stands between the columns of most rows; a comma where nothing does."""
    sample = text[:SAMPLE_CHARS]
    scores = [(_score(sample, each), -at, each) for at, each in enumerate(DELIMITERS)]
    best = max(scores)
    return best[2] if best[0] > (0, 0) else DELIMITERS[0]


def _score(sample: str, delimiter: str) -> tuple[int, int]:
    """Return how many rows have the usual width, and that width; nothing for a single column."""
    widths = Counter(_widths(sample, delimiter))
    wide = [(count, width) for width, count in widths.items() if width > 1]
    return max(wide, default=(0, 0))


def _widths(sample: str, delimiter: str) -> list[int]:
    found: list[int] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            found += [len(row)] if row else []
            if len(found) == SAMPLE_ROWS:
                break
    except csv.Error:
        return found
    # A cut sample ends inside a row.
    return found[:-1] if len(sample) == SAMPLE_CHARS and len(found) > 1 else found


def rows_of(content: bytes) -> Rows:
    """Yield each record with its number, from 1.

    Raises FileCsvBroken for quotation marks that do not match.
    """
    text, first = decoded(content), 1
    delimiter = ""
    if text[:4].lower() == NAMED_DELIMITER and text[4:5] and text[5:6] in {"\r", "\n"}:
        delimiter, text, first = text[4], text[5:].lstrip("\r\n"), 2
    delimiter = delimiter or delimiter_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = first
    while True:
        try:
            row: Sequence[str] = next(reader)
        except StopIteration:
            return
        except csv.Error as broken:
            raise _refusal(broken, number) from broken
        yield number, list(row)
        number += 1


def _refusal(broken: csv.Error, number: int) -> FileCsvBroken | FileTooManyCells:
    if "field larger" in str(broken):
        return FileTooManyCells(f"a cell of row {number} is too long")
    return FileCsvBroken(f"the quotation marks of row {number} do not match")
