"""Recorded days judged again under another policy."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.errors import InvalidRequest
from app.gate import time_machine
from app.gate.policies import MOST_WAITING
from app.gate.time_machine import (
    BATCH,
    PROPOSAL_STAGE,
    TimeMachineReport,
    TooMuchRecorded,
    days_between,
    replay_recorded,
)
from app.identity.principal import OWNER_TENANT, Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.decisions import RiskDecision
from riskgate.engine import evaluate
from riskgate.hashing import canonical_json, content_hash
from riskgate.inputs import GateInput
from riskgate.policy import Policy, parse_policy
from tests.fakes.instruments import INFY
from tests.integration.benches import a_bench
from tests.integration.conftest import Desk
from tests.integration.driving import as_owner, person, rows, say, set_policy, trade
from tests.unit.riskgate.builders import (
    WIDE_POLICY,
    a_gate_input,
    a_ledger,
    a_leg,
    a_plan,
    a_policy,
    a_snapshot,
    changed,
    decide,
)

ACCOUNT = "paper-inr"
DAY = date(2026, 3, 2)
SMALL = 'version: "1"\nlimits:\n  order: {max_order_value: 1000}\n'


def record(
    location: DatabaseLocation, count: int, policy: Policy, *, schema_id: str | None = None
) -> None:
    """Store plans to buy 1, 2, ... units of 1,000, ten a day, with the policy's answers."""
    with psycopg.connect(location.owner_conninfo) as connection:
        for number in range(count):
            plan_id = f"pln_{number:05d}"
            gate_input = a_gate_input(a_leg(number % 20 + 1))
            plan = changed(gate_input.plan, plan_id=plan_id, account_id=ACCOUNT)
            seen = {
                "broker": a_snapshot(account_id=ACCOUNT),
                "ledger": a_ledger(account_id=ACCOUNT),
            }
            gate_input = gate_input.model_copy(update={"plan": plan, **seen})
            decision = decide(gate_input, policy)
            if schema_id is not None:
                decision = decision.model_copy(update={"schema_id": schema_id})
            at = datetime(2026, 3, 2, 6, tzinfo=UTC) + timedelta(
                days=number // 10, seconds=number % 10
            )
            store(connection, plan_id, gate_input, decision, at)


def store(
    connection: psycopg.Connection[Any],
    plan_id: str,
    gate_input: GateInput,
    decision: RiskDecision,
    at: datetime,
) -> None:
    plan = gate_input.plan
    connection.execute(
        "INSERT INTO plans (tenant_id, plan_id, account_id, run_id, plan_hash, body, created_at)"
        " VALUES ('main', %s, %s, 'run_x', %s, %s, %s)",
        (plan_id, ACCOUNT, plan.plan_hash, Jsonb(plan.model_dump(mode="json")), at),
    )
    connection.execute(
        "INSERT INTO risk_decisions (tenant_id, decision_hash, plan_id, plan_hash, policy_hash,"
        " stage, verdict, gate_input, body, created_at)"
        " VALUES ('main', %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s)",
        (
            content_hash(decision),
            plan_id,
            plan.plan_hash,
            decision.policy_hash,
            PROPOSAL_STAGE,
            decision.verdict.value,
            canonical_json(gate_input),
            canonical_json(decision),
            at,
        ),
    )


async def replayed(desk: Desk, policy: Policy, **more: Any) -> TimeMachineReport:
    days = days_between(DAY, DAY + timedelta(days=100), today=date(2026, 12, 31))
    return await replay_recorded(
        desk.container.database, OWNER_TENANT, ACCOUNT, policy, days, **more
    )


UP_TO_TEN = a_policy(WIDE_POLICY, order={"max_order_value": 10_000})
FIVE_ONLY = a_policy(WIDE_POLICY, order={"max_order_value": 5_000})
NOTHING = a_policy(WIDE_POLICY, order={"deny_list": frozenset({"INFY"})})


