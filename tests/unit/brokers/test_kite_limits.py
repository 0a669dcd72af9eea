import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.brokers.kite_mcp.catalogue import Kind
from adapters.brokers.kite_mcp.limits import (
    CHANGES_PER_ORDER,
    KEPT_FOR_CANCELS,
    ORDER_CALLS_PER_SECOND,
    ORDERS_PER_DAY,
    ORDERS_PER_MINUTE,
    PATIENCE_S,
    PER_SECOND,
    Limits,
    OverLimit,
    Window,
    wait_s,
)
from tests.fakes.clock import MORNING, FakeClock


class Time:
    """Seconds that pass only when everybody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._waiting: list[tuple[float, int, asyncio.Event]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        heapq.heappush(self._waiting, (self.now_s + seconds, next(self._order), woken))
        await woken.wait()

    async def run(self, *tasks: Awaitable[None]) -> None:
        """Run the tasks to their end, moving on to whoever is to wake next."""
        running = asyncio.gather(*tasks)
        while not running.done():
            await settled()
            if self._waiting and not running.done():
                self.now_s, _, woken = heapq.heappop(self._waiting)
                woken.set()
        await running


async def settled() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


class Desk:
    """Many callers under the limits of one account, and when each was let out."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.time, self.clock = Time(), FakeClock()
        self.limits = Limits(
            clock=self.clock,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
            patience_s=patience_s,
        )
        self.out: list[tuple[Kind, float]] = []
        self.refused: list[Kind] = []

    def caller(
        self, kind: Kind, *, at_s: float = 0, order_id: str | None = None
    ) -> Callable[[], Awaitable[None]]:
        async def call() -> None:
            if at_s:
                await self.time.sleep(at_s)
            try:
                await self.limits.admit(kind, order_id)
            except OverLimit:
                self.refused.append(kind)
            else:
                self.out.append((kind, self.time.now_s))

        return call

    async def calls(self, kind: Kind, count: int, **more: object) -> None:
        await self.time.run(*(self.caller(kind, **more)() for _ in range(count)))  # type: ignore[arg-type]

    def most_in(self, span_s: float, *kinds: Kind) -> int:
        times = sorted(at for kind, at in self.out if kind in kinds)
        return max(sum(start <= at < start + span_s for at in times) for start in times)


@pytest.mark.parametrize("kind", [Kind.READ, Kind.SEARCH, Kind.QUOTE, Kind.HISTORY])
async def test_reads_searches_quotes_and_history_stay_within_their_second(kind: Kind) -> None:
    desk = Desk(patience_s=100)
    await desk.calls(kind, 3 * PER_SECOND[kind] + 1)
    assert len(desk.out) == 3 * PER_SECOND[kind] + 1
    assert desk.most_in(1, kind) == PER_SECOND[kind]


async def test_a_burst_of_orders_stays_within_the_second_with_room_for_cancels() -> None:
    desk = Desk(patience_s=100)
    await desk.calls(Kind.PLACE, 40)
    assert len(desk.out) == 40
    assert desk.most_in(1, Kind.PLACE) == ORDER_CALLS_PER_SECOND - KEPT_FOR_CANCELS


async def test_orders_that_wait_never_delay_a_cancel() -> None:
    desk = Desk(patience_s=100)
    orders = [desk.caller(Kind.PLACE)() for _ in range(60)]
    cancels = [desk.caller(Kind.CANCEL, at_s=2.5)() for _ in range(KEPT_FOR_CANCELS)]
    await desk.time.run(*orders, *cancels)
    assert [at for kind, at in desk.out if kind is Kind.CANCEL] == [2.5] * KEPT_FOR_CANCELS


async def test_many_cancels_at_once_go_before_every_order_that_waits() -> None:
    desk = Desk(patience_s=100)
    orders = [desk.caller(Kind.PLACE)() for _ in range(40)]
    cancels = [desk.caller(Kind.CANCEL, at_s=0.5)() for _ in range(30)]
    await desk.time.run(*orders, *cancels)
    last_cancel = max(at for kind, at in desk.out if kind is Kind.CANCEL)
    between = [at for kind, at in desk.out if kind is Kind.PLACE and 0.5 < at < last_cancel]
    # One a second still goes: orders are not starved, and every cancel is out in 4 seconds.
    assert last_cancel < 4
    assert len(between) <= 4
    assert desk.most_in(1, Kind.PLACE, Kind.CANCEL) <= ORDER_CALLS_PER_SECOND


