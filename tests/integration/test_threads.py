"""Earlier conversations are read again by the person who held them, and gone on with."""

from typing import Any

import httpx

from app.identity.principal import Role
from tests.integration.conftest import Desk
from tests.integration.driving import BUY, approve, person, say, tenant


async def test_a_thread_shows_its_words_its_cards_and_what_became_of_them(desk: Desk) -> None:
    async with desk.client() as client:
        first = await say(client, BUY)
        thread_id = first["thread_id"]
        await approve(client, first["cards"][0]["id"])
        await say(client, "positions", thread_id=thread_id)
        shown = await read(client, thread_id)

    question, carried_out, asked = shown["rows"]
    assert shown["thread"]["title"] == BUY
    assert shown["thread"]["running"] is False
    assert [message["role"] for message in asked["messages"]] == ["user", "assistant"]
    assert asked["messages"][0]["content"] == BUY
    assert [(card["kind"], card["status"]) for card in asked["cards"]] == [
        ("trade_plan", "APPROVED")
    ]
    assert carried_out["origin_run_id"] == asked["run_id"]
    assert [message["role"] for message in carried_out["messages"]] == ["assistant"]
    assert carried_out["outcome"] == "EXECUTED"
    assert question["messages"][0]["content"] == "positions"


async def test_threads_are_listed_by_when_they_were_last_talked_in(desk: Desk) -> None:
    async with desk.client() as client:
        older = (await say(client, "positions"))["thread_id"]
        newer = (await say(client, "price of   TCS"))["thread_id"]
        before = await listed(client)
        await say(client, "orders", thread_id=older)
        after = await listed(client)
        first_page = (await client.get("/api/v1/threads?limit=1")).json()
        second_page = (await client.get("/api/v1/threads?limit=1&offset=1")).json()
        elsewhere = (await client.get("/api/v1/threads?account_id=nowhere")).json()

    assert [row["thread_id"] for row in before] == [newer, older]
    assert [row["thread_id"] for row in after] == [older, newer]
    assert [row["title"] for row in after] == ["positions", "price of TCS"]
    assert (first_page["rows"], first_page["next_offset"]) == (after[:1], 1)
    assert (second_page["rows"], second_page["next_offset"]) == (after[1:], None)
    assert elsewhere["rows"] == []


async def test_the_turns_of_a_long_thread_come_in_pages(desk: Desk) -> None:
    async with desk.client() as client:
        thread_id = (await say(client, "positions"))["thread_id"]
        for word in ("orders", "holdings", "help"):
            await say(client, word, thread_id=thread_id)
        first = await read(client, thread_id, limit=3)
        second = await read(client, thread_id, limit=3, offset=first["next_offset"])

    said = [turn["messages"][0]["content"] for page in (first, second) for turn in page["rows"]]
    assert said == ["help", "holdings", "orders", "positions"]
    assert second["next_offset"] is None


async def test_a_thread_is_seen_by_nobody_else(desk: Desk) -> None:
    trader = await person(desk, "second", Role.TRADER, Role.ADMIN)
    stranger = await tenant(desk, "other")
    async with desk.client() as client:
        thread_id = (await say(client, "positions"))["thread_id"]
    for key in (trader, stranger):
        async with desk.client(key) as other:
            assert (await other.get(f"/api/v1/threads/{thread_id}")).status_code == 404
            assert await listed(other) == []
            refused = await other.post(
                "/api/v1/chat", json={"message": "help", "thread_id": thread_id}
            )
            # Another tenant's thread of the same name is another thread.
            assert refused.status_code == (404 if key == trader else 200)
    async with desk.client() as client:
        assert len((await read(client, thread_id))["rows"]) == 1


async def read(client: httpx.AsyncClient, thread_id: str, **page: int) -> dict[str, Any]:
    response = await client.get(f"/api/v1/threads/{thread_id}", params=page)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def listed(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await client.get("/api/v1/threads")).json()["rows"]
    return rows
