"""An event loop whose seconds pass at once: instead of waiting it moves its clock."""

import asyncio
import selectors
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

REAL_WAIT_MAX_S: Final = 10.0


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Runs tasks in simulated time while it is `moving`; `now_s` is the time that passed so.

    Only what happens inside the loop may be waited for then, no thread and no socket.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.moves = False
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self.now_s

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Let time pass at once in the block; outside it is waited really and no time passes."""
        self.moves = True
        try:
            yield
        finally:
            self.moves = False


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self._loop.moves:
            ready = super().select(REAL_WAIT_MAX_S if timeout is None else timeout)
            assert ready or timeout is not None, "nothing happens"
            return ready
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits and no timer is set"
            self._loop.now_s += timeout
        return ready
