"""Tasks that are told to end do end."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

AGAIN_S: Final = 1.0


async def stop_tasks(tasks: Iterable[asyncio.Task[Any]], *, again_s: float = AGAIN_S) -> None:
    """Cancel tasks and wait until each has ended, whatever it comes to.

    Whoever has not ended `again_s` later is told again: in Python 3.11 `asyncio.wait_for`, which
    pools of connections wait with, loses a cancellation that comes as its wait is over.
    """
    left = set(tasks)
    told = tuple(left)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_s)
    await asyncio.gather(*told, return_exceptions=True)


def end_if_told() -> None:
    """End the running task where it was cancelled and that was lost. Raises CancelledError."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
