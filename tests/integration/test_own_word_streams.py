"""Where a message is its own approval, whoever streams it sees the execution too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.agui import Run, check_rules, read, run_input
from tests.integration.benches import Bench, a_bench
from tests.integration.conftest import Desk
from tests.integration.driving import approve, say, set_policy
from tests.integration.test_execute import own_word_policy, set_mode

ORDER = "buy 10 INFY at market, cnc"
STREAM = {"Accept": "text/event-stream"}


@asynccontextmanager
async def executing_desk(
    settings: Settings, location: DatabaseLocation
) -> AsyncIterator[tuple[Bench, Desk, httpx.AsyncClient]]:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, own_word_policy())
        await set_mode(desk, "EXECUTE")
        yield bench, desk, client


def runs_of(text: str) -> list[Run]:
    """Return the runs of one stream, each checked by itself."""
    whole = read(text)
    starts = [place for place, kind in enumerate(whole.kinds) if kind == "RUN_STARTED"]
    ends = [*starts[1:], len(whole.events)]
    found = [
        replace(whole, events=whole.events[start:end], ids=whole.ids[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]
    for run in found:
        check_rules(run)
        run_id = run.events[0]["runId"]
        assert list(run.ids) == [f"{run_id}:{number}" for number in range(1, len(run.ids) + 1)]
    return found


async def test_a_streamed_message_carries_the_events_of_its_execution(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with executing_desk(settings, location) as (bench, _desk, client):
        stream = await client.post("/api/v1/chat", json={"message": ORDER}, headers=STREAM)
        shown, carried_out = runs_of(stream.text)

    assert [card["content"]["kind"] for card in shown.of("ACTIVITY_SNAPSHOT")] == ["trade_plan"]
    assert [card["content"]["kind"] for card in carried_out.of("ACTIVITY_SNAPSHOT")] == ["result"]
    assert carried_out.last["result"]["outcome"] == "EXECUTED"
    assert carried_out.last["result"]["orders"][0]["state"] == "FILLED"
    assert len(bench.broker.placed) == 1


async def test_an_ag_ui_run_carries_them_too_and_a_repeated_one_tells_the_same(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with executing_desk(settings, location) as (bench, _desk, client):
        first = await client.post("/agui", json=run_input(ORDER), headers=STREAM)
        again = await client.post("/agui", json=run_input(ORDER), headers=STREAM)

    _shown, carried_out = runs_of(first.text)
    assert carried_out.last["result"]["outcome"] == "EXECUTED"
    assert read(again.text) == read(first.text)
    assert len(bench.broker.placed) == 1


async def test_who_lost_the_stream_after_the_card_gets_the_execution_when_asking_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with executing_desk(settings, location) as (_bench, _desk, client):
        stream = await client.post("/api/v1/chat", json={"message": ORDER}, headers=STREAM)
        shown, carried_out = runs_of(stream.text)
        run_id, last = shown.events[0]["runId"], shown.ids[-1]
        path = f"/api/v1/runs/{run_id}/events"
        resumed = await client.get(path, headers={**STREAM, "Last-Event-ID": last})

    assert read(resumed.text) == carried_out


async def test_a_card_that_a_person_approved_is_not_told_in_the_stream_of_its_message(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        asked = await say(client, ORDER)
        await approve(client, asked["cards"][0]["id"])
        path = f"/api/v1/runs/{asked['run_id']}/events"
        whole = await client.get(f"{path}?after=0", headers=STREAM)
        over = await client.get(f"{path}?after=999", headers=STREAM)

    assert len(runs_of(whole.text)) == 1
    assert over.status_code == 204


async def test_a_word_that_cannot_be_carried_out_leaves_the_card_and_ends_the_stream(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with executing_desk(settings, location) as (bench, _desk, client):
        async with asyncio.timeout(60):
            above = await client.post(
                "/api/v1/chat", json={"message": "buy 25 INFY at market, cnc"}, headers=STREAM
            )

    (shown,) = runs_of(above.text)
    assert shown.last["outcome"]["type"] == "interrupt"
    assert bench.broker.placed == []
