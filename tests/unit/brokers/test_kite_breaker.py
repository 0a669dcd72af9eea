"""A storm at Kite: what can wait is held for a moment, and what makes safe always goes out."""

import math
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from adapters.brokers.kite_mcp.breaker import (
    APART_MAX_S,
    FAILURES_MAX,
    GUARDED,
    PAUSE_S,
    SLOW_S,
    Breaker,
    CallsPaused,
    Circuit,
    after_failure,
    is_trouble,
    let_out,
    pause_s,
)
from adapters.brokers.kite_mcp.catalogue import Kind
from adapters.brokers.kite_mcp.ports import KiteReply, ToolsInterrupted, ToolsUnavailable
from adapters.errors import BrokerUnavailable
from tests.fakes.kite_session import KiteDesk, Seconds, a_kite_desk
from tests.fakes.kite_standin import Kind as Goes
from tests.fakes.kite_standin import Trouble
from tests.fakes.orders import an_order
from tests.unit.brokers.kite_server import ORDER

CANCEL: dict[str, JsonValue] = {"variety": "regular", "order_id": "1"}
QUOTE: dict[str, JsonValue] = {"instruments": ["NSE:INFY"]}


@pytest.fixture
async def desk() -> AsyncIterator[KiteDesk]:
    async with a_kite_desk() as desk:
        desk.be_logged_in()
        await desk.session.make_ready("place_order")
        yield desk


async def tried(desk: KiteDesk, tool: str, arguments: dict[str, JsonValue]) -> KiteReply | str:
    """Call a tool and return its reply, or what is said of a call without one."""
    try:
        return await desk.session.call(tool, arguments)
    except (ToolsUnavailable, ToolsInterrupted) as failed:
        return failed.message


async def failing(desk: KiteDesk, times: int = FAILURES_MAX) -> None:
    """Let a proxy lose orders, one after the other."""
    desk.kite.storm("place_order", 503, times=times)
    for _ in range(times):
        with pytest.raises(ToolsInterrupted):
            await desk.session.call("place_order", ORDER)


def tripped(at_s: float = 0.0) -> Circuit:
    return Circuit(FAILURES_MAX, at_s)


def test_a_circuit_is_closed_then_open_until_then_half_open_for_one() -> None:
    circuit = Circuit()
    for number in range(FAILURES_MAX):
        assert pause_s(circuit, float(number)) == 0
        circuit = after_failure(circuit, float(number))
    last_s = FAILURES_MAX - 1.0
    assert pause_s(circuit, last_s) == PAUSE_S
    assert pause_s(circuit, last_s + PAUSE_S - 0.5) == 0.5
    again_s = last_s + PAUSE_S
    assert pause_s(circuit, again_s) == 0
    trial = let_out(circuit, again_s)
    assert pause_s(trial, again_s) == PAUSE_S
    assert pause_s(after_failure(trial, again_s + 1), again_s + 1) == PAUSE_S


def test_a_trial_of_which_nothing_is_heard_makes_way_for_the_next() -> None:
    assert pause_s(let_out(tripped(), 100), 100 + PAUSE_S) == 0


def test_a_closed_circuit_is_not_changed_by_calls_that_go_out() -> None:
    assert let_out(Circuit(2, 1.0), 50.0) == Circuit(2, 1.0)


def test_failures_far_apart_are_no_storm() -> None:
    circuit = Circuit()
    for number in range(3 * FAILURES_MAX):
        circuit = after_failure(circuit, number * (APART_MAX_S + 1))
        assert circuit.failures == 1


@given(
    st.lists(st.tuples(st.floats(0, 70), st.booleans()), max_size=40), st.sampled_from(list(Kind))
)
def test_nothing_is_ever_held_longer_than_one_pause(
    steps: list[tuple[float, bool]], kind: Kind
) -> None:
    seconds = Seconds()
    breaker = Breaker(monotonic=seconds.monotonic)
    for passed_s, works in steps:
        seconds.now_s += passed_s
        try:
            breaker.admit(kind)
        except CallsPaused:
            seconds.now_s += PAUSE_S
            breaker.admit(kind)
        (breaker.worked if works else breaker.failed)(kind)


@given(st.integers(0, 60), st.sampled_from(sorted(set(Kind) - GUARDED)))
def test_what_makes_safe_or_settles_is_never_held(failures: int, kind: Kind) -> None:
    breaker = Breaker(monotonic=lambda: 0.0)
    for _ in range(failures):
        breaker.failed(kind)
    breaker.admit(kind)


def test_cancels_and_the_reading_of_the_book_are_among_what_is_never_held() -> None:
    assert not GUARDED & {Kind.CANCEL, Kind.READ, Kind.LOGIN, Kind.SEARCH}


