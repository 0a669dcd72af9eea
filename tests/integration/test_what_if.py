"""What is only asked about is judged afresh, and leaves nothing behind that could be sent."""

from decimal import Decimal
from typing import Any, LiteralString

import httpx

from app.persistence.location import DatabaseLocation
from tests.integration.conftest import Desk
from tests.integration.driving import BUY, rows, say, trade
from tests.integration.test_insights import every_row_is_cited

LEFT_BEHIND: tuple[LiteralString, ...] = (
    "SELECT count(*) AS n FROM plans",
    "SELECT count(*) AS n FROM risk_decisions",
    "SELECT count(*) AS n FROM orders",
    "SELECT count(*) AS n FROM cards WHERE kind = 'trade_plan'",
)


def left(location: DatabaseLocation) -> list[int]:
    return [rows(location, query)[0]["n"] for query in LEFT_BEHIND]


async def weigh(client: httpx.AsyncClient, words: str, **more: object) -> dict[str, Any]:
    """Ask, and return the only card's fields with what was said."""
    answer = await say(client, words, **more)
    assert answer["outcome"] == "ANSWERED", answer["message"]
    (card,) = answer["cards"]
    every_row_is_cited(card["fields"])
    assert (card["title"], answer["plan_id"], answer["orders"]) == ("Would it pass?", None, [])
    return {**card["fields"], "said": answer["message"]}


async def test_a_smaller_quantity_of_a_refused_trade_is_judged_afresh(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        refused = await say(client, "buy 100000 INFY at market, cnc", thread_id="t")
        before = left(location)
        fits = await weigh(client, "why not 100 shares?", thread_id="t")
        not_fits = await weigh(client, "could I have bought 3000?", thread_id="t")
        most = await weigh(client, "how many INFY can I buy?", thread_id="t")
    assert refused["outcome"] == "DENIED"
    assert (fits["what_if"]["verdict"], fits["what_if"]["quantity"]) == ("ALLOW", "100")
    assert "Buying 100 NSE:INFY" in fits["said"]
    assert "would pass the risk gate now" in fits["said"]
    assert "Room left before it: all positions ₹10,00,000.00" in fits["said"]
    assert not_fits["what_if"]["verdict"] != "ALLOW"
    assert {rule["rule_id"] for rule in not_fits["violations"]} >= {"EXP-001", "EXP-002"}
    assert {each["kind"] for each in not_fits["evidence"]} >= {
        "broker_snapshot",
        "quote",
        "policy",
        "rule",
    }
    assert Decimal(most["what_if"]["largest"]) > 100
    assert most["what_if"]["verdict"] is None
    assert left(location) == before


async def test_the_most_that_would_pass_passes_and_one_more_does_not(desk: Desk) -> None:
    async with desk.client() as client:
        most = int((await weigh(client, "how many TCS can I buy?"))["what_if"]["largest"])
        # Prices move by less than a share's worth of the limit between the looks.
        below = await weigh(client, f"could I buy {most - 3} TCS?")
        above = await weigh(client, f"could I buy {most + 3} TCS?")
    assert below["what_if"]["verdict"] == "ALLOW"
    assert above["what_if"]["verdict"] != "ALLOW"


async def test_what_is_held_already_takes_of_the_room(desk: Desk) -> None:
    async with desk.client() as client:
        empty = await weigh(client, "how many INFY can I buy?")
        await trade(client, "buy 100 INFY at market, cnc")
        after = await weigh(client, "how many INFY can I buy?")
    gone = Decimal(empty["what_if"]["largest"]) - Decimal(after["what_if"]["largest"])
    assert 97 <= gone <= 103


async def test_the_trade_of_before_keeps_its_terms_and_another_side_has_its_own(
    desk: Desk,
) -> None:
    async with desk.client() as client:
        await say(client, f"{BUY}", thread_id="t")
        again = await weigh(client, "what about 20?", thread_id="t")
        sold = await weigh(client, "could I sell 20 INFY?", thread_id="t")
    assert (again["what_if"]["side"], again["what_if"]["quantity"]) == ("BUY", "20")
    assert (sold["what_if"]["side"], sold["what_if"]["verdict"]) == ("SELL", "DENY")


async def test_a_sale_of_all_that_is_held_is_judged_and_sells_nothing(desk: Desk) -> None:
    async with desk.client() as client:
        await trade(client, "buy 12 INFY at market, cnc")
        all_of_it = await weigh(client, "what if I sell all my INFY")
        half = await weigh(client, "what if I sell half of my INFY")
        why = await say(client, "why")
    assert (all_of_it["what_if"]["side"], all_of_it["what_if"]["quantity"]) == ("SELL", "12")
    assert half["what_if"]["quantity"] == "6"
    assert "INFY" in why["message"]


async def test_without_a_trade_of_before_or_a_name_the_trade_is_asked_for(desk: Desk) -> None:
    async with desk.client() as client:
        answer = await say(client, "could I have bought 100?")
    assert answer["message"].startswith("Of which trade?")
