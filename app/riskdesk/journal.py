"""The journal's file: it only ever grows, has one writer, and is checked before it is gone on."""

import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from app.errors import AppError, Conflict, Unavailable
from riskgate.records import (
    GENESIS,
    Head,
    JournalBroken,
    Kind,
    Reader,
    Record,
    seal_value,
    torn_body,
)

LINES_A_BATCH: Final = 64
_MODE: Final = 0o640


class Fsync(StrEnum):
    """When lines must be on the disk: before each send, every 64 lines, or as the system likes."""

    ALWAYS = "always"
    BATCH = "batch"
    NEVER = "never"


class JournalUnsound(AppError):
    """The journal does not hold together, so nothing is added to it and nothing sent."""

    code = "RISK_JOURNAL_BROKEN"
    status = 500
    remedy = "Keep the file as it is, find out who changed it, and begin a new one elsewhere."


class JournalBusy(Conflict):
    """Another process writes the journal."""

    code = "RISK_JOURNAL_BUSY"
    remedy = "Stop the other process, or name another file."


class JournalFailed(Unavailable):
    """The journal cannot be written, so nothing is sent."""

    code = "RISK_JOURNAL_FAILED"
    remedy = "See to the disk, then start again; what was recorded is intact."


class Journal:
    """Appends lines to a file. Without a path lines are only chained: nothing outlives the process.

    After a failed write nothing more is written: the chain on the disk may end in half a line.
    """

    def __init__(self, path: Path | None, fsync: Fsync, head: Head, fd: int | None) -> None:
        self.path = path
        self.head = head
        self.fsync = fsync
        self._fd = fd
        self._waiting = 0
        self._failed: str | None = None

    def write(self, lines: bytes, head: Head, *, before_send: bool = False) -> None:
        """Append lines that were sealed onto the head. Raises JournalFailed."""
        if self._failed is not None:
            raise JournalFailed(self._failed)
        if self._fd is not None:
            try:
                written = os.write(self._fd, lines)
                if written != len(lines):
                    raise OSError(f"only {written} of {len(lines)} bytes were written")
                if self.fsync is not Fsync.NEVER:
                    self._sync(at_once=before_send)
            except OSError as fault:
                self._failed = f"{self.path} cannot be written: {fault.strerror or fault}"
                raise JournalFailed(self._failed) from fault
        self.head = head

    def close(self) -> None:
        """Make what was written durable and let the next writer in."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            try:
                if self.fsync is not Fsync.NEVER and self._failed is None:
                    os.fdatasync(fd)
            finally:
                os.close(fd)

    def _sync(self, *, at_once: bool) -> None:
        self._waiting += 1
        if self._fd is None or not (
            (at_once and self.fsync is Fsync.ALWAYS) or self._waiting >= LINES_A_BATCH
        ):
            return
        os.fdatasync(self._fd)
        self._waiting = 0


def open_journal(path: Path | None, fsync: Fsync, *, at: datetime) -> tuple[Journal, list[Record]]:
    """Open a journal for writing, with what it holds; a new file is made where there is none.

    Raises JournalUnsound where it is broken, JournalBusy where it is being written already. A last
    line that a crash cut off stays where it is and is marked as one that does not count.
    """
    if path is None:
        return Journal(None, fsync, GENESIS, None), []
    try:
        is_new = not path.exists()
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
    except OSError as fault:
        raise JournalFailed(f"{path} cannot be opened: {fault.strerror or fault}") from fault
    try:
        _lock(fd, path)
        if is_new:
            _sync_folder(path)
        reader = Reader(_lines(path))
        try:
            records = list(reader.records())
        except JournalBroken as fault:
            raise JournalUnsound(f"{path}, {fault}") from fault
        journal = Journal(path, fsync, reader.head, fd)
        whole = reader.whole_tail()
        if whole is not None:
            records.append(whole)
            journal.write(b"\n", whole.head)
        elif reader.torn is not None:
            line, head = seal_value(reader.head, at, Kind.TORN, torn_body(reader.torn))
            journal.write(b"\n" + line, head)
    except BaseException:  # edge: whatever went wrong, the lock goes with the file
        os.close(fd)
        raise
    return journal, records


def read_journal(path: Path) -> Reader:
    """Return a reader of a journal that somebody else may be writing. Raises JournalFailed."""
    try:
        path.stat()
    except OSError as fault:
        raise JournalFailed(f"{path} cannot be read: {fault.strerror or fault}") from fault
    return Reader(_lines(path))


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise JournalBusy(f"{path} is being written by another process") from None


def _sync_folder(path: Path) -> None:
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
