"""The journal of a desk: records chained by their hashes, of which its state is the fold.

A record is one line of canonical JSON: `at`, `body`, `kind`, `prev` and `seq`. `prev` is the
SHA-256 of the line before, so each line commits to all that came before it, and `prev` of a
decision is the hash of the state it was made in.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from itertools import chain
from typing import Any, Final, NamedTuple, NoReturn

from pydantic import JsonValue

from riskgate.contracts.base import time_text
from riskgate.hashing import canonical_json
from riskgate.reading import parse_time

MAX_DECISION_BYTES: Final = 1024
_ENDED: Final = b"\n"
_KEYS: Final = {"at", "body", "kind", "prev", "seq"}


class Kind(StrEnum):
    """What a record tells.

    POLICY: a whole policy comes into force. STATE: a run begins from this. PRICE: prices changed.
    ACCOUNT: a day began, or money came or went. INTENT: an order whose words are too long for its
    decision. DECISION: the gate's answer. ORDER: one is about to be sent. FILL, REJECT, CANCEL:
    what became of it. UNKNOWN: the broker did not say. KILL: the switch's level changed. TIMING:
    how long decisions took. TORN: the line before was cut off by a crash and does not count.
    """

    POLICY = "policy"
    STATE = "state"
    PRICE = "price"
    ACCOUNT = "account"
    INTENT = "intent"
    DECISION = "decision"
    ORDER = "order"
    FILL = "fill"
    REJECT = "reject"
    CANCEL = "cancel"
    UNKNOWN = "unknown"
    KILL = "kill"
    TIMING = "timing"
    TORN = "torn"


_KINDS: Final = frozenset(kind.value for kind in Kind)


class Head(NamedTuple):
    """How far a journal goes: the number and hash of its last record."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


GENESIS: Final = Head(0, "0" * 64)


class Record(NamedTuple):
    """One record as it was read, and its own place in the chain."""

    at: datetime
    kind: Kind
    body: dict[str, Any]
    head: Head
    size: int


class Break(NamedTuple):
    """The first line that does not follow from those before it, and why. Lines count from 1."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class Checked(NamedTuple):
    """What became of a check: how far the chain holds, and where it stops holding.

    `torn` are the bytes of a last line without an end, which a crash leaves; None where there are
    none.
    """

    head: Head
    broken: Break | None = None
    torn: bytes | None = None


class JournalBroken(ValueError):
    """A journal that does not hold together."""

    def __init__(self, broken: Break) -> None:
        self.broken = broken
        super().__init__(str(broken))


def seal(head: Head, at: datetime, kind: Kind, body: str) -> tuple[bytes, Head]:
    """Return the line that follows a head, with its end, and the head after it.

    `body` is canonical JSON; `at` is in UTC.
    """
    seq = head.seq + 1
    line = (
        f'{{"at":"{utc_text(at)}","body":{body},"kind":"{kind.value}","prev":"{head.hash}",'
        f'"seq":{seq}}}'
    ).encode()
    return line + _ENDED, Head(seq, sha256(line).hexdigest())


def seal_value(
    head: Head, at: datetime, kind: Kind, body: dict[str, JsonValue]
) -> tuple[bytes, Head]:
    """Return the line of a body that is no text yet."""
    return seal(head, at, kind, canonical_json(body))


def utc_text(at: datetime) -> str:
    """Write a time in UTC as time_text does, in half the time."""
    return f"{at.isoformat(timespec='microseconds')[:26]}Z" if at.tzinfo is UTC else time_text(at)


def parse_head(text: str) -> Head | None:
    """Read a head as it is shown, `12:ab...`; None for anything else."""
    seq, _colon, digest = text.partition(":")
    if not seq.isdecimal() or len(seq) > 18 or len(digest) != 64 or not set(digest) <= _HEX:
        return None
    return Head(int(seq), digest)


_HEX: Final = frozenset("0123456789abcdef")


def verify(lines: Iterable[bytes], anchor: Head | None = None) -> Checked:
    """Check a whole journal, and that it holds an anchor: a head that somebody kept.

    Any byte that was changed, and any line dropped, added or moved, is found; in the last line, or
    after it, by an anchor alone.
    """
    reader = Reader(lines)
    try:
        for record in reader.records():
            if anchor is not None and record.head.seq == anchor.seq and record.head != anchor:
                return Checked(record.head, Break(reader.line, "is not the line that was anchored"))
    except JournalBroken as fault:
        return Checked(reader.head, fault.broken)
    if anchor is not None and reader.head.seq < anchor.seq:
        reason = f"the journal ends at record {reader.head.seq}, {anchor.seq} was anchored"
        return Checked(reader.head, Break(reader.line, reason), reader.torn)
    return Checked(reader.head, None, reader.torn)


class Reader:
    """Reads lines as records, each checked against the one before it."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.head = GENESIS
        self.line = 0
        self.torn: bytes | None = None
        self._lines = lines

    def records(self) -> Iterator[Record]:
        """Yield every record. Raises JournalBroken at the first that does not follow."""
        pending: tuple[bytes, Break] | None = None
        for line in chain(self._lines, (b"",)):
            if not line:
                break
            if not line.endswith(_ENDED):
                self.torn = line
                break
            self.line += 1
            record = self._read(line[:-1])
            if pending is not None and not _tells_torn(record, pending[0]):
                raise JournalBroken(pending[1])
            if isinstance(record, Break):
                pending = line[:-1], record
                continue
            pending = None
            self.head = record.head
            yield record
        if pending is not None:
            raise JournalBroken(pending[1])

    def whole_tail(self) -> Record | None:
        """Return the record of a last line that lacks nothing but its end; None for half a one."""
        record = None if self.torn is None else self._read(self.torn)
        return record if isinstance(record, Record) else None

    def _read(self, line: bytes) -> Record | Break:
        try:
            value = json.loads(line, parse_float=_no_number, parse_constant=_no_number)
            if canonical_json(value).encode() != line:
                return Break(self.line, "is not as the gate writes it")
        except (ValueError, RecursionError):
            return Break(self.line, "is no record")
        if not isinstance(value, dict) or value.keys() != _KEYS:
            return Break(self.line, "is no record")
        at, body, kind, seq = parse_time(value["at"]), value["body"], value["kind"], value["seq"]
        if at is None or not isinstance(body, dict) or kind not in _KINDS:
            return Break(self.line, "is no record that is known")
        if value["prev"] != self.head.hash:
            return Break(self.line, "does not follow from the line before it")
        if type(seq) is not int or seq != self.head.seq + 1:
            return Break(self.line, f"has number {seq}, {self.head.seq + 1} is next")
        head = Head(seq, sha256(line).hexdigest())
        return Record(at, Kind(kind), body, head, len(line) + 1)


def torn_body(torn: bytes) -> dict[str, JsonValue]:
    """Return what is recorded of a line that a crash cut off."""
    return {"bytes": len(torn), "sha256": sha256(torn).hexdigest()}


def _tells_torn(record: Record | Break, line: bytes) -> bool:
    return (
        isinstance(record, Record) and record.kind is Kind.TORN and record.body == torn_body(line)
    )


def _no_number(_text: str) -> NoReturn:
    raise ValueError("binary numbers have no place in a journal")