@pytest.mark.parametrize("kind", sorted(GUARDED - {Kind.QUOTE}))
def test_a_quick_no_is_no_trouble_and_a_slow_one_is(kind: Kind) -> None:
    quick, slow = math.nextafter(SLOW_S, 0), SLOW_S
    assert (is_trouble(kind, took_s=quick), is_trouble(kind, took_s=slow)) == (False, True)


async def test_after_some_lost_orders_none_is_sent_for_a_moment_and_the_words_say_how_long(
    desk: KiteDesk,
) -> None:
    await failing(desk)
    desk.seconds.now_s += 1
    with pytest.raises(ToolsUnavailable) as caught:
        await desk.session.call("place_order", ORDER)
    assert caught.value.message == (
        "KITE_CALLS_PAUSED: Kite failed 5 calls of this kind in a row (PLACE); nothing was sent, "
        "and the next may go in 4.0 s"
    )
    assert desk.kite.place_calls == 0


async def test_an_order_that_is_held_is_surely_not_sent(desk: KiteDesk) -> None:
    await failing(desk)
    with pytest.raises(BrokerUnavailable, match="was not sent to Kite: KITE_CALLS_PAUSED"):
        await desk.broker().place_order(an_order(limit="1480"))


async def test_while_orders_are_held_cancels_and_the_book_go_out(desk: KiteDesk) -> None:
    placed = await desk.broker().place_order(an_order(limit="1480"))
    await failing(desk)
    broker = desk.broker()
    assert "KITE_CALLS_PAUSED" in str(await tried(desk, "place_order", ORDER))
    await broker.cancel_order(desk.account_id, placed.broker_order_id)
    (order,) = await broker.find_orders_by_tag(desk.account_id, placed.tag or "")
    assert order.status == "CANCELLED"
    assert (await broker.get_snapshot(desk.account_id)).orders == (order,)
    assert await broker.get_trades(desk.account_id) == ()


async def test_no_number_of_failures_holds_a_cancel_or_a_look_at_the_book(desk: KiteDesk) -> None:
    times = 3 * FAILURES_MAX
    for tool, arguments in (("cancel_order", CANCEL), ("get_orders", {})):
        desk.kite.storm(tool, 429, times=times)
        for _ in range(times + 1):
            assert "KITE_CALLS_PAUSED" not in str(await tried(desk, tool, arguments))
        assert desk.kite.count(tool) == 1


async def test_after_the_pause_one_order_goes_out_to_see_and_its_success_lets_all_out(
    desk: KiteDesk,
) -> None:
    await failing(desk)
    desk.seconds.now_s += PAUSE_S
    await failing(desk, times=1)
    assert "KITE_CALLS_PAUSED" in str(await tried(desk, "place_order", ORDER))
    desk.seconds.now_s += PAUSE_S
    for _ in range(2):
        assert not (await desk.session.call("place_order", ORDER)).is_error
    assert desk.kite.place_calls == 2


async def test_one_success_in_between_is_no_storm(desk: KiteDesk) -> None:
    for _ in range(2):
        await failing(desk, times=FAILURES_MAX - 1)
        assert not (await desk.session.call("place_order", ORDER)).is_error


async def test_orders_that_kite_refuses_hold_no_other_order(desk: KiteDesk) -> None:
    """The server words a refusal as it words trouble; a refused order must not stop an exit."""
    desk.kite.troubles.add("place_order", Trouble(Goes.KITE_REFUSES), times=20)
    for _ in range(20):
        desk.seconds.now_s += 0.5
        assert (await desk.session.call("place_order", ORDER)).is_error
    assert not (await desk.session.call("place_order", ORDER)).is_error


async def test_quotes_that_fail_are_held_and_orders_are_not(desk: KiteDesk) -> None:
    desk.kite.fail("get_quotes")
    for _ in range(FAILURES_MAX):
        assert isinstance(await tried(desk, "get_quotes", QUOTE), KiteReply)
    assert "(QUOTE); nothing was sent" in str(await tried(desk, "get_quotes", QUOTE))
    assert not (await desk.session.call("place_order", ORDER)).is_error
    desk.kite.troubles.clear()
    desk.seconds.now_s += PAUSE_S
    reply = await tried(desk, "get_quotes", QUOTE)
    assert isinstance(reply, KiteReply)
    assert not reply.is_error


async def test_a_storm_of_a_minute_sees_few_orders_and_every_cancel(desk: KiteDesk) -> None:
    """Five leave in vain, and then one each five seconds; each cancel leaves."""
    desk.kite.storm("place_order", 503, times=10_000)
    sent = 0
    for second in range(60):
        sent += "KITE_CALLS_PAUSED" not in str(await tried(desk, "place_order", ORDER))
        if second % 3 == 0:
            await tried(desk, "cancel_order", CANCEL)
        desk.seconds.now_s += 1
    assert sent == FAILURES_MAX + (60 - FAILURES_MAX) / PAUSE_S
    assert desk.kite.count("cancel_order") == 20
