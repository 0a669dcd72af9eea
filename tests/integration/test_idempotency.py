"""The same key and body act once and answer the same; anything else is told so."""

import asyncio

import pytest

from app.api import idempotency
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import (
    BUY,
    HELD_MAX_S,
    approve,
    as_owner,
    frames,
    mock_of,
    orders_of,
    propose,
    rows,
    tenant,
)

KEY = {"Idempotency-Key": "k-1"}


async def test_a_repeated_chat_answers_the_same_bytes_and_plans_once(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        first = await client.post("/api/v1/chat", json={"message": BUY}, headers=KEY)
        second = await client.post("/api/v1/chat", json={"message": BUY}, headers=KEY)
        other = await client.post("/api/v1/chat", json={"message": "help"}, headers=KEY)

    assert (first.status_code, second.content) == (200, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_PAYLOAD_MISMATCH")
    assert len(rows(location, "SELECT 1 FROM plans")) == 1


async def test_a_repeated_approval_answers_the_same_bytes_and_sends_once(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        card = await propose(client)
        first = await approve(client, card, headers=KEY, json={"comment": "yes"})
        second = await approve(client, card, headers=KEY, json={"comment": "yes"})
        other = await approve(client, card, headers=KEY, json={"comment": "no"})

    assert (first.status_code, second.content) == (200, first.content)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    check(location, mock_of(mock_desk))


async def test_fifty_parallel_repeats_send_one_order_and_all_get_its_answer_or_wait(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        card = await propose(client)
        replies = await asyncio.gather(*(approve(client, card, headers=KEY) for _ in range(50)))
        late = await approve(client, card, headers=KEY)
        orders = await orders_of(client)

    done = {reply.content for reply in replies if reply.status_code == 200}
    others = {
        (reply.status_code, reply.json()["code"]) for reply in replies if reply.status_code != 200
    }
    assert done == {late.content}
    assert others <= {(409, "IDEMPOTENCY_IN_FLIGHT")}
    assert len(orders) == 1
    check(location, mock_of(mock_desk))


async def test_a_key_in_flight_is_a_conflict_to_come_back_for(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    arrived, released = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await asyncio.wait_for(released.wait(), HELD_MAX_S)

    bench.broker.before_order = wait
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        first = asyncio.create_task(approve(client, card, headers=KEY))
        await asyncio.wait_for(arrived.wait(), 60)
        meanwhile = await approve(client, card, headers=KEY)
        released.set()
        done = await first
        after = await approve(client, card, headers=KEY)

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "IDEMPOTENCY_IN_FLIGHT")
    assert "Retry-After" in meanwhile.headers
    assert after.content == done.content
    check(location, bench.mock)


async def test_a_refused_request_gives_its_key_back(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.mock.go_down()
        down = await approve(client, card, headers=KEY)
        bench.mock.come_up()
        done = await approve(client, card, headers=KEY)

    assert (down.status_code, done.status_code) == (503, 200)
    assert done.json()["outcome"] == "EXECUTED"
    check(location, bench.mock)


async def test_a_key_means_something_to_its_user_and_route_only(desk: Desk) -> None:
    stranger = await tenant(desk, "other")
    async with desk.client() as client, desk.client(stranger) as foreign:
        mine = await client.post("/api/v1/chat", json={"message": "help"}, headers=KEY)
        theirs = await foreign.post("/api/v1/chat", json={"message": "orders"}, headers=KEY)
        card = await propose(client)
        approval = await approve(client, card, headers=KEY)

    assert [mine.status_code, theirs.status_code, approval.status_code] == [200, 200, 200]
    assert mine.json()["run_id"] != theirs.json()["run_id"]


async def test_a_key_of_a_wrong_length_is_refused(desk: Desk) -> None:
    async with desk.client() as client:
        for key in ("", '""', "x" * 256):
            reply = await client.post(
                "/api/v1/chat", json={"message": "help"}, headers={"Idempotency-Key": key}
            )
            assert (reply.status_code, reply.json()["code"]) == (400, "INVALID_PARAM"), key


async def test_a_streamed_chat_with_a_key_runs_once(desk: Desk, location: DatabaseLocation) -> None:
    headers = {**KEY, "Accept": "text/event-stream"}
    async with desk.client() as client:
        first = await client.post("/api/v1/chat", json={"message": BUY}, headers=headers)
        second = await client.post("/api/v1/chat", json={"message": BUY}, headers=headers)
        other = await client.post("/api/v1/chat", json={"message": "help"}, headers=headers)

    assert (first.status_code, frames(second.text)) == (200, frames(first.text))
    assert other.status_code == 422
    assert len(rows(location, "SELECT 1 FROM plans")) == 1


async def test_a_key_given_back_after_its_turn_began_finds_that_turn_again(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    """As after a crash: the turn was stored, the answer was not."""
    async with mock_desk.client() as client:
        first = await client.post("/api/v1/chat", json={"message": BUY}, headers=KEY)
        card = first.json()["cards"][0]["id"]
        as_owner(location, "DELETE FROM idempotency_records")
        second = await client.post("/api/v1/chat", json={"message": BUY}, headers=KEY)
        as_owner(location, "DELETE FROM idempotency_records")
        other = await client.post("/api/v1/chat", json={"message": "help"}, headers=KEY)
        done = await approve(client, card, headers=KEY)
        as_owner(location, "DELETE FROM idempotency_records")
        again = await approve(client, card, headers=KEY)

    assert first.json()["run_id"] == second.json()["run_id"]
    assert second.json()["cards"] == first.json()["cards"]
    assert (other.status_code, other.json()["code"]) == (409, "RUN_ID_TAKEN")
    assert (again.status_code, again.json()["run_id"]) == (200, done.json()["run_id"])
    assert again.json()["outcome"] == "EXECUTED"
    assert len(rows(location, "SELECT 1 FROM plans")) == 1
    assert len(rows(location, "SELECT 1 FROM threads")) == 1
    assert len(rows(location, "SELECT 1 FROM runs")) == 2
    check(location, mock_of(mock_desk))


async def test_an_approval_that_the_gate_refused_is_found_again_by_its_key(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.clock.advance(hours=24)
        bench.price(1000)
        first = await approve(client, card, headers=KEY)
        as_owner(location, "DELETE FROM idempotency_records")
        again = await approve(client, card, headers=KEY)
        rejected = await client.post(f"/api/v1/cards/{card}/reject", headers=KEY)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["run_id"] == again.json()["run_id"]
    assert rejected.status_code == 409


async def test_an_error_of_our_own_gives_the_key_back(
    desk: Desk, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(answer: object) -> str:
        raise TypeError("not JSON")

    async with desk.client() as client:
        with monkeypatch.context() as patch:
            patch.setattr(idempotency, "_text", broken)
            failed = await client.post("/api/v1/chat", json={"message": BUY}, headers=KEY)
        done = await client.post("/api/v1/chat", json={"message": BUY}, headers=KEY)

    assert (failed.status_code, done.status_code) == (500, 200)
    assert done.json()["outcome"] == "AWAITING_APPROVAL"
    assert len(rows(location, "SELECT 1 FROM cards")) == 1