async def test_a_call_that_would_wait_too_long_is_refused_and_not_counted() -> None:
    desk = Desk(patience_s=2)
    await desk.calls(Kind.QUOTE, 10)
    assert (len(desk.out), len(desk.refused)) == (2, 8)
    assert desk.time.now_s < 3


async def test_where_room_was_waited_for_the_call_leaves_at_once_and_room_counts_nothing() -> None:
    desk = Desk()
    at_once = ORDER_CALLS_PER_SECOND - KEPT_FOR_CANCELS
    await desk.calls(Kind.PLACE, at_once)
    for _ in range(3):
        await desk.time.run(desk.limits.room(Kind.PLACE))
    ready_s = desk.time.now_s
    await desk.calls(Kind.PLACE, at_once)
    assert ready_s > 1
    assert [at for _, at in desk.out] == [0.0] * at_once + [ready_s] * at_once


async def test_room_that_does_not_come_soon_is_told() -> None:
    desk = Desk(patience_s=0.5)
    await desk.calls(Kind.PLACE, ORDER_CALLS_PER_SECOND - KEPT_FOR_CANCELS)
    with pytest.raises(OverLimit):
        await desk.time.run(desk.limits.room(Kind.PLACE))


async def test_four_hundred_orders_are_a_minutes_measure() -> None:
    desk = Desk(patience_s=1_000)
    await desk.calls(Kind.PLACE, ORDERS_PER_MINUTE + 30)
    assert desk.most_in(60, Kind.PLACE) == ORDERS_PER_MINUTE


async def test_a_days_orders_are_counted_by_the_day_in_india() -> None:
    desk = Desk(patience_s=1_000_000)
    await desk.calls(Kind.PLACE, ORDERS_PER_DAY)
    await desk.calls(Kind.PLACE, 1)
    assert desk.refused == [Kind.PLACE]
    await desk.calls(Kind.CANCEL, 1)
    # Midnight in India is at 18:30 UTC.
    desk.clock.set(MORNING + timedelta(hours=13, minutes=59))
    await desk.calls(Kind.PLACE, 1)
    assert len(desk.refused) == 2
    desk.clock.set(MORNING + timedelta(hours=14))
    await desk.calls(Kind.PLACE, 1)
    assert len(desk.refused) == 2


async def test_one_order_is_changed_25_times_and_another_still_may_be() -> None:
    desk = Desk(patience_s=1_000)
    await desk.calls(Kind.MODIFY, CHANGES_PER_ORDER + 1, order_id="1")
    assert (len(desk.out), len(desk.refused)) == (CHANGES_PER_ORDER, 1)
    await desk.calls(Kind.MODIFY, 1, order_id="2")
    assert len(desk.refused) == 1


async def test_a_storm_of_ten_minutes_keeps_the_limits_and_lets_cancels_out_at_once() -> None:
    desk = Desk()
    storm = [desk.caller(Kind.PLACE, at_s=second)() for second in range(600) for _ in range(5)]
    cancels = [desk.caller(Kind.CANCEL, at_s=second + 0.25)() for second in range(0, 600, 3)]
    await desk.time.run(*storm, *cancels)
    assert desk.most_in(1, Kind.PLACE, Kind.CANCEL) <= ORDER_CALLS_PER_SECOND
    assert desk.most_in(60, Kind.PLACE) <= ORDERS_PER_MINUTE
    waited = [(at - 0.25) % 3 for kind, at in desk.out if kind is Kind.CANCEL]
    assert (len(waited), max(waited)) == (200, 0)
    assert Kind.CANCEL not in desk.refused


@given(
    st.lists(st.floats(0, 50), max_size=60),
    st.integers(1, 8),
    st.floats(0.5, 5, allow_subnormal=False),
)
def test_whoever_waits_as_long_as_told_keeps_the_window(
    asked: list[float], most: int, span_s: float
) -> None:
    sent: list[float] = []
    window = [Window(span_s, most)]
    for at in sorted(asked):
        now = max([at, *sent[-1:]])
        now += wait_s(sent, window, now)
        sent.append(now)
    for first, last in zip(sent, sent[most:], strict=False):
        assert last - first >= span_s - 1e-9


@given(st.lists(st.floats(0, 50), max_size=20), st.floats(50, 60))
def test_nobody_waits_while_there_is_room(sent: list[float], now: float) -> None:
    assert wait_s(sorted(sent), [Window(100, len(sent) + 1)], now) == 0
