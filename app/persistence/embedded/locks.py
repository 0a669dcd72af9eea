"""File locks that the kernel lets go of when their holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.persistence.embedded.errors import StartBusy

_POLL_S = 0.02


@contextmanager
def held(path: Path, *, wait_max_s: float) -> Iterator[None]:
    """Hold the lock for the block, across processes.

    Raises StartBusy when it stays taken for `wait_max_s`.
    """
    deadline = time.monotonic() + wait_max_s
    while (descriptor := try_hold(path)) is None:
        if time.monotonic() > deadline:
            raise StartBusy(
                f"another process held {path} for more than {wait_max_s:g} s",
                remedy="see with `fuser` who holds it, and try again when it is done",
            )
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        release(descriptor)


def try_hold(path: Path) -> int | None:
    """Take the lock and return its descriptor, or None when somebody has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def release(descriptor: int) -> None:
    """Let go of a lock taken with `try_hold`."""
    os.close(descriptor)
