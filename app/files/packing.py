"""Rows as they are kept: lines of JSON, many rows a line, packed; read again piece by piece."""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from app.files.errors import FileTooManyCells
from app.files.limits import MIB, TEXT_BYTES_MAX

NumberedRow: TypeAlias = tuple[int, list[str]]

LEVEL: Final = 3
PIECE_BYTES: Final = 256 * 1024
ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(slots=True)
class TextBudget:
    """How many bytes of text a whole file may still have, whatever sheet they stand in."""

    left: int = TEXT_BYTES_MAX

    def take(self, size: int) -> None:
        """Raise FileTooManyCells when the text is more than is kept."""
        self.left -= size
        if self.left < 0:
            raise FileTooManyCells(f"its cells come to more than {TEXT_BYTES_MAX // MIB} MB")


class Packer:
    """Packs rows; what they come to as text is bounded."""

    def __init__(self, budget: TextBudget) -> None:
        self._packer = zlib.compressobj(LEVEL)
        self._pieces: list[bytes] = []
        self._budget = budget

    def add(self, rows: Sequence[NumberedRow]) -> None:
        """Take rows in. Raises FileTooManyCells when the text is more than is kept."""
        # Half of a surrogate pair is no text.
        line = f"{ENCODE(rows)}\n".encode("utf-8", "replace")
        self._budget.take(len(line))
        self._pieces.append(self._packer.compress(line))

    def packed(self) -> bytes:
        """Return all rows; nothing can be added afterwards."""
        self._pieces.append(self._packer.flush())
        return b"".join(self._pieces)


def unpacked(packed: bytes) -> Iterator[NumberedRow]:
    """Yield the rows that were packed, each with its number in the file."""
    unpacker, rest, left = zlib.decompressobj(), b"", packed
    while left:
        piece = unpacker.decompress(left, PIECE_BYTES)
        left = unpacker.unconsumed_tail
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield from _rows(line)
    for line in (rest + unpacker.flush()).splitlines():
        yield from _rows(line)


def _rows(line: bytes) -> Iterator[NumberedRow]:
    return ((number, cells) for number, cells in json.loads(line))