async def test_two_hundred_decisions_are_judged_again_in_batches(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 205, WIDE_POLICY)
    seen: list[tuple[int, int]] = []
    report = await replayed(desk, NOTHING, progress=lambda done, all_: seen.append((done, all_)))

    total, first, last = report.total, report.days[0], report.days[-1]
    assert (total.decisions, total.newly_denied, total.same) == (205, 205, 0)
    assert seen == [(BATCH, 205), (2 * BATCH, 205), (205, 205)]
    assert len(report.days) == 21
    assert (first.day, first.decisions, first.notional_refused) == (DAY, 10, Decimal(55_000))
    assert (last.day, last.decisions) == (date(2026, 3, 22), 5)
    assert total.notional_refused == sum(day.notional_refused for day in report.days)
    assert [(one.rule_id, one.fires, one.falls_silent) for one in report.rules] == [
        ("ORD-012", 205, 0)
    ]
    assert (report.judged_twice, report.unreadable, len(report.changed)) == (0, 0, 50)


async def test_a_policy_against_itself_changes_nothing(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 40, UP_TO_TEN)
    report = await replayed(desk, UP_TO_TEN)

    assert (report.total.decisions, report.total.same) == (40, 40)
    assert (report.rules, report.changed) == ((), ())
    assert report.total.notional_refused == report.total.notional_allowed == 0


async def test_smaller_and_larger_quantities_are_told_with_their_rupees(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 20, UP_TO_TEN)
    tighter, looser = await replayed(desk, FIVE_ONLY), await replayed(desk, WIDE_POLICY)

    # Plans of 6 to 10 lose 1 to 5 units, those above 10 lose 5 of their 10.
    assert (tighter.total.same, tighter.total.changed_quantity) == (5, 15)
    assert tighter.total.notional_refused == (1 + 2 + 3 + 4 + 5) * 1000 + 10 * 5000
    assert [(one.rule_id, one.fires) for one in tighter.rules] == [("ORD-003", 5)]
    assert (looser.total.same, looser.total.changed_quantity) == (10, 10)
    assert looser.total.notional_allowed == sum(range(1, 11)) * 1000
    assert [(one.rule_id, one.falls_silent) for one in looser.rules] == [("ORD-003", 10)]


async def test_decisions_of_an_older_engine_are_judged_by_both_policies(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 20, UP_TO_TEN, schema_id="risk_decision/1")
    await set_policy(desk, location, UP_TO_TEN)
    report = await replayed(desk, FIVE_ONLY)

    assert (report.judged_twice, report.total.decisions) == (20, 20)
    assert (report.total.same, report.total.changed_quantity) == (5, 15)
    assert report.total.incomparable == 0
    assert any("older engine" in note for note in report.notes)


@pytest.mark.parametrize("policy", [UP_TO_TEN, FIVE_ONLY, NOTHING])
async def test_older_inputs_that_say_too_little_are_never_called_the_same(
    desk: Desk, location: DatabaseLocation, policy: Policy
) -> None:
    loose = a_policy(WIDE_POLICY, execution={"max_orders_per_day": 100})
    record(location, 4, loose, schema_id="risk_decision/1")
    as_owner(location, "UPDATE risk_decisions SET gate_input = gate_input - 'history' - 'sent'")
    await set_policy(desk, location, loose)
    report = await replayed(desk, policy)

    total = report.total
    assert (total.decisions, total.incomparable, total.same) == (4, 4, 0)
    assert (total.newly_denied, total.notional_refused) == (0, Decimal(0))
    assert report.changed == ()
    assert [day.incomparable for day in report.days] == [4]
    assert any("4 decisions of an older engine cannot be compared" in n for n in report.notes)


async def test_an_older_refusal_for_other_reasons_is_not_compared(
    desk: Desk, location: DatabaseLocation
) -> None:
    # Refused for its symbol then; for what is not known today, whatever the policy says.
    daily = a_policy(WIDE_POLICY, execution={"max_orders_per_day": 100})
    denying = a_policy(daily, order={"deny_list": frozenset({"INFY"})})
    record(location, 2, denying, schema_id="risk_decision/1")
    as_owner(location, "UPDATE risk_decisions SET gate_input = gate_input - 'history' - 'sent'")
    await set_policy(desk, location, denying)
    report = await replayed(desk, daily)

    assert (report.total.incomparable, report.total.same) == (2, 0)


