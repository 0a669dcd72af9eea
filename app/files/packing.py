"""Rows as they are kept: lines of JSON, many rows a line, packed; read again piece by piece."""

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from app.files.errors import FileTooManyCells
from app.files.limits import MIB, TEXT_BYTES_MAX

NumberedRow: TypeAlias = tuple[int, list[str]]

LEVEL: Final = 3
PIECE_BYTES: Final = 256 * 1024
ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Packer:
    """Packs rows; what they come to as text is bounded."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(LEVEL)
        self._pieces: list[bytes] = []
        self._text_bytes = 0

    def add(self, rows: Sequence[NumberedRow]) -> None:
        """Take rows in. Raises FileTooManyCells when the text is more than is kept."""
        # Half of a surrogate pair is no text.
        line = f"{ENCODE(rows)}\n".encode("utf-8", "replace")
        self._text_bytes += len(line)
        if self._text_bytes > TEXT_BYTES_MAX:
            raise FileTooManyCells(f"its cells come to more than {TEXT_BYTES_MAX // MIB} MB")
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
