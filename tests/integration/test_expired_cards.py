"""A card that nobody decided on ends the turn that waits for it."""

from typing import Any

import httpx
import pytest

from adapters.errors import BrokerUnavailable
from app.conversation import expiring
from app.conversation.ending import LiveTurn
from app.identity.principal import OWNER_TENANT
from app.persistence import traces
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.agui import check_rules, read
from tests.integration.benches import a_bench
from tests.integration.conftest import Desk
from tests.integration.driving import approve, rows, say
from tests.integration.jobs import run_jobs

ORDER = "buy 10 INFY at market, cnc"


async def decision(client: httpx.AsyncClient, decision_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/api/v1/decisions/{decision_id}")).json()
    return dict(found["decision"])


async def test_the_trace_of_an_expired_card_says_that_nothing_was_executed_and_why(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        asked = await say(client, ORDER)
        before = await decision(client, asked["decision_id"])
        bench.clock.advance(seconds=settings.card_ttl_s)
        await run_jobs(desk, location)
        after = await decision(client, asked["decision_id"])
        await run_jobs(desk, location)
        again = await decision(client, asked["decision_id"])
        late = await approve(client, asked["cards"][0]["id"])

    assert before["final_outcome"] == "AWAITING_APPROVAL"
    assert (after["final_outcome"], after["error_code"]) == ("NOT_EXECUTED", "CARD_EXPIRED")
    assert after["version"] == before["version"] + 1
    assert (after["plan_id"], after["riskgate_result"], after["inputs_used"]) == (
        before["plan_id"],
        before["riskgate_result"],
        before["inputs_used"],
    )
    assert after["explanations"][0] == "The card's time was over; nothing was sent."
    assert again == after
    assert (late.status_code, late.json()["code"]) == (409, "CARD_ALREADY_DECIDED")
    assert bench.broker.placed == []


async def test_who_follows_the_run_that_ends_it_sees_its_last_event(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        asked = await say(client, ORDER)
        bench.clock.advance(seconds=settings.card_ttl_s)
        await run_jobs(desk, location)
        (woken,) = rows(
            location, "SELECT run_id, status FROM runs WHERE origin_run_id = %s", asked["run_id"]
        )
        stream = await client.get(f"/api/v1/runs/{woken['run_id']}/events?after=0")
        thread = rows(
            location,
            "SELECT content FROM messages WHERE run_id = %s AND role = 'assistant'",
            woken["run_id"],
        )

    run = read(stream.text)
    check_rules(run)
    assert woken["status"] == "FINISHED"
    assert run.last["type"] == "RUN_FINISHED"
    assert run.last["outcome"]["type"] == "success"
    assert run.last["result"]["error_code"] == "CARD_EXPIRED"
    assert len(thread) == 1


async def test_a_card_that_expires_while_the_server_is_down_ends_its_turn_at_the_next_start(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        asked, key = await say(client, ORDER), desk.owner_key
    bench.clock.advance(seconds=settings.card_ttl_s)
    async with bench.desk(settings, location, owner_key=key) as desk, desk.client() as client:
        await run_jobs(desk, location)
        after = await decision(client, asked["decision_id"])

    assert (after["final_outcome"], after["error_code"]) == ("NOT_EXECUTED", "CARD_EXPIRED")


async def test_a_question_that_expires_leaves_the_trace_of_its_turn_as_it_is(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        asked = await say(client, "buy INFY at market, cnc")
        bench.clock.advance(seconds=settings.card_ttl_s)
        await run_jobs(desk, location)
        after = await decision(client, asked["decision_id"])
        cards = rows(location, "SELECT status FROM cards")

    assert after["final_outcome"] == "NEEDS_INPUT"
    assert cards == [{"status": "EXPIRED"}]


async def test_a_turn_that_still_shows_its_card_ends_first(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        asked = await say(client, ORDER)
        bench.clock.advance(seconds=settings.card_ttl_s)
        await _set_status(desk, asked["run_id"], "RUNNING")
        card_id = asked["cards"][0]["id"]
        later = await desk.container.conversation.expiring.look(OWNER_TENANT, card_id)
        waiting = rows(location, "SELECT status FROM cards")
        await _set_status(desk, asked["run_id"], "FINISHED")
        done = await desk.container.conversation.expiring.look(OWNER_TENANT, card_id)
        after = await decision(client, asked["decision_id"])

    assert (later, waiting) == (expiring.LOOK_AGAIN, [{"status": "PENDING"}])
    assert (done, after["error_code"]) == (None, "CARD_EXPIRED")


async def test_an_end_that_cannot_be_stored_leaves_the_card_as_it_was(
    settings: Settings, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_session: Any, turn: LiveTurn, *_state: Any, at: Any) -> None:
        raise BrokerUnavailable(f"stands for any failure in {turn.run.run_id} at {at}")

    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        asked = await say(client, ORDER)
        bench.clock.advance(seconds=settings.card_ttl_s)
        card_id = asked["cards"][0]["id"]
        with monkeypatch.context() as broken:
            broken.setattr(expiring, "end_in", breaks)
            with pytest.raises(BrokerUnavailable):
                await desk.container.conversation.expiring.look(OWNER_TENANT, card_id)
        stored = rows(location, "SELECT status FROM cards")
        woken = rows(location, "SELECT run_id FROM runs WHERE origin_run_id IS NOT NULL")
        await run_jobs(desk, location)
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            trace = await traces.latest_trace(session, asked["decision_id"])

    assert (stored, woken) == ([{"status": "PENDING"}], [])
    assert trace is not None
    assert trace.error_code == "CARD_EXPIRED"


async def _set_status(desk: Desk, run_id: str, status: str) -> None:
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        await session.execute("UPDATE runs SET status = %s WHERE run_id = %s", (status, run_id))
