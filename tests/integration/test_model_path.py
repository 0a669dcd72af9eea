"""The whole turn with a model behind real HTTP: what it may change, and what it may not."""

import asyncio
from decimal import Decimal

import psycopg
import pytest

from app.persistence.location import DatabaseLocation
from app.settings import ParserName, Settings
from riskgate.contracts.models import PortfolioTier
from tests.fakes.loopback import Reply
from tests.fakes.model_answers import an_answer, an_order
from tests.fakes.model_server import Payload, completion, failure
from tests.integration.driving import approve, orders_of, say, trade
from tests.integration.modelled import MODEL_KEY, open_modelled

UNSURE = "sirjee buy 10 infy zordaar bolo"
CLEAR = "buy 10 INFY at market, cnc"
READ = an_answer(
    "trade",
    orders=[an_order(side=("BUY", "buy"), symbols=[("INFY", "infy")], quantity=("10", "10"))],
)


def down(_: Payload) -> Reply:
    return failure(503)


async def test_an_unclear_order_is_asked_about_confirmed_approved_and_sent_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        open_modelled(settings, location, lambda _: READ) as run,
        run.desk.client() as client,
    ):
        asked = await say(client, UNSURE)
        card = asked["cards"][-1]
        planned = await say(client, "yes", thread_id=asked["thread_id"])
        done = await approve(client, planned["cards"][-1]["id"])
        orders = await orders_of(client)
        trace = (await client.get(f"/api/v1/decisions/{asked['decision_id']}")).json()
    assert (asked["outcome"], asked["error_code"]) == ("NEEDS_INPUT", "MEANING_UNSURE")
    assert "BUY 10 NSE:INFY" in card["fields"]["question"]
    assert card["fields"]["choices"] == ["yes", "never mind"]
    assert card["provenance"]["sizing"]["text"] == "10"
    assert planned["outcome"] == "AWAITING_APPROVAL"
    assert done.json()["outcome"] == "EXECUTED"
    assert [order["quantity"] for order in orders] == ["10"]
    assert len(run.model.requests) == 1
    called = trace["decision"]["models_called"]
    assert called[0]["outcome"] == "ok"
    assert len(called[0]["prompt_sha256"]) == 64
    assert MODEL_KEY not in str(trace)


async def test_a_clear_order_never_waits_for_the_model(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_modelled(settings, location, down) as run, run.desk.client() as client:
        await trade(client, CLEAR)
    assert run.model.requests == []


@pytest.mark.parametrize("parser", [ParserName.HYBRID, ParserName.LLM])
async def test_without_the_model_everything_that_makes_safe_goes_on(
    settings: Settings, location: DatabaseLocation, parser: ParserName
) -> None:
    async with (
        open_modelled(settings, location, down, parser=parser) as run,
        run.desk.client() as client,
    ):
        assert (await say(client, "positions"))["outcome"] == "ANSWERED"
        assert (await say(client, "price of INFY"))["outcome"] == "ANSWERED"
        limit = await say(client, "buy 1 INFY at 1000 cnc")
        await approve(client, limit["cards"][-1]["id"])
        cancelled = await say(client, "cancel my INFY order")
        assert (await say(client, UNSURE))["outcome"] == "NEEDS_INPUT"
        kill = await client.post("/api/v1/kill-switch", json={"level": "HALTED", "reason": "drill"})
        after = await say(client, CLEAR)
    assert cancelled["outcome"] == "EXECUTED"
    assert kill.status_code == 200
    assert after["outcome"] == "DENIED"


async def test_silence_ends_with_the_time_of_the_turn(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        open_modelled(settings, location, lambda _: None, model_timeout_s=0.2) as run,
        run.desk.client() as client,
    ):
        async with asyncio.timeout(60):
            answer = await say(client, UNSURE)
    assert answer["outcome"] == "NEEDS_INPUT"
    # On a busy machine the time may be over before the request has arrived.
    assert len(run.model.requests) <= 1


async def test_what_calls_took_is_kept_and_the_day_has_a_limit(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        open_modelled(
            settings,
            location,
            lambda _: completion(READ, tokens=1_000),
            openai_price_in=Decimal("2.50"),
            openai_price_out=Decimal(10),
            model_cost_per_day=Decimal("0.02"),
        ) as run,
        run.desk.client() as client,
    ):
        for _ in range(4):
            await say(client, UNSURE)
    with psycopg.connect(location.owner_conninfo) as connection:
        rows = connection.execute("SELECT tokens_in, tokens_out, cost FROM model_calls").fetchall()
    assert rows == [(600, 1_000, Decimal("0.0115"))] * 2
    assert len(run.model.requests) == 2


async def test_a_person_decides_by_a_card_whether_a_model_sees_what_they_hold(
    settings: Settings, location: DatabaseLocation
) -> None:
    wants = an_answer("chat", wants="portfolio_detail")
    async with (
        open_modelled(settings, location, lambda _: wants) as run,
        run.desk.client() as client,
    ):
        await trade(client, "buy 7 TCS at market, cnc")
        asked = await say(client, UNSURE)
        card, thread = asked["cards"][-1], asked["thread_id"]
        unseen = run.model.received
        url = f"/api/v1/cards/{card['id']}/portfolio-detail"
        wrong = await client.post(url, json={"choice": "always"})
        once = await client.post(url, json={"choice": "once"})
        seen = run.model.received
        again = await client.post(url, json={"choice": "session"})
        await say(client, "session", thread_id=thread)
        later = await say(client, UNSURE, thread_id=thread)
    assert asked["error_code"] == "PORTFOLIO_DETAIL_ASKED"
    assert "TCS" not in unseen
    assert wrong.status_code == 400
    assert once.status_code == 200
    assert "NSE:TCS" in seen
    assert again.status_code == 409
    assert later["error_code"] == "PORTFOLIO_DETAIL_ASKED"
    assert "TCS" not in run.model.requests[-1].body


async def test_a_no_holds_for_the_session(settings: Settings, location: DatabaseLocation) -> None:
    wants = an_answer("chat", wants="portfolio_detail")
    async with (
        open_modelled(settings, location, lambda _: wants) as run,
        run.desk.client() as client,
    ):
        asked = await say(client, UNSURE)
        url = f"/api/v1/cards/{asked['cards'][-1]['id']}/portfolio-detail"
        denied = await client.post(url, json={"choice": "deny"})
        later = await say(client, UNSURE, thread_id=asked["thread_id"])
    assert denied.json()["error_code"] != "PORTFOLIO_DETAIL_ASKED"
    assert later["error_code"] != "PORTFOLIO_DETAIL_ASKED"
    assert run.desk.container.settings.model_portfolio is PortfolioTier.DIGEST_ONLY
