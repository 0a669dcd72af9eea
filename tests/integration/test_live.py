"""LIVE needs the server's switch, a fresh passed validation, an acknowledgement and every guard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from app.execution.live import LiveEvidence, PlanNotExecutable
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts, plans
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import ExecutionMode
from riskgate.guards import GuardName, GuardReport, GuardResult
from riskgate.policy import DEFAULT_POLICY, ApprovalLimits, Policy
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import MOCK_ACCOUNT, approve, rows, set_policy
from tests.integration.planning import (
    codes_of,
    executed,
    live_policy,
    planned,
    said_by,
    validated,
)
from tests.unit.contracts.samples import the_approval
from tests.unit.riskgate.builders import changed

TEN_TCS = "buy 3 TCS at market, cnc"
KNOWING = {"json": {"acknowledge_risk": True}}


@asynccontextmanager
async def live_desk(
    settings: Settings,
    location: DatabaseLocation,
    policy: Policy | None = None,
    *,
    live: bool = True,
) -> AsyncIterator[tuple[Bench, Desk]]:
    """A desk at a broker of real money, armed unless said otherwise."""
    bench = a_bench(ExecutionMode.LIVE)
    armed = settings.model_copy(update={"live": live})
    async with bench.desk(armed, location) as desk:
        await set_policy(desk, location, policy or live_policy())
        yield bench, desk


async def test_with_everything_in_place_a_live_order_goes_out_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        plan, card = await planned(client)
        validation = await validated(client, plan)
        done = (await approve(client, card, **KNOWING)).json()
        answer = await executed(client, plan, "LIVE", acknowledge_risk=True)
        again = await executed(client, plan, "LIVE", acknowledge_risk=True)

    assert validation["status"] in {"PASS", "WARNING"}
    assert done["outcome"] == "EXECUTED", done
    assert (answer["execution"]["status"], answer["execution"]["mode"]) == ("SUCCESS", "LIVE")
    assert "1 of 1 orders taken by the LIVE broker; 10 of 10 filled" in said_by(answer)
    assert again["already_executed"] is True
    assert len(bench.broker.placed) == 1
    armed = rows(location, "SELECT body FROM audit_log WHERE action = 'live.guards_passed'")
    assert armed[0]["body"]["validation_id"] == validation["validation_id"]
    check(location, bench.mock)


@pytest.mark.parametrize(
    ("missing", "code"),
    [("validation", "VALIDATION_MISSING"), ("acknowledgement", "ACKNOWLEDGEMENT_MISSING")],
)
async def test_without_one_of_them_the_card_waits_and_nothing_is_sent(
    settings: Settings, location: DatabaseLocation, missing: str, code: str
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        plan, card = await planned(client)
        if missing != "validation":
            await validated(client, plan)
        refused = await approve(client, card, **({} if missing != "validation" else KNOWING))
        shown = (await client.get(f"/api/v1/cards/{card}")).json()["card"]
        await validated(client, plan)
        done = (await approve(client, card, **KNOWING)).json()

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert shown["status"] == "PENDING"
    assert done["outcome"] == "EXECUTED"
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_a_validation_that_is_over_does_not_count(
    settings: Settings, location: DatabaseLocation
) -> None:
    short = settings.model_copy(update={"validation_ttl_s": 10})
    async with live_desk(short, location) as (bench, desk), desk.client() as client:
        plan, card = await planned(client)
        await validated(client, plan)
        bench.clock.advance(seconds=10)
        bench.price(1000)
        refused = await approve(client, card, **KNOWING)

    assert refused.json()["code"] == "VALIDATION_EXPIRED"
    assert bench.broker.placed == []


async def test_a_failed_validation_is_not_made_good_by_an_older_passed_one(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        plan, card = await planned(client)
        await validated(client, plan)
        bench.clock.advance(seconds=1)
        failed = await validated(client, plan, client_id="other")
        refused = await approve(client, card, **KNOWING)

    assert failed["status"] == "FAIL"
    assert refused.json()["code"] == "VALIDATION_FAILED"
    assert bench.broker.placed == []


async def test_another_plans_validation_does_not_count(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        one, _card = await planned(client)
        await validated(client, one)
        _two, card = await planned(client, TEN_TCS)
        refused = await approve(client, card, **KNOWING)

    assert refused.json()["code"] == "VALIDATION_MISSING"
    assert bench.broker.placed == []


async def test_without_the_servers_switch_a_live_brokers_plans_are_dry_runs(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with live_desk(settings, location, live=False) as (bench, desk), desk.client() as client:
        plan, card = await planned(client)
        await validated(client, plan)
        shown = (await client.get(f"/api/v1/plans/{plan}")).json()["plan"]
        live = await executed(client, plan, "LIVE", acknowledge_risk=True)
        done = (await approve(client, card, **KNOWING)).json()

    assert shown["mode"] == "DRY_RUN"
    assert {"LIVE_SWITCHED_OFF", "MODE_MISMATCH"} <= set(live["codes"])
    assert [order["state"] for order in done["orders"]] == ["SIMULATED"]
    assert bench.broker.placed == []


async def test_a_live_plan_of_a_server_whose_switch_was_turned_off_is_not_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        plan, card = await planned(client)
        await validated(client, plan)
    off = settings.model_copy(update={"live": False})
    reopened = bench.desk(off, location, owner_key=desk.owner_key)
    async with reopened as later, later.client() as client:
        refused = await approve(client, card, **KNOWING)

    assert refused.json()["code"] == "LIVE_SWITCHED_OFF"
    assert bench.broker.placed == []


# R06, R07: the day


async def live_trade(client: Any, message: str) -> Any:
    plan, card = await planned(client, message)
    await validated(client, plan)
    return await approve(client, card, **KNOWING)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (live_policy(orders=1), "ORDERS_PER_DAY"),
        (live_policy(notional=15_999), "NOTIONAL_PER_DAY"),
    ],
)
async def test_todays_orders_and_the_proposed_one_together_stay_within_the_limits(
    settings: Settings, location: DatabaseLocation, policy: Policy, code: str
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        await live_trade(client, "buy 10 INFY at market, cnc")
        await set_policy(desk, location, policy)
        refused = await live_trade(client, TEN_TCS)

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_just_the_limit_passes_and_one_more_does_not(
    settings: Settings, location: DatabaseLocation
) -> None:
    policy = live_policy(notional=16_000)
    async with live_desk(settings, location, policy) as (bench, desk), desk.client() as client:
        await live_trade(client, "buy 10 INFY at market, cnc")
        just = await live_trade(client, TEN_TCS)
        more = await live_trade(client, "buy 1 INFY at market, cnc")

    assert just.json()["outcome"] == "EXECUTED", just.text
    assert more.json()["code"] == "NOTIONAL_PER_DAY"
    assert len(bench.broker.placed) == 2


async def test_a_proposal_far_above_the_limits_is_blocked_by_itself(
    settings: Settings, location: DatabaseLocation
) -> None:
    policy = live_policy(notional=9_999)
    async with live_desk(settings, location, policy) as (bench, desk), desk.client() as client:
        refused = await live_trade(client, "buy 10 INFY at market, cnc")

    assert refused.json()["code"] == "NOTIONAL_PER_DAY"
    assert bench.broker.placed == []


async def test_a_day_that_lost_its_limit_opens_nothing_more_but_lets_what_is_held_leave(
    settings: Settings, location: DatabaseLocation
) -> None:
    policy = live_policy(orders=3, loss=50)
    async with live_desk(settings, location, policy) as (bench, desk), desk.client() as client:
        await live_trade(client, "buy 10 INFY at market, cnc")
        bench.price(990)
        lost = await live_trade(client, "sell 5 INFY at market, cnc")
        refused = await live_trade(client, "buy 1 TCS at market, cnc")
        plan, card = await planned(client, "sell 4 INFY at market, cnc")
        bare = await approve(client, card, **KNOWING)
        await validated(client, plan)
        unknowing = await approve(client, card)
        left = await approve(client, card, **KNOWING)

    assert lost.json()["outcome"] == "EXECUTED", lost.text
    assert refused.json()["code"] == "LOSS_PER_DAY"
    assert (bare.json()["code"], unknowing.json()["code"]) == (
        "VALIDATION_MISSING",
        "ACKNOWLEDGEMENT_MISSING",
    )
    assert left.json()["outcome"] == "EXECUTED", left.text
    assert len(bench.broker.placed) == 3
    check(location, bench.mock)


async def test_the_limits_of_a_live_broker_are_wanted_by_the_validation_too(
    settings: Settings, location: DatabaseLocation
) -> None:
    opened = live_desk(settings, location, DEFAULT_POLICY)
    async with opened as (bench, desk), desk.client() as client:
        plan, card = await planned(client)
        report = await validated(client, plan)
        refused = await approve(client, card, **KNOWING)

    assert report["status"] == "FAIL"
    assert "LIMITS_MISSING" in codes_of(report)
    assert refused.json()["code"] == "VALIDATION_FAILED"
    assert "LIMITS_MISSING" in refused.json()["detail"]
    assert bench.broker.placed == []


# The person's own word


async def test_an_executing_account_sends_live_on_the_word_only_with_everything_else(
    settings: Settings, location: DatabaseLocation
) -> None:
    own = ApprovalLimits(execute_without_approval_below_notional=Decimal(20_000))
    policy = live_policy(approval=own)
    async with live_desk(settings, location, policy) as (bench, desk), desk.client() as client:
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            await accounts.set_mode(session, account_id=MOCK_ACCOUNT, mode="EXECUTE")
        plan, _card = await planned(client)
        bare = await executed(client, plan, "LIVE")
        await validated(client, plan)
        unknowing = await executed(client, plan, "LIVE")
        done = await executed(client, plan, "LIVE", acknowledge_risk=True)

    assert bare["codes"] == ["VALIDATION_MISSING", "ACKNOWLEDGEMENT_MISSING"]
    assert unknowing["codes"] == ["ACKNOWLEDGEMENT_MISSING"]
    assert (done["execution"]["status"], done["already_executed"]) == ("SUCCESS", False)
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


# The engine takes nobody's word


def passed_guards() -> GuardReport:
    results = tuple(GuardResult(name=name, passed=True, message="fine") for name in GuardName)
    return GuardReport(passed=True, results=results)


@pytest.mark.parametrize(
    ("validation_id", "complaint"),
    [(None, "LIVE needs a stored validation"), ("val_of_nobody", "is not of this plan")],
)
async def test_the_engine_reads_the_validation_itself(
    settings: Settings, location: DatabaseLocation, validation_id: str | None, complaint: str
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        plan_id, _card = await planned(client)
        (row,) = rows(location, "SELECT decision_hash FROM risk_decisions")
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            plan = await plans.find_plan(session, plan_id)
            assert plan is not None
            approved = changed(
                the_approval(),
                plan=plan,
                plan_hash=plan.plan_hash,
                decision_hash=row["decision_hash"],
                expires_at=plan.validity_window.end,
            )
            armed = (
                None
                if validation_id is None
                else LiveEvidence(validation_id=validation_id, guards=passed_guards())
            )
            with pytest.raises(PlanNotExecutable, match=complaint):
                await desk.container.engine.prepare(session, approved, armed=armed)

    assert bench.broker.placed == []


async def test_the_stop_of_a_live_entry_and_a_panic_exit_wait_for_no_validation_of_their_own(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        plan, card = await planned(client, "buy 3 INFY at market, mis, stop loss 980")
        await validated(client, plan)
        await approve(client, card, **KNOWING)
        stops = rows(location, "SELECT state, terms->>'order_type' AS kind FROM orders")
        bench.clock.advance(seconds=60)
        bench.price(1000)
        body = {"reason": "the market breaks", "account_id": MOCK_ACCOUNT}
        report = (await client.post("/api/v1/panic", json=body)).json()
        book = await bench.mock.get_snapshot(MOCK_ACCOUNT)

    assert {row["kind"]: row["state"] for row in stops} == {"MARKET": "FILLED", "SL": "OPEN"}
    assert [position for position in book.positions if position.quantity] == [], report
    check(location, bench.mock)


async def test_with_the_switch_off_again_not_even_a_panic_reaches_a_live_broker(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with live_desk(settings, location) as (bench, desk), desk.client() as client:
        plan, card = await planned(client, "buy 3 INFY at market, mis")
        await validated(client, plan)
        await approve(client, card, **KNOWING)
        key = desk.owner_key
    off = settings.model_copy(update={"live": False})
    async with bench.desk(off, location, owner_key=key) as desk, desk.client() as client:
        bench.clock.advance(seconds=60)
        bench.price(1000)
        body = {"reason": "the market breaks", "account_id": MOCK_ACCOUNT}
        report = (await client.post("/api/v1/panic", json=body)).json()

    assert len(bench.broker.placed) == 1
    assert "LIVE is switched off" in str(report)
    check(location, bench.mock)
