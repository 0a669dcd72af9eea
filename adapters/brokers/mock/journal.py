"""The mock broker's own record of the calls that would change its book."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TextIO

from riskgate.contracts.base import Contract


class Fate(StrEnum):
    """What became of a call in the book, whatever the caller was told."""

    TAKEN = "TAKEN"
    REFUSED = "REFUSED"
    LOST = "LOST"
    NOT_READ = "NOT_READ"


class Entry(Contract):
    """One call that arrived whole.

    `broker_order_ids` are the orders it brought into the book, or the one it cancelled. The times
    are of the broker's monotonic clock, in nanoseconds: when it came and when it was decided.
    """

    sequence: int
    call: str
    account_id: str
    tag: str | None
    body: Any
    fate: Fate
    reply: str
    broker_order_ids: tuple[str, ...]
    received_ns: int
    decided_ns: int


class Journal:
    """Keeps entries in order, and in a file a line each, flushed before the call is answered."""

    def __init__(self, *, monotonic_ns: Callable[[], int], file: TextIO | None = None) -> None:
        self._monotonic_ns = monotonic_ns
        self._file = file
        self._entries: list[Entry] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry so far, oldest first."""
        return tuple(self._entries)

    def now_ns(self) -> int:
        """Return the monotonic time for `received_ns`."""
        return self._monotonic_ns()

    def note(
        self,
        call: str,
        account_id: str,
        *,
        fate: Fate,
        reply: str,
        received_ns: int,
        tag: str | None = None,
        body: Any = None,
        broker_order_ids: tuple[str, ...] = (),
    ) -> None:
        """Add an entry."""
        entry = Entry(
            sequence=len(self._entries) + 1,
            call=call,
            account_id=account_id,
            tag=tag,
            body=body,
            fate=fate,
            reply=reply,
            broker_order_ids=broker_order_ids,
            received_ns=received_ns,
            decided_ns=self._monotonic_ns(),
        )
        self._entries.append(entry)
        if self._file is not None:
            self._file.write(entry.model_dump_json() + "\n")
            self._file.flush()
