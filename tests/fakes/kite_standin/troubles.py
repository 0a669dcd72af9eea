"""What a test can let go wrong, call by call."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

ANY: Final = "*"


class Kind(StrEnum):
    """Where a call goes wrong: at Kite, in the server's answer, or on the way to the client."""

    NONE = "none"
    KITE_REFUSES = "Kite refuses; nothing is booked"
    KITE_LATE_NOT_BOOKED = "Kite is silent past the server's 7 s; nothing is booked"
    KITE_LATE_BOOKED = "Kite books and answers past the server's 7 s"
    KITE_EMPTY = "Kite books and answers {}"
    KITE_NULL = "Kite's data is null"
    GARBLED = "the server answers a text that is no JSON; booked"
    HANG_UP_BEFORE = "the connection ends before the server has done anything"
    HANG_UP_AFTER = "all is done and the connection ends without an answer"
    CUT = "all is done and half of the answer comes"
    HTTP_BEFORE = "a proxy answers; nothing is done"
    HTTP_AFTER = "all is done and a proxy answers"
    OTHER_REPLICA = "a replica answers that knows no such session"
    HELD = "all is done and the answer waits until it is released"
    HELD_BEFORE = "nothing is done until it is released"


@dataclass(frozen=True)
class Hold:
    """An answer that is kept back: `reached` when it is ready, sent once `released`."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Say that the answer is ready, and keep it back."""
        self.reached.set()
        await self.released.wait()


@dataclass(frozen=True)
class Trouble:
    """One trouble of one call."""

    kind: Kind
    status: int = 502
    text: str = ""
    hold: Hold | None = None


class Troubles:
    """Troubles in the order they were asked for, by tool or method name; ANY is for all."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Trouble]] = defaultdict(deque)
        self._standing: dict[str, Trouble] = {}

    def add(self, name: str, trouble: Trouble, *, times: int = 1) -> None:
        """Let the next calls of a tool go wrong."""
        self._waiting[name].extend([trouble] * times)

    def stand(self, name: str, trouble: Trouble) -> None:
        """Let every call of a tool go wrong until `clear`."""
        self._standing[name] = trouble

    def clear(self, name: str | None = None) -> None:
        """Forget the troubles of a tool, or all of them."""
        for kept in (self._waiting, self._standing):
            if name is None:
                kept.clear()
            else:
                kept.pop(name, None)

    def waiting(self, name: str) -> int:
        """Return how many calls of a tool are yet to go wrong."""
        return len(self._waiting[name])

    def take(self, name: str) -> Trouble:
        """Return what becomes of this call."""
        for key in (name, ANY):
            if self._waiting[key]:
                return self._waiting[key].popleft()
            if key in self._standing:
                return self._standing[key]
        return Trouble(Kind.NONE)

    @contextmanager
    def held(self, name: str, *, before: bool = False) -> Iterator[Hold]:
        """Keep the next answer of a tool back, or its call, until released or the block ends."""
        hold = Hold()
        self.add(name, Trouble(Kind.HELD_BEFORE if before else Kind.HELD, hold=hold))
        try:
            yield hold
        finally:
            hold.released.set()