async def test_a_policy_that_cannot_be_read_is_stood_in_for_by_the_one_in_force(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 5, UP_TO_TEN, schema_id="risk_decision/1")
    report = await replayed(desk, UP_TO_TEN)

    assert (report.judged_twice, report.unreadable) == (5, 0)
    assert any("stood in" in note for note in report.notes)


async def test_inputs_that_cannot_be_read_are_counted_and_left_out(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 5, WIDE_POLICY)
    as_owner(
        location,
        "UPDATE risk_decisions SET gate_input = '{}' WHERE plan_id = 'pln_00002'",
    )
    report = await replayed(desk, WIDE_POLICY)

    assert (report.unreadable, report.total.decisions) == (1, 4)
    assert any("cannot read" in note for note in report.notes)


async def test_other_days_other_accounts_and_approvals_do_not_count(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 30, WIDE_POLICY)
    as_owner(location, "UPDATE risk_decisions SET stage = 'APPROVAL' WHERE plan_id = 'pln_00012'")
    as_owner(location, "UPDATE plans SET account_id = 'paper-usd' WHERE plan_id = 'pln_00013'")
    middle = DAY + timedelta(days=1)
    days = days_between(middle, middle, today=date(2026, 12, 31))
    database = desk.container.database
    report = await replay_recorded(database, OWNER_TENANT, ACCOUNT, NOTHING, days)

    assert [(day.day, day.decisions) for day in report.days] == [(middle, 8)]


async def test_more_than_may_be_judged_at_once_is_refused_before_it_begins(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 11, WIDE_POLICY)
    days = days_between(DAY, DAY, today=date(2026, 12, 31), most=9)
    database = desk.container.database
    with pytest.raises(TooMuchRecorded, match="10 decisions were recorded from 2026-03-02"):
        await replay_recorded(database, OWNER_TENANT, ACCOUNT, NOTHING, days)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 3, 2), date(2026, 3, 1)),
        (date(2025, 1, 1), date(2026, 3, 2)),
        (None, date(2026, 3, 9)),
        (None, date(1, 1, 1)),
    ],
)
def test_a_wrong_span_of_days_is_refused(first: date | None, last: date) -> None:
    with pytest.raises(InvalidRequest):
        days_between(first, last, today=date(2026, 3, 2))


def test_thirty_days_are_usual() -> None:
    days = days_between(None, None, today=date(2026, 3, 30))
    assert (days.first, days.last) == (date(2026, 3, 1), date(2026, 3, 30))


async def check_text(client: httpx.AsyncClient, text: str, **more: Any) -> dict[str, Any]:
    reply = await client.post("/api/v1/policies/check", json={"text": text, **more})
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


