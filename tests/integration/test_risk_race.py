"""Many plans at once never get more room than there is."""

import asyncio
from collections import Counter
from decimal import Decimal

import pytest

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.policy import ExecutionLimits, ExposureLimits, Limits, Policy
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.driving import approve, orders_of, propose, rows, set_policy

PLANS = 100
ROOM = 10
# Equity is 1 million and INFY at 1000: ten orders of 10 fill 10 % of it to the rupee.
GROSS = Policy(limits=Limits(exposure=ExposureLimits(max_gross_exposure_x=Decimal("0.1"))))
POSITION = Policy(limits=Limits(exposure=ExposureLimits(max_position_pct=Decimal("0.1"))))
RATE = Policy(limits=Limits(execution=ExecutionLimits(max_orders_per_minute_global=ROOM)))


@pytest.mark.parametrize(
    ("policy", "rule"),
    [(GROSS, "EXP-002"), (POSITION, "EXP-001"), (RATE, "EXEC-001")],
    ids=["gross", "position", "rate"],
)
async def test_of_a_hundred_plans_at_once_exactly_as_many_pass_as_there_is_room_for(
    settings: Settings, location: DatabaseLocation, policy: Policy, rule: str
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, policy)
        cards = await asyncio.gather(
            *(propose(client, "buy 10 INFY at market, cnc") for _ in range(PLANS))
        )
        replies = await asyncio.gather(*(approve(client, card) for card in cards))
        answers = [reply.json() for reply in replies]
        first_page = await orders_of(client)

    outcomes = Counter(answer.get("outcome") for answer in answers)
    assert outcomes == {"EXECUTED": ROOM, "NOT_EXECUTED": PLANS - ROOM}
    refused = [answer for answer in answers if answer["outcome"] == "NOT_EXECUTED"]
    assert {answer["error_code"] for answer in refused} == {"RISK_DENY"}
    assert all(rule in answer["message"] for answer in refused)
    assert len(first_page) == len(bench.broker.placed) == ROOM
    stored = rows(location, "SELECT state, quantity FROM orders")
    assert [(row["state"], row["quantity"]) for row in stored] == [("FILLED", 10)] * ROOM
    check(location, bench.mock)
