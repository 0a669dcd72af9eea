"""A model words answers over real HTTP, and changes none of their facts."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.loopback import Reply
from tests.fakes.model_server import Payload, failure
from tests.integration.driving import say, trade
from tests.integration.modelled import open_modelled


def asked_to_word(payload: Payload) -> str:
    """Return the masked answer that the model was given."""
    given: dict[str, Any] = json.loads(payload["messages"][-1]["content"])
    return str(given["answer"])


def politely(payload: Payload) -> str:
    return json.dumps({"wording": f"And here it is: {asked_to_word(payload)}"})


async def test_an_answer_is_said_in_the_models_words_with_our_figures(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        open_modelled(settings, location, politely, model_wording=True) as modelled,
        modelled.desk.client() as client,
    ):
        await trade(client)
        answer = await say(client, "positions")
        trace = (await client.get(f"/api/v1/decisions/{answer['decision_id']}")).json()
    facts = [mark for mark in asked_to_word(modelled.model.payloads[-1]).split() if "⟦" in mark]
    assert answer["message"].startswith("And here it is: NSE:INFY CNC 10 at ")
    assert len(facts) > 4
    assert "INFY" not in asked_to_word(modelled.model.payloads[-1])
    traced = trace["decision"]
    template = " ".join(traced["explanations"])
    assert answer["message"].removeprefix("And here it is: ") == template
    wording = traced["inputs_used"]["context"]["wording"]
    assert (wording["template"], wording["shown"]) == (template, answer["message"])
    (call,) = traced["models_called"]
    assert (wording["outcome"], wording["prompt_sha256"]) == ("worded", call["prompt_sha256"])


@pytest.mark.parametrize(
    "lie",
    [
        lambda text: text.replace("⟦1⟧", "NSE:TCS"),
        lambda text: f"{text} Sell now.",
        lambda text: text.replace("⟦3⟧", "11"),
        lambda text: text.replace("Equity", "Available"),
        lambda text: "All is well.",
    ],
)
async def test_a_wording_that_changes_anything_is_not_said(
    settings: Settings, location: DatabaseLocation, lie: Callable[[str], str]
) -> None:
    def lying(payload: Payload) -> str:
        return json.dumps({"wording": lie(asked_to_word(payload))})

    async with (
        open_modelled(settings, location, lying, model_wording=True) as modelled,
        modelled.desk.client() as client,
    ):
        await trade(client)
        answer = await say(client, "positions")
        metrics = (await client.get("/metrics")).text
    assert answer["message"].startswith("NSE:INFY CNC 10 at ")
    assert answer["message"].endswith(".")
    assert "Equity " in answer["message"]
    counted = 'sigmatrader_model_fallbacks_total{code="NOT_FAITHFUL",part="wording"}'
    assert counted in metrics


async def test_a_model_that_is_down_changes_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    def down(_payload: Payload) -> Reply:
        return failure(503)

    async with (
        open_modelled(settings, location, down, model_wording=True) as modelled,
        modelled.desk.client() as client,
    ):
        answer = await say(client, "orders")
    assert (answer["outcome"], answer["message"]) == ("ANSWERED", "No order is open.")


async def test_a_model_that_answers_badly_is_said_so_in_one_calm_line_and_counted(
    settings: Settings, location: DatabaseLocation
) -> None:
    def badly(_payload: Payload) -> str:
        return "certainly! here is your order"

    async with (
        open_modelled(settings, location, badly) as modelled,
        modelled.desk.client() as client,
    ):
        answer = await say(client, "grab me INFY, ten of those beauties")
        trace = (await client.get(f"/api/v1/decisions/{answer['decision_id']}")).json()["decision"]
        metrics = (await client.get("/metrics")).text
    assert answer["message"].count("(MODEL_REPLY_INVALID)") == 1
    assert answer["message"].endswith("so this was read by our own tables alone.")
    assert "MODEL_REPLY_INVALID" in trace["inputs_used"]["context"]["reading"]["notes"]
    assert 'code="MODEL_REPLY_INVALID",part="reading"' in metrics


async def test_what_became_of_an_order_is_never_worded_by_a_model(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        open_modelled(settings, location, politely, model_wording=True) as modelled,
        modelled.desk.client() as client,
    ):
        await trade(client)
        await say(client, "buy 100000 INFY at market, cnc")
    assert modelled.model.payloads == []
