"""A card that waits is changed by newer words: a new card takes its place, never a second order."""

import asyncio
from typing import Any

import httpx

from tests.integration.conftest import Desk
from tests.integration.driving import approve, orders_of, say


async def card_status(client: httpx.AsyncClient, card_id: str) -> str:
    return str((await client.get(f"/api/v1/cards/{card_id}")).json()["card"]["status"])


async def changed(client: httpx.AsyncClient, first: dict[str, Any], words: str) -> dict[str, Any]:
    """Say words in the thread of a waiting card and return the answer with its new card."""
    answer = await say(client, words, thread_id=first["thread_id"])
    assert answer["outcome"] == "AWAITING_APPROVAL", answer["message"]
    return answer


def terms(answer: dict[str, Any]) -> tuple[Any, ...]:
    leg = answer["cards"][-1]["fields"]["legs"][0]
    fields = answer["cards"][-1]["fields"]
    return leg["quantity"], fields["order_type"], leg["limit_price"], fields["product"]


async def test_each_change_makes_a_new_card_and_withdraws_the_one_before(desk: Desk) -> None:
    async with desk.client() as client:
        first = await say(client, "buy 10 INFY at market, cnc")
        second = await changed(client, first, "make it 20")
        third = await changed(client, second, "at 1200 instead")
        fourth = await changed(client, third, "intraday instead of delivery")
        cards = [answer["cards"][-1]["id"] for answer in (first, second, third, fourth)]
        statuses = [await card_status(client, card_id) for card_id in cards]
        late = await approve(client, cards[0])
        orders = await orders_of(client)

    assert [terms(answer) for answer in (first, second)] == [
        ("10", "MARKET", None, "CNC"),
        ("20", "MARKET", None, "CNC"),
    ]
    assert terms(third) == ("20", "LIMIT", "1200", "CNC")
    assert terms(fourth)[3] == "MIS"
    assert statuses == ["REJECTED", "REJECTED", "REJECTED", "PENDING"]
    assert late.status_code == 409
    assert orders == []


async def test_a_changed_card_shows_the_words_of_both_turns(desk: Desk) -> None:
    async with desk.client() as client:
        first = await say(client, "buy 10 INFY at market, cnc")
        second = await changed(client, first, "change quantity to 5")
    said = {name: source["text"] for name, source in second["cards"][-1]["provenance"].items()}
    assert (said["side"], said["symbols"], said["product"]) == ("buy", "INFY", "cnc")
    assert "5" in said["sizing"]


async def test_what_was_approved_is_not_changed_into_a_second_order(desk: Desk) -> None:
    async with desk.client() as client:
        first = await say(client, "buy 10 INFY at market, cnc")
        assert (await approve(client, first["cards"][-1]["id"])).status_code == 200
        after = await say(client, "make it 20", thread_id=first["thread_id"])
        orders = await orders_of(client)

    assert after["outcome"] != "AWAITING_APPROVAL"
    assert [order["quantity"] for order in orders] == ["10"]


async def test_another_trade_beside_a_waiting_card_leaves_it(desk: Desk) -> None:
    async with desk.client() as client:
        first = await say(client, "buy 10 INFY at market, cnc")
        other = await say(client, "buy 5 TCS at market, cnc", thread_id=first["thread_id"])
        waiting = await card_status(client, first["cards"][-1]["id"])

    assert other["outcome"] == "AWAITING_APPROVAL"
    assert terms(other)[0] == "5"
    assert waiting == "PENDING"


async def test_a_no_withdraws_the_waiting_card_and_a_yes_approves_nothing(desk: Desk) -> None:
    async with desk.client() as client:
        first = await say(client, "buy 10 INFY at market, cnc")
        card_id = first["cards"][-1]["id"]
        yes = await say(client, "yes", thread_id=first["thread_id"])
        waits = await card_status(client, card_id)
        gone = await say(client, "never mind", thread_id=first["thread_id"])
        status = await card_status(client, card_id)
        orders = await orders_of(client)

    assert (yes["outcome"], waits) == ("ANSWERED", "PENDING")
    assert "words approve nothing" in yes["message"]
    assert (gone["message"], status) == ("The card was withdrawn; nothing was sent.", "REJECTED")
    assert orders == []


async def test_a_change_that_the_gate_refuses_leaves_the_card_that_waits(desk: Desk) -> None:
    async with desk.client() as client:
        first = await say(client, "buy 10 INFY at market, cnc")
        denied = await say(client, "make it 100000", thread_id=first["thread_id"])
        waiting = await card_status(client, first["cards"][-1]["id"])
        again = await changed(client, first, "make it 12")
        status = await card_status(client, first["cards"][-1]["id"])

    assert (denied["outcome"], waiting) == ("DENIED", "PENDING")
    assert (terms(again)[0], status) == ("12", "REJECTED")


async def test_a_number_near_the_price_is_asked_about(desk: Desk) -> None:
    async with desk.client() as client:
        quote = (await say(client, "price of INFY"))["cards"][0]["fields"]["quotes"][0]["last"]
        near = int(float(quote))
        asked = await say(client, f"buy infy {near}")
        answered = await say(client, f"at limit {near}", thread_id=asked["thread_id"])
        sized = await say(client, "10", thread_id=asked["thread_id"])

    assert asked["outcome"] == "NEEDS_INPUT"
    assert asked["cards"][0]["fields"]["choices"] == [f"{near} shares", f"at limit {near}"]
    assert answered["outcome"] == "NEEDS_INPUT"
    assert terms(sized)[:3] == ("10", "LIMIT", str(near))


async def test_an_approval_beside_a_change_leaves_one_order_or_one_card(desk: Desk) -> None:
    async with desk.client() as client:
        first = await say(client, "buy 10 INFY at market, cnc")
        card_id = first["cards"][-1]["id"]
        approved, changed_to = await asyncio.gather(
            approve(client, card_id), say(client, "make it 20", thread_id=first["thread_id"])
        )
        orders = await orders_of(client)

    was_changed = changed_to["outcome"] == "AWAITING_APPROVAL"
    assert (approved.status_code == 200) is not was_changed
    assert [order["quantity"] for order in orders] == ([] if was_changed else ["10"])
