"""Processes that a test starts and listens to, for no longer than it has time."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Final

RUN_MAX_S: Final = 60.0


@contextmanager
def within(process: "subprocess.Popen[str]", max_s: float = RUN_MAX_S) -> Iterator[None]:
    """Kill the process when the block takes longer, so that whoever reads its pipe comes back."""
    watch = Timer(max_s, process.kill)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
