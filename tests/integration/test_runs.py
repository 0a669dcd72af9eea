"""A run's events can be read again from anywhere, and the run does not depend on who reads."""

import asyncio
from contextlib import suppress

from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import (
    BUY,
    HELD_MAX_S,
    approve,
    frames,
    orders_of,
    person,
    propose,
    rows,
    say,
    tenant,
)

STREAM = {"Accept": "text/event-stream"}


async def test_a_stream_cut_anywhere_goes_on_where_it_was(desk: Desk) -> None:
    async with desk.client() as client:
        live = await client.post("/api/v1/chat", json={"message": BUY}, headers=STREAM)
        whole = frames(live.text)
        run_id = live.headers["X-Run-ID"]
        url = f"/api/v1/runs/{run_id}/events"
        for cut, (event_id, _event) in enumerate(whole[:-1], start=1):
            rest = await client.get(url, headers={"Last-Event-ID": event_id})
            assert frames(rest.text) == whole[cut:], f"cut after {event_id}"
            assert frames((await client.get(url, params={"after": cut})).text) == whole[cut:]
        end = await client.get(url, headers={"Last-Event-ID": whole[-1][0]})
        beyond = await client.get(url, params={"after": 10_000_000_000})

    assert [event_id for event_id, _ in whole] == [
        f"{run_id}:{number}" for number in range(1, len(whole) + 1)
    ]
    assert (whole[0][1]["type"], whole[-1][1]["type"]) == ("RUN_STARTED", "RUN_FINISHED")
    assert (end.status_code, end.text) == (204, "")
    assert beyond.status_code == 204


async def test_an_event_id_that_is_not_this_runs_is_refused(desk: Desk) -> None:
    async with desk.client() as client:
        url = f"/api/v1/runs/{(await say(client, 'help'))['run_id']}/events"
        for wrong in ("run_other:1", "nonsense", "-1", "1.5", ":", "99999999999999"):
            reply = await client.get(url, headers={"Last-Event-ID": wrong})
            assert (reply.status_code, reply.json()["code"]) == (400, "INVALID_PARAM"), wrong


async def test_a_run_of_somebody_else_is_not_there(desk: Desk) -> None:
    trader = await person(desk, "second", Role.TRADER)
    stranger = await tenant(desk, "other")
    async with desk.client() as client:
        run_id = (await say(client, "help"))["run_id"]
    for key in (trader, stranger):
        async with desk.client(key) as other:
            assert (await other.get(f"/api/v1/runs/{run_id}/events")).status_code == 404
            assert (await other.post(f"/api/v1/runs/{run_id}/cancel")).status_code == 404


async def test_a_reader_who_leaves_does_not_stop_the_run(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    arrived, released = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await asyncio.wait_for(released.wait(), HELD_MAX_S)

    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.broker.before_order = wait
        reading = asyncio.create_task(approve(client, card, headers=STREAM))
        await asyncio.wait_for(arrived.wait(), 60)
        reading.cancel()
        await asyncio.wait([reading], timeout=HELD_MAX_S)
        released.set()
        done = (await approve(client, card)).json()

    assert done["outcome"] == "EXECUTED"
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_a_cancelled_run_ends_once_and_leaves_nothing_to_approve(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    arrived, released = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await asyncio.wait_for(released.wait(), HELD_MAX_S)

    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.broker.before_snapshot = wait
        turn = asyncio.create_task(client.post("/api/v1/chat", json={"message": BUY}))
        await asyncio.wait_for(arrived.wait(), 60)
        run_id = rows(location, "SELECT run_id FROM runs")[0]["run_id"]
        url = f"/api/v1/runs/{run_id}/cancel"
        both = await asyncio.gather(*(client.post(url) for _ in range(6)))
        answer = (await asyncio.wait_for(turn, 60)).json()
        released.set()
        stream = frames((await client.get(f"/api/v1/runs/{run_id}/events")).text)
        late = await client.post(url)

    assert sorted(reply.status_code for reply in both) == [200] + [409] * 5
    assert late.status_code == 409
    assert (answer["outcome"], answer["error_code"]) == ("CANCELLED", "RUN_CANCELLED")
    assert stream[-1][1]["type"] == "RUN_FINISHED"
    assert stream[-1][1]["outcome"]["type"] == "cancelled"
    statuses = rows(location, "SELECT status FROM cards WHERE status = 'PENDING'")
    assert statuses == []
    check(location, bench.mock)


async def test_a_turn_whose_cancellation_was_lost_on_its_way_ends_as_cancelled(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    arrived = asyncio.Event()

    async def be_deaf() -> None:
        arrived.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.Event().wait(), HELD_MAX_S)

    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.broker.before_snapshot = be_deaf
        turn = asyncio.create_task(client.post("/api/v1/chat", json={"message": BUY}))
        await asyncio.wait_for(arrived.wait(), 60)
        run_id = rows(location, "SELECT run_id FROM runs")[0]["run_id"]
        cancelled = await client.post(f"/api/v1/runs/{run_id}/cancel")
        answer = (await asyncio.wait_for(turn, 60)).json()

    assert cancelled.status_code == 200
    assert (answer["outcome"], answer["error_code"]) == ("CANCELLED", "RUN_CANCELLED")
    assert rows(location, "SELECT status FROM cards WHERE status = 'PENDING'") == []
    check(location, bench.mock)


async def test_a_run_that_sends_orders_cannot_be_cancelled(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    arrived, released = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await asyncio.wait_for(released.wait(), HELD_MAX_S)

    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.broker.before_order = wait
        approval = asyncio.create_task(approve(client, card))
        await asyncio.wait_for(arrived.wait(), 60)
        running = rows(location, "SELECT run_id FROM runs WHERE status = 'RUNNING'")
        refused = await client.post(f"/api/v1/runs/{running[0]['run_id']}/cancel")
        released.set()
        done = (await approval).json()

    assert (refused.status_code, refused.json()["code"]) == (409, "RUN_EXECUTING")
    assert done["outcome"] == "EXECUTED"
    check(location, bench.mock)


async def test_a_hand_faster_than_the_turn_still_gets_its_order(
    settings: Settings, location: DatabaseLocation
) -> None:
    """The card is approved while the turn that showed it has not ended yet."""
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        turn = asyncio.create_task(client.post("/api/v1/chat", json={"message": BUY}))
        card = None
        for _ in range(2_000):
            pending = (await client.get("/api/v1/cards?status=PENDING")).json()["rows"]
            if pending:
                card = pending[0]["id"]
                break
        assert card is not None
        done = (await approve(client, card)).json()
        shown = (await turn).json()
        orders = await orders_of(client)

    assert (shown["outcome"], done["outcome"]) == ("AWAITING_APPROVAL", "EXECUTED")
    assert [order["state"] for order in orders] == ["FILLED"]
    check(location, bench.mock)
