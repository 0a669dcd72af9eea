"""Kite's limits on calls, kept on our side: its refusals would come back without their reason.

Kite counts an account's calls over every program; these counts are of this process alone, and
stay a little below. Orders leave two places of each second to cancels, and cancels pass orders
that wait: what takes risk away is never behind what adds it.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.brokers.kite_mcp.catalogue import Kind
from adapters.brokers.kite_mcp.login_steps import INDIA
from adapters.ports import Clock

# A little over a second, for calls that leave evenly may arrive bunched.
SECOND_S: Final = 1.1
MINUTE_S: Final = 61.0
PER_SECOND: Final = {
    Kind.LOGIN: 10,
    Kind.READ: 10,
    Kind.SEARCH: 30,
    Kind.QUOTE: 1,
    Kind.HISTORY: 3,
}
ORDER_CALLS_PER_SECOND: Final = 10
KEPT_FOR_CANCELS: Final = 2
ORDERS_PER_MINUTE: Final = 400
ORDERS_PER_DAY: Final = 5_000
CHANGES_PER_ORDER: Final = 25
PATIENCE_S: Final = 5.0


@dataclass(frozen=True)
class Window:
    """At most `most` calls in any `span_s` seconds."""

    span_s: float
    most: int


class OverLimit(Exception):
    """The call would have to wait too long, or Kite would refuse it today; it was not sent."""

    code = "KITE_LIMIT_REACHED"

    def __init__(self, message: str) -> None:
        # The code is in the words, for they are all that goes on from here.
        self.message = f"{self.code}: {message}"
        super().__init__(self.message)


def wait_s(sent: Sequence[float], windows: Sequence[Window], now: float) -> float:
    """Return how long a call waits so that no window holds more than its most. Pure.

    `sent` are the moments of earlier calls, oldest first, in the seconds of `now`.
    """
    waits = [
        sent[-window.most] + window.span_s - now for window in windows if len(sent) >= window.most
    ]
    return max([0.0, *waits])


class Limits:
    """Lets the calls of one account out in time.

    `monotonic` gives seconds; a call that would wait more than `patience_s` raises OverLimit.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._patience_s = patience_s
        self._reads = {kind: deque[float](maxlen=most) for kind, most in PER_SECOND.items()}
        self._order_calls = deque[float](maxlen=ORDER_CALLS_PER_SECOND)
        self._orders = deque[float](maxlen=ORDERS_PER_MINUTE)
        self._day: date | None = None
        self._orders_today = 0
        self._changes: Counter[str] = Counter()
        self._cancels_waiting = 0
        self._turns = {kind: asyncio.Lock() for kind in Kind}
        # Places and changes share one queue, as they share one count.
        self._turns[Kind.MODIFY] = self._turns[Kind.PLACE]

    async def admit(self, kind: Kind, order_id: str | None = None) -> None:
        """Return when a call may leave, and count it; raises OverLimit.

        `order_id` is the order that is changed.
        """
        until = self._monotonic() + self._patience_s
        self._refuse_for_the_day(kind, order_id)
        self._cancels_waiting += kind is Kind.CANCEL
        try:
            async with self._turns[kind]:
                await self._wait(kind, until)
                self._refuse_for_the_day(kind, order_id)
                self._count(kind, order_id)
        finally:
            self._cancels_waiting -= kind is Kind.CANCEL

    async def room(self, kind: Kind) -> None:
        """Return when a call could leave at once, and count nothing; raises OverLimit.

        Nothing is kept free: who is admitted first has the place.
        """
        until = self._monotonic() + self._patience_s
        async with self._turns[kind]:
            await self._wait(kind, until)

    async def _wait(self, kind: Kind, until: float) -> None:
        while (wait := self._wait_s(kind)) > 0:
            if self._monotonic() + wait > until:
                raise OverLimit(
                    f"Kite's limit on calls is reached for {wait:.1f} s; nothing was sent"
                )
            await self._sleep(wait)

    def _wait_s(self, kind: Kind) -> float:
        now = self._monotonic()
        if kind in self._reads:
            return wait_s(self._reads[kind], [Window(SECOND_S, PER_SECOND[kind])], now)
        if kind is Kind.CANCEL:
            return wait_s(self._order_calls, [Window(SECOND_S, ORDER_CALLS_PER_SECOND)], now)
        room = ORDER_CALLS_PER_SECOND - max(KEPT_FOR_CANCELS, self._cancels_waiting)
        return max(
            wait_s(self._order_calls, [Window(SECOND_S, max(room, 1))], now),
            wait_s(self._orders, [Window(MINUTE_S, ORDERS_PER_MINUTE)], now),
        )

    def _count(self, kind: Kind, order_id: str | None) -> None:
        now = self._monotonic()
        if kind in self._reads:
            self._reads[kind].append(now)
            return
        self._order_calls.append(now)
        if kind is not Kind.CANCEL:
            self._orders.append(now)
            self._orders_today += 1
        if kind is Kind.MODIFY and order_id is not None:
            self._changes[order_id] += 1

    def _refuse_for_the_day(self, kind: Kind, order_id: str | None) -> None:
        today = self._clock.now().astimezone(INDIA).date()
        if today != self._day:
            self._day, self._orders_today = today, 0
            self._changes.clear()
        if kind not in {Kind.PLACE, Kind.MODIFY}:
            return
        if self._orders_today >= ORDERS_PER_DAY:
            raise OverLimit(f"Kite takes {ORDERS_PER_DAY} orders a day, and they are spent")
        if order_id is not None and self._changes[order_id] >= CHANGES_PER_ORDER:
            raise OverLimit(
                f"Kite takes {CHANGES_PER_ORDER} changes of one order; cancel it and place anew"
            )