async def test_what_was_filled_is_marked_at_the_last_known_price(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        done = await trade(client)
        bench.clock.advance(seconds=60)
        bench.price(990)
        await say(client, "buy 1 INFY at market, cnc")
        answer = await check_text(client, SMALL)
        nothing_changed = rows(location, "SELECT count(*) AS n FROM policy_changes")

    assert done["outcome"] == "EXECUTED"
    replay = answer["replay"]
    assert (replay["total"]["decisions"], replay["total"]["changed_quantity"]) == (2, 1)
    # Nine of the ten at 1,000 would not have been bought; they stand at 990 now.
    assert replay["total"]["notional_refused"] == "9000"
    assert replay["total"]["filled_notional"] == "9000"
    assert replay["total"]["filled_result"] == "-90"
    mark = replay["marks"][0]
    assert (mark["instrument"], mark["price"]) == (INFY.model_dump(mode="json"), "990")
    assert (replay["total"]["filled_marked"], replay["total"]["filled_realised"]) == ("-90", "0")
    assert mark["source"] in {"decision", "snapshot"}
    assert answer["loosens"] is False
    assert [one["path"] for one in answer["differences"]] == ["limits.order.max_order_value"]
    assert nothing_changed == [{"n": 0}]


async def test_what_was_closed_is_taken_at_the_price_it_was_closed_at(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        bench.clock.advance(seconds=60)
        bench.price(900)
        await trade(client, "sell 10 INFY at market, cnc")
        bench.clock.advance(seconds=60)
        bench.price(1500)
        await say(client, "buy 1 INFY at market, cnc")
        replay = (await check_text(client, SMALL))["replay"]

    # Nine of the ten would not have been bought; the loss of 100 on each would have been spared.
    total = replay["total"]
    assert (total["filled_result"], total["filled_realised"]) == ("-900", "-900")
    assert total["filled_marked"] == "0"
    assert replay["marks"] == []
    assert any("realised" in note for note in replay["notes"])


async def test_one_time_machine_runs_at_a_time_and_few_wait(desk: Desk) -> None:
    text = {"text": SMALL}
    async with desk.client() as client:
        async with desk.container.services.policies.time_machine_turn():
            waiting = [
                asyncio.create_task(client.post("/api/v1/policies/check", json=text))
                for _ in range(MOST_WAITING)
            ]
            await asyncio.sleep(0.3)
            refused = await client.post("/api/v1/policies/check", json=text)
            held = [task.done() for task in waiting]
        replies = [await task for task in waiting]

    assert (refused.status_code, refused.json()["code"]) == (429, "TIME_MACHINE_BUSY")
    assert int(refused.headers["Retry-After"]) > 0
    assert not any(held)
    assert [reply.status_code for reply in replies] == [200] * MOST_WAITING


async def test_others_are_answered_between_two_decisions(
    desk: Desk, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(location, 30, WIDE_POLICY)
    seen = list[str]()

    def judging(policy: Policy, gate_input: GateInput) -> RiskDecision:
        seen.append("judged")
        return evaluate(policy, gate_input)

    async def others() -> None:
        while True:
            seen.append("answered")
            await asyncio.sleep(0)

    monkeypatch.setattr(time_machine, "evaluate", judging)
    task = asyncio.create_task(others())
    await replayed(desk, NOTHING)
    task.cancel()
    places = [place for place, what in enumerate(seen) if what == "judged"]
    assert len(places) == 30
    assert all("answered" in seen[a:b] for a, b in pairwise(places))


async def test_recorded_proposals_of_the_desk_are_found(desk: Desk) -> None:
    async with desk.client() as client:
        await say(client, "buy 10 INFY at market, cnc")
        in_force = (await client.get("/api/v1/policies/current")).json()["policy"]
        same = await check_text(client, in_force["text"])

    assert same["policy_hash"] == same["from_hash"] == in_force["policy_hash"]
    assert (same["differences"], same["replay"]["changed"]) == ([], [])
    assert (same["replay"]["total"]["decisions"], same["replay"]["total"]["same"]) == (1, 1)


async def test_a_check_may_be_asked_for_days_and_only_by_those_who_trade_or_watch(
    desk: Desk, location: DatabaseLocation
) -> None:
    record(location, 20, WIDE_POLICY)
    viewer, trader = await person(desk, "v", Role.VIEWER), await person(desk, "t", Role.TRADER)
    body = {"text": SMALL, "from": "2026-03-03", "to": "2026-03-03"}
    async with desk.client(viewer) as one, desk.client(trader) as two:
        refused = await one.post("/api/v1/policies/check", json=body)
        answer = await check_text(two, SMALL, **{"from": "2026-03-03", "to": "2026-03-03"})
        backwards = await two.post("/api/v1/policies/check", json={**body, "from": "2026-03-04"})

    assert (refused.status_code, backwards.status_code) == (403, 400)
    assert [day["day"] for day in answer["replay"]["days"]] == ["2026-03-03"]
    assert answer["policy_hash"] == parse_policy(SMALL).policy_hash


def test_the_builders_plan_is_worth_what_the_sums_say() -> None:
    assert a_plan(a_leg(3)).notional == Decimal(3000)
