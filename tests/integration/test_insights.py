"""A question in the conversation is answered by a card whose every figure names its evidence."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.integration.conftest import Desk, open_desk
from tests.integration.driving import say, trade


async def ask(client: httpx.AsyncClient, words: str) -> dict[str, Any]:
    """Ask and return the only card's fields with what was said."""
    answer = await say(client, words)
    assert answer["outcome"] == "ANSWERED", answer["message"]
    (card,) = answer["cards"]
    assert card["kind"] == "insight"
    every_row_is_cited(card["fields"])
    return {**card["fields"], "title": card["title"], "said": answer["message"]}


def every_row_is_cited(fields: dict[str, Any]) -> None:
    """Check that what a row names as evidence stands among the card's evidence."""
    known = {each["id"] for each in fields.get("evidence", ())}
    values = [value for name, value in fields.items() if name != "evidence"]
    rows = [row for value in values for row in (value if isinstance(value, list) else [value])]
    named = [set(row["evidence"]) for row in rows if isinstance(row, dict) and "evidence" in row]
    assert all(0 < len(evidence & known) == len(evidence) for evidence in named), (known, named)


async def test_what_is_held_cites_the_brokers_book(desk: Desk) -> None:
    async with desk.client() as client:
        await trade(client)
        card = await ask(client, "portfolio")
        snapshot = await client.get(f"/api/v1/snapshots/{card['evidence'][0]['id']}")
    assert [(row["instrument"], row["quantity"]) for row in card["positions"]] == [
        ("NSE:INFY", "10")
    ]
    assert (card["evidence"][0]["kind"], snapshot.status_code) == ("broker_snapshot", 200)


async def test_limits_are_told_as_the_gate_counts_them(desk: Desk) -> None:
    async with desk.client() as client:
        await trade(client)
        plan = await say(client, "buy 10 TCS at market, cnc")
        card = await ask(client, "how much of my limits is left")
    gross = next(
        row for row in plan["cards"][0]["fields"]["exposure"]["rows"] if row["of"] == "GROSS"
    )
    limits = {row["rule_id"]: row for row in card["limits"]}
    used, limit = Decimal(limits["EXP-002"]["used"]), Decimal(limits["EXP-002"]["limit"])
    assert (card["title"], card["kill_switch"]["level"]) == ("Risk", "RUNNING")
    # Prices move between the two looks; the figures are the same sum.
    assert abs(used - Decimal(gross["before"])) < Decimal(gross["before"]) / 50
    assert Decimal(limits["EXP-002"]["left"]) == limit - used
    assert limits["EXP-001"]["of"] == "NSE:INFY"
    assert "(EXP-" in card["said"]


async def test_the_days_gains_are_of_our_own_fills(desk: Desk) -> None:
    async with desk.client() as client:
        await trade(client)
        await trade(client, "sell 4 INFY at market, cnc")
        card = await ask(client, "pnl")
        fills = await ask(client, "trades today")
    bought, sold = (Decimal(row["price"]) for row in reversed(fills["fills"]))
    (realised,) = card["realised"]
    assert Decimal(realised["gain"]) == (sold - bought) * 4
    assert card["day"]["realised"] == realised["gain"]
    assert realised["evidence"] == [fills["fills"][0]["evidence"][0]]
    change = Decimal(card["day"]["equity"]) - Decimal(card["day"]["start_equity"])
    assert Decimal(card["day"]["change"]) == change
    assert card["equity_line"][-1]["equity"] == card["day"]["equity"]


async def test_why_not_names_the_rules_and_what_would_pass(desk: Desk) -> None:
    async with desk.client() as client:
        refused = await say(client, "buy 100000 INFY at market, cnc")
        card = await ask(client, "why was it refused")
    veto = refused["cards"][0]["fields"]
    assert card["decision"]["decision_id"] == refused["decision_id"]
    assert [row["rule_id"] for row in card["violations"]] == [
        row["rule_id"] for row in veto["violations"]
    ]
    assert card["would_pass"] == veto["would_pass"]
    assert {"decision", "rule", "gate_inputs", "quote"} <= {e["kind"] for e in card["evidence"]}


async def test_a_plan_that_cannot_be_made_is_explained_too(desk: Desk) -> None:
    async with desk.client() as client:
        refused = await say(client, "buy 10 INFY at 1480.03, cnc")
        card = await ask(client, "why was it refused")
    (veto,) = refused["cards"]
    assert (refused["outcome"], veto["kind"]) == ("DENIED", "veto")
    assert veto["fields"]["violations"][0]["rule_id"] == "PRICE_OFF_TICK"
    assert veto["fields"]["violations"][0]["remedy"] == "Use 1480 or 1480.1."
    assert card["decision"]["error_code"] == "PRICE_OFF_TICK"
    assert any("tick" in reason for reason in card["reasons"])


