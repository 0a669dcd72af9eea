"""A LIVE plan is approved over AG-UI only by a resume that acknowledges the risk."""

from typing import Any

import pytest

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.agui import Run, answer, run_input, send
from tests.integration.conftest import Desk
from tests.integration.planning import validated
from tests.integration.test_live import live_desk

ORDER = "buy 10 INFY at market, cnc"
APPROVED = {"approved": True}


async def waiting_card(desk: Desk) -> str:
    """Ask for the trade over AG-UI, validate its plan, and return its interrupt."""
    async with desk.client() as client:
        asked = await send(client, run_input(ORDER))
        (card,) = asked.of("ACTIVITY_SNAPSHOT")
        await validated(client, card["content"]["plan_id"])
    (interrupt,) = asked.interrupts
    assert "acknowledge_risk" in interrupt["responseSchema"]["properties"]
    return str(interrupt["id"])


async def resume(desk: Desk, card: str, payload: dict[str, Any], run: str) -> Run:
    async with desk.client() as client:
        return await send(client, run_input("x", run=run, resume=[answer(card, payload=payload)]))


@pytest.mark.parametrize("word", [{}, {"acknowledge_risk": False}, {"acknowledge_risk": "true"}])
async def test_without_a_clear_word_the_card_waits_and_with_it_the_order_goes_out(
    settings: Settings, location: DatabaseLocation, word: dict[str, Any]
) -> None:
    async with live_desk(settings, location) as (bench, desk):
        card = await waiting_card(desk)
        refused = await resume(desk, card, APPROVED | word, "r2")
        sent_before = list(bench.broker.placed)
        done = await resume(desk, card, APPROVED | {"acknowledge_risk": True}, "r3")

    assert (refused.last["type"], refused.last["code"]) == ("RUN_ERROR", "ACKNOWLEDGEMENT_MISSING")
    assert sent_before == []
    assert done.last["result"]["outcome"] == "EXECUTED"
    assert len(bench.broker.placed) == 1
