"""One turn at a time decides in a thread, and what a newer message does to the one before it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.driving import BUY, HELD_MAX_S, approve, rows, say, tenant

OTHER = "buy 5 TCS at market, cnc"


class Gate:
    """Holds whoever comes until it is opened."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self) -> None:
        self.arrived.set()
        await asyncio.wait_for(self.opened.wait(), HELD_MAX_S)

    async def reached(self) -> None:
        await asyncio.wait_for(self.arrived.wait(), 60)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [(OTHER, "AWAITING_APPROVAL"), ("stop", "ANSWERED"), ("Cancel!", "ANSWERED")],
)
async def test_a_newer_message_takes_the_place_of_a_turn_that_decided_nothing(
    settings: Settings, location: DatabaseLocation, words: str, outcome: str
) -> None:
    bench, gate = a_bench(), Gate()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.broker.before_snapshot = gate
        first = asyncio.create_task(say(client, BUY, thread_id="t1"))
        await gate.reached()
        newer = asyncio.create_task(say(client, words, thread_id="t1"))
        overtaken = await asyncio.wait_for(first, 60)
        gate.opened.set()
        second = await asyncio.wait_for(newer, 60)

    assert (overtaken["outcome"], overtaken["error_code"]) == ("CANCELLED", "RUN_OVERTAKEN")
    assert second["outcome"] == outcome
    pending = rows(location, "SELECT run_id FROM cards WHERE status = 'PENDING'")
    assert len(pending) == (1 if words == OTHER else 0)
    check(location, bench.mock)


async def test_of_many_messages_at_once_the_last_decides_alone(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        answers = await asyncio.wait_for(
            asyncio.gather(
                *(say(client, f"buy {n} INFY at market, cnc", thread_id="t1") for n in range(1, 9))
            ),
            30,
        )
        elsewhere = await say(client, BUY, thread_id="t2")

    outcomes = [answer["outcome"] for answer in answers]
    assert set(outcomes) <= {"AWAITING_APPROVAL", "CANCELLED"}
    assert "AWAITING_APPROVAL" in outcomes
    assert elsewhere["outcome"] == "AWAITING_APPROVAL"
    stopped = {answer["run_id"] for answer in answers if answer["outcome"] == "CANCELLED"}
    left = rows(location, "SELECT run_id FROM cards WHERE status = 'PENDING'")
    assert not stopped & {row["run_id"] for row in left}
    assert rows(location, "SELECT run_id FROM runs WHERE status = 'RUNNING'") == []
    assert len(left) == outcomes.count("AWAITING_APPROVAL") + 1
    check(location, bench.mock)


@pytest.mark.parametrize("words", [OTHER, "stop"])
async def test_a_message_waits_for_orders_that_are_being_sent_and_stops_none_half_way(
    settings: Settings, location: DatabaseLocation, words: str
) -> None:
    bench, gate = a_bench(), Gate()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = (await say(client, BUY, thread_id="t1"))["cards"][0]["id"]
        bench.broker.before_order = gate
        approval = asyncio.create_task(approve(client, card))
        await gate.reached()
        waiting = asyncio.create_task(say(client, words, thread_id="t1"))
        await _until(lambda: _step_of(location, "wait"))
        gate.opened.set()
        done = (await approval).json()
        answer = await asyncio.wait_for(waiting, 60)

    assert done["outcome"] == "EXECUTED"
    assert answer["error_code"] != "RUN_OVERTAKEN"
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_a_waiting_message_can_be_cancelled_itself(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench, gate = a_bench(), Gate()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = (await say(client, BUY, thread_id="t1"))["cards"][0]["id"]
        bench.broker.before_order = gate
        approval = asyncio.create_task(approve(client, card))
        await gate.reached()
        waiting = asyncio.create_task(say(client, OTHER, thread_id="t1"))
        await _until(lambda: _step_of(location, "wait"))
        run_id = rows(location, f"SELECT run_id FROM runs WHERE message = '{OTHER}'")[0]["run_id"]
        stopped = await client.post(f"/api/v1/runs/{run_id}/cancel")
        answer = await asyncio.wait_for(waiting, 60)
        gate.opened.set()
        done = (await approval).json()

    assert stopped.status_code == 200
    assert (answer["outcome"], answer["error_code"]) == ("CANCELLED", "RUN_CANCELLED")
    assert done["outcome"] == "EXECUTED"
    check(location, bench.mock)


async def test_another_tenants_thread_of_the_same_name_stops_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench, gate = a_bench(), Gate()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        stranger = await tenant(desk, "other")
        bench.broker.before_snapshot = gate
        first = asyncio.create_task(say(client, BUY, thread_id="t1"))
        await gate.reached()
        async with desk.client(stranger) as other:
            assert (await say(other, "help", thread_id="t1"))["outcome"] == "ANSWERED"
        gate.opened.set()
        assert (await asyncio.wait_for(first, 60))["outcome"] == "AWAITING_APPROVAL"


async def _until(happened: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(6_000):
        if await happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in time")


async def _step_of(location: DatabaseLocation, name: str) -> bool:
    found = await asyncio.to_thread(
        rows, location, f"SELECT seq FROM run_events WHERE event ->> 'stepName' = '{name}'"
    )
    return bool(found)