async def test_why_did_you_buy_cites_approval_order_and_fill(desk: Desk) -> None:
    async with desk.client() as client:
        done = await trade(client)
        await trade(client, "sell 2 INFY at market, cnc")
        await say(client, "buy 100000 TCS at market, cnc")
        card = await ask(client, "why did you buy infy")
        about_tcs = await ask(client, "why did you refuse tcs")
        none = await ask(client, "why did you refuse infy")
    assert card["decision"]["decision_id"] == done["decision_id"]
    assert (card["decision"]["verdict"], card["decision"]["reconciled"]) == ("ALLOW", True)
    assert "You approved it" in card["said"]
    assert {"order", "fill"} <= {each["kind"] for each in card["evidence"]}
    assert about_tcs["decision"]["asked"] == "buy 100000 TCS at market, cnc"
    assert "No decision like that" in none["said"]


async def test_past_decisions_are_listed_newest_first(desk: Desk) -> None:
    async with desk.client() as client:
        empty = await ask(client, "past decisions")
        await trade(client)
        await say(client, "buy 100000 INFY at market, cnc")
        card = await ask(client, "show my decisions")
    assert "No trade of yours" in empty["said"]
    assert [row["outcome"] for row in card["decisions"]] == ["DENIED", "EXECUTED"]


async def test_a_brief_tells_of_the_whole_desk(desk: Desk) -> None:
    async with desk.client() as client:
        await trade(client, "buy 10 INFY at market, cnc, stop 2%, target 5%")
        card = await ask(client, "morning brief")
    assert (card["title"], card["hours"]["exchange"]) == ("Morning brief", "NSE")
    assert card["hours"]["simulated"] is True
    assert [row["instrument"] for row in card["positions"]] == ["NSE:INFY"]
    assert len(card["stops"]) == 1
    assert card["stops"][0]["stop_price"] is not None
    assert card["login"] is None
    assert 0 < len(card["limits"]) <= 5
    assert "kept stops and targets" in card["said"]


async def test_a_brief_does_not_count_a_stop_that_was_cancelled_as_resting(desk: Desk) -> None:
    async with desk.client() as client:
        await trade(client, "buy 10 INFY at market, cnc, stop 2%, target 5%")
        resting = await ask(client, "morning brief")
        asked = await say(client, "cancel all orders")
        await say(client, "yes", thread_id=asked["thread_id"])
        bare = await ask(client, "morning brief")
    assert (resting["stops"][0]["stop_rests"], bare["stops"][0]["stop_rests"]) == (True, False)
    assert "no stop at the broker" not in resting["said"]
    assert "(1 with no stop at the broker now)" in bare["said"]
    assert "the stop is not at the broker now" in bare["stops"][0]["note"]


async def test_trend_and_volatility_come_from_imported_bars_before_the_replays_day(
    settings: Settings, location: DatabaseLocation
) -> None:
    ref = InstrumentRef(exchange=Exchange.NASDAQ, tradingsymbol="GOOG")
    bars = rising_bars(ref, 80)
    replay = settings.model_copy(update={"replay_start_on": bars[70].opened_at.date()})
    async with open_desk(replay, location) as desk, desk.client() as client:
        await desk.container.bars.store_bars(bars)
        none = await ask(client, "trend of INFY")
        card = await ask(client, "trend of GOOG")
    (row,) = card["context"]
    assert none["context"][0]["notes"] == ["NO_CANDLES"]
    assert (row["trend"], row["volatility"], row["bars_from"]) == ("UP", "LOW", "IMPORT")
    assert row["evidence"][0].startswith("NASDAQ:GOOG ")
    assert (row["bars"], row["close"]) == (70, "169")
    assert "the trend is up" in card["said"]


@pytest.mark.parametrize("words", ["price of INFY", "positions", "funds", "orders", "exceptions"])
async def test_every_other_question_has_a_cited_card(desk: Desk, words: str) -> None:
    async with desk.client() as client:
        await trade(client)
        card = await ask(client, words)
    assert card["said"]


async def test_market_hours_are_of_the_calendar(desk: Desk) -> None:
    async with desk.client() as client:
        card = await ask(client, "is the market open today")
    assert card["hours"]["is_open"] in (True, False)
    assert card["evidence"] == [{"kind": "calendar", "id": "calendar-NSE"}]


def rising_bars(ref: InstrumentRef, count: int) -> list[Bar]:
    """Return daily bars that end long before a replay's first day."""
    first = datetime(2020, 1, 1, tzinfo=UTC)
    closes = [Decimal(100) + at for at in range(count)]
    return [
        Bar(
            instrument=ref,
            opened_at=first + timedelta(days=at),
            open=close,
            high=close + 1,
            low=close - 1,
            close=close,
            volume=1000,
        )
        for at, close in enumerate(closes)
    ]
