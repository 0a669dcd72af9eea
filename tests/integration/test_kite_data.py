"""What a desk at Kite decides from: stored, cited, and as old as it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.instruments import Exchange, InstrumentKind, InstrumentRef
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY, STANDARD, an_instrument
from tests.fakes.kite_standin import KiteStandin, running
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.market import ScriptedMarket
from tests.integration.driving import as_owner, say
from tests.integration.kite_desks import USER, KiteWorld, kite_world

OPTION = InstrumentRef(exchange=Exchange.NFO, tradingsymbol="NIFTY2631724500CE")
BUY = "buy 10 infy at 1490, cnc"
# Nine in the evening in India, and the last seconds of the session before it.
EVENING, CLOSE = datetime(2026, 3, 11, 15, 30, tzinfo=UTC), datetime(2026, 3, 11, 9, 59, tzinfo=UTC)


@pytest.fixture
async def world() -> AsyncIterator[KiteWorld]:
    async with kite_world() as opened:
        yield opened


async def decision(client: httpx.AsyncClient, answer: dict[str, Any]) -> dict[str, Any]:
    reply = await client.get(f"/api/v1/decisions/{answer['decision_id']}")
    assert reply.status_code == 200, reply.text
    trace: dict[str, Any] = reply.json()["decision"]
    return trace


async def test_a_plan_cites_the_book_and_the_quotes_of_kite_that_it_was_made_from(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        as_owner(location, "UPDATE accounts SET mode = 'PROPOSE'")
        await world.log_in(client)
        answer = await say(client, BUY)
        trace = await decision(client, answer)
        used = trace["inputs_used"]
        snapshot = await client.get(f"/api/v1/snapshots/{used['broker_snapshot_id']}")
        replayed = await client.post(f"/api/v1/decisions/{answer['decision_id']}/replay")
        shown = await say(client, "positions")
        cited = (await decision(client, shown))["inputs_used"]["broker_snapshot_id"]
        other = await client.get(f"/api/v1/snapshots/{cited}")

    planned = next(step for step in trace["replay"] if step["step"] == "plan")
    (quote,) = planned["inputs"]["quotes"]
    body = snapshot.json()["snapshot"]
    assert body["source"] == "kite"
    assert body == planned["inputs"]["snapshot"]
    assert planned["output"]["broker_snapshot_id"] == used["broker_snapshot_id"]
    assert used["quotes"] == {"NSE:INFY": quote["as_of"]}
    assert (quote["source"], quote["last"], quote["bids"][0]["price"]) == (
        "BROKER",
        "1488",
        "1487.9",
    )
    low, last, high = (Decimal(quote[n]) for n in ("lower_circuit", "last", "upper_circuit"))
    assert low < last < high
    assert replayed.json()["equal"]
    assert other.json()["snapshot"]["source"] == "kite"


async def test_in_the_evening_the_gate_says_that_the_market_is_closed_and_the_price_old(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        as_owner(location, "UPDATE accounts SET mode = 'PROPOSE'")
        world.clock.set(EVENING)
        await world.log_in(client)
        sides = {"bids": [("1487.90", 10)], "asks": [("1488.10", 10)]}
        world.market.show(INFY, last="1488.00", as_of=CLOSE, **sides)
        trace = await decision(client, await say(client, BUY))

    said = [violation["message"] for violation in trace["riskgate_result"]["violations"]]
    assert any(
        message.startswith("MARKET_CLOSED: the market is closed, it opens at 2026-03-12T03:45")
        for message in said
    ), said
    assert any(message.startswith("QUOTE_STALE: the price of NSE:INFY") for message in said), said


async def test_a_delivery_sale_says_what_kite_does_not_tell(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    account = world.kite.account(USER)
    account.oms.holdings[INFY], account.t1[INFY], account.pledged[INFY] = 10, 4, 3
    async with world.desk(settings, location) as desk, desk.client() as client:
        as_owner(location, "UPDATE accounts SET mode = 'PROPOSE'")
        await world.log_in(client)
        sale = await decision(client, await say(client, "sell 5 infy at 1480, cnc"))
        more = await decision(client, await say(client, "sell 18 infy at 1480, cnc"))

    planned = next(step for step in sale["replay"] if step["step"] == "plan")
    (note,) = [note for note in planned["output"]["notes"] if note.startswith("NSE:INFY: ")]
    for words in ("3 pledged", "4 not delivered yet (T1)", "without a DDPI"):
        assert words in note
    codes = [violation["rule_id"] for violation in more["riskgate_result"]["violations"]]
    assert "ORD-010" in codes


@asynccontextmanager
async def option_world() -> AsyncIterator[KiteWorld]:
    """Kite lists a weekly option that the bundled master lacks, at 100 rupees."""
    clock = FakeClock()
    market = ScriptedMarket(clock)
    market.go_live("1", "5000")
    option = an_instrument(
        OPTION,
        kind=InstrumentKind.CALL,
        lot_size=65,
        tick_size="0.05",
        freeze_quantity=1800,
    )
    master = KiteMaster((*STANDARD, option))
    async with running(KiteStandin(market=market, clock=clock, master=master)) as kite:
        world = KiteWorld(clock=clock, market=market, kite=kite)
        world.price("1487.90", "1488.10", "1488.00")
        market.show(OPTION, bids=[("99.95", 650)], asks=[("100.05", 650)], last="100.00")
        yield world


async def test_a_held_contract_that_only_kite_lists_is_valued_by_kites_row(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with option_world() as world, world.desk(settings, location) as desk:
        world.kite.account(USER).oms.overnight[OPTION, "NRML"] = 65
        async with desk.client() as client:
            as_owner(location, "UPDATE accounts SET mode = 'PROPOSE'")
            await world.log_in(client)
            answer = await say(client, BUY)
            trace = await decision(client, answer)
    assert answer["outcome"] == "AWAITING_APPROVAL", answer["message"]
    figures = {e["metric"]: Decimal(e["value"]) for e in trace["riskgate_result"]["evidence"]}
    assert figures["gross_exposure_x"] == Decimal(65 * 100 + 10 * 1490) / figures["equity"]


@pytest.mark.parametrize(
    "words", ["buy 2 lots of nifty 24500 ce 17 mar at 100", "buy 130 NIFTY2631724500CE at 100"]
)
async def test_a_contract_that_only_kite_lists_is_planned_by_kites_row(
    settings: Settings, location: DatabaseLocation, words: str
) -> None:
    async with (
        option_world() as world,
        world.desk(settings, location) as desk,
        desk.client() as client,
    ):
        as_owner(location, "UPDATE accounts SET mode = 'PROPOSE'")
        await world.log_in(client)
        answer = await say(client, words)
        trace = await decision(client, answer)
    assert answer["outcome"] == "AWAITING_APPROVAL", answer["message"]
    planned = next(step for step in trace["replay"] if step["step"] == "plan")
    (leg,) = planned["output"]["legs"]
    row = leg["instrument"]
    assert row["ref"] == {"exchange": "NFO", "tradingsymbol": "NIFTY2631724500CE"}
    assert (row["lot_size"], row["tick_size"], row["freeze_quantity"]) == (65, "0.05", "1800")
    assert (leg["quantity"], leg["notional"]) == ("130", "13000")
    assert planned["output"]["order_skeleton"]["product"] == "NRML"
