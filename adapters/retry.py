"""Asking again, for reads only."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.errors import BrokerUnavailable

T = TypeVar("T")


async def retry_read(
    read: Callable[[], Awaitable[T]],
    *,
    sleep: Callable[[float], Awaitable[None]],
    attempts: int = 3,
    first_delay_s: float = 0.2,
) -> T:
    """Call a read again after BrokerUnavailable, waiting twice as long each time.

    Raises the last BrokerUnavailable when every attempt failed, and any other error at once.
    Never give it a call that places or cancels.
    """
    delay_s = first_delay_s
    for _ in range(attempts - 1):
        try:
            return await read()
        except BrokerUnavailable:
            await sleep(delay_s)
            delay_s *= 2
    return await read()
