"""The engine's rarer ways, each driven to its end: nothing is sent twice or without a right."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from adapters.brokers.mock.script import AcceptAndLoseReply
from app.errors import NotFound
from app.execution.canceller import OrderNotOpen
from app.execution.live import PlanNotExecutable
from app.identity.principal import OWNER_TENANT
from app.persistence import orders, plans
from app.persistence.location import DatabaseLocation
from app.persistence.orders import OrderRecord
from app.settings import Settings
from riskgate.contracts.decisions import ApprovedPlan, Verdict
from riskgate.contracts.orders import ExecutionMode, OrderState
from riskgate.contracts.plans import TradePlan
from riskgate.hashing import content_hash
from tests.fakes.brokers import nothing
from tests.fakes.instruments import NIFTY_FUT
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import MOCK_ACCOUNT, approve, propose, rows, trade
from tests.unit.contracts.samples import the_approval
from tests.unit.riskgate.builders import changed

TWO_SLICES = "buy 30 lots NIFTY26MARFUT at market, nrml"


@asynccontextmanager
async def open_bench(
    settings: Settings, location: DatabaseLocation, **changes: Any
) -> AsyncIterator[tuple[Bench, Desk]]:
    bench = a_bench()
    bench.price(100, NIFTY_FUT)
    async with bench.desk(settings.model_copy(update=changes), location) as desk:
        yield bench, desk


async def stored(desk: Desk) -> list[OrderRecord]:
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        found = await orders.list_orders(session, account_id=MOCK_ACCOUNT, limit=50, offset=0)
    return sorted(found, key=lambda order: order.intent.slice)


async def approval_of(desk: Desk, location: DatabaseLocation) -> ApprovedPlan:
    """Have a plan proposed, and return an approval of it that nobody has given."""
    async with desk.client() as client:
        await propose(client)
    (row,) = rows(location, "SELECT plan_id, decision_hash FROM risk_decisions")
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        plan = await plans.find_plan(session, str(row["plan_id"]))
    assert plan is not None
    return changed(
        the_approval(),
        plan=plan,
        plan_hash=plan.plan_hash,
        decision_hash=row["decision_hash"],
        expires_at=plan.validity_window.end,
    )


async def prepare(desk: Desk, approved: ApprovedPlan) -> None:
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        await desk.container.engine.prepare(session, approved)


# What may be prepared


def with_another_plan(approved: ApprovedPlan) -> ApprovedPlan:
    return changed(approved, plan=_larger(approved.plan))


def with_another_plan_and_its_hash(approved: ApprovedPlan) -> ApprovedPlan:
    larger = _larger(approved.plan)
    return changed(approved, plan=larger, plan_hash=larger.plan_hash)


def of_a_plan_never_stored(approved: ApprovedPlan) -> ApprovedPlan:
    unknown = changed(approved.plan, plan_id="pln_unheard_of")
    return changed(approved, plan=unknown, plan_hash=unknown.plan_hash)


def without_a_stored_decision(approved: ApprovedPlan) -> ApprovedPlan:
    return changed(approved, decision_hash="f" * 64)


def _larger(plan: TradePlan) -> TradePlan:
    (leg,) = plan.legs
    larger = changed(leg, quantity=leg.quantity * 2, slices=(leg.quantity * 2,))
    return changed(plan, legs=(larger,))


@pytest.mark.parametrize(
    ("forge", "complaint"),
    [
        (with_another_plan, "was changed after it was approved"),
        (with_another_plan_and_its_hash, "is not the stored one"),
        (of_a_plan_never_stored, "is not the stored one"),
        (without_a_stored_decision, "has no stored decision"),
    ],
)
async def test_an_approval_that_is_not_of_what_is_stored_prepares_nothing(
    settings: Settings, location: DatabaseLocation, forge: Any, complaint: str
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        approved = await approval_of(desk, location)
        with pytest.raises(PlanNotExecutable, match=complaint):
            await prepare(desk, forge(approved))
        assert await stored(desk) == []
        assert bench.broker.placed == []


async def test_a_live_plan_is_refused_even_with_everything_stored(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk):
        approved = await approval_of(desk, location)
        live = changed(approved.plan, plan_id="pln_live", mode=ExecutionMode.LIVE)
        (row,) = rows(location, "SELECT run_id FROM plans")
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            record = await plans.find_decision(session, approved.decision_hash)
            assert record is not None
            decision = changed(record.decision, plan_id="pln_live", plan_hash=live.plan_hash)
            await plans.add_plan(session, live, run_id=str(row["run_id"]))
            await plans.add_decision(
                session, decision, stage="PLAN", gate_input="{}", at=live.created_at
            )
        armed = changed(
            approved, plan=live, plan_hash=live.plan_hash, decision_hash=content_hash(decision)
        )
        with pytest.raises(PlanNotExecutable, match="LIVE is switched off on this server"):
            await prepare(desk, armed)
        assert await stored(desk) == []


@pytest.mark.parametrize("verdict", [Verdict.DENY, Verdict.MODIFY])
async def test_a_stored_decision_that_does_not_allow_the_plan_prepares_nothing(
    settings: Settings, location: DatabaseLocation, verdict: Verdict
) -> None:
    async with open_bench(settings, location) as (_bench, desk):
        approved = await approval_of(desk, location)
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            record = await plans.find_decision(session, approved.decision_hash)
            assert record is not None
            decision = changed(record.decision, verdict=verdict)
            decision_hash = await plans.add_decision(
                session, decision, stage="PLAN", gate_input="{}", at=decision.as_of
            )
        with pytest.raises(PlanNotExecutable, match="does not allow the plan"):
            await prepare(desk, changed(approved, decision_hash=decision_hash))
        assert await stored(desk) == []


async def test_a_plan_that_is_not_there_cannot_be_executed(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk):
        with pytest.raises(PlanNotExecutable, match="there is no plan pln_x"):
            await desk.container.engine.execute(OWNER_TENANT, "pln_x")


# Between two sends


async def test_a_worker_that_comes_second_sends_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):

        async def another_worker_executes_the_same_plan() -> None:
            bench.broker.before_order = nothing
            (plan_id,) = {order.intent.plan_id for order in await stored(desk)}
            await desk.container.engine.execute(OWNER_TENANT, plan_id)

        async with desk.client() as client:
            card = await propose(client, TWO_SLICES)
            bench.broker.before_order = another_worker_executes_the_same_plan
            done = (await approve(client, card)).json()
        assert [order["state"] for order in done["orders"]] == ["FILLED", "FILLED"]
        assert len(bench.broker.placed) == len(set(bench.broker.placed)) == 2
        check(location, bench.mock)


async def test_what_is_not_sent_in_its_time_is_never_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):

        async def an_hour_passes() -> None:
            bench.clock.advance(hours=1)

        async with desk.client() as client:
            card = await propose(client, TWO_SLICES)
            bench.broker.after_order = an_hour_passes
            done = (await approve(client, card)).json()
        assert [(order["state"], order["reason"]) for order in done["orders"]] == [
            ("FILLED", None),
            ("EXPIRED", "its time to be sent is over"),
        ]
        check(location, bench.mock)


@pytest.mark.parametrize("level", ["HALTED", "REDUCE_ONLY"])
async def test_a_kill_switch_between_two_slices_stops_the_second(
    settings: Settings, location: DatabaseLocation, level: str
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        card = await propose(client, TWO_SLICES)

        async def somebody_stops_trading() -> None:
            bench.clock.advance(seconds=1)
            body = {"level": level, "reason": "enough", "account_id": MOCK_ACCOUNT}
            response = await client.post(
                "/api/v1/kill-switch", json=body, headers={"Idempotency-Key": "stop"}
            )
            assert response.status_code == 200, response.text

        bench.broker.after_order = somebody_stops_trading
        done = (await approve(client, card)).json()
        assert [(order["state"], order["reason"]) for order in done["orders"]] == [
            ("FILLED", None),
            ("EXPIRED", f"the kill switch is {level}: enough"),
        ]
        check(location, bench.mock)


# When the broker goes away


async def test_an_unknown_outcome_at_a_broker_gone_away_stays_unknown_and_is_settled_later(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:

        async def the_line_breaks() -> None:
            bench.mock.go_down()
            raise TimeoutError

        bench.broker.after_order = the_line_breaks
        done = await trade(client)
        (order,) = await stored(desk)
        assert (done["outcome"], order.state) == ("OUTCOME_UNKNOWN", OrderState.UNKNOWN)
        with pytest.raises(OrderNotOpen, match="not known at the broker"):
            await desk.container.engine.cancel(OWNER_TENANT, order.intent.order_id, by="usr-1")

        bench.mock.come_up()
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        (settled,) = await stored(desk)
        assert (settled.state, settled.filled_quantity) == (OrderState.FILLED, Decimal(10))
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        assert len(bench.broker.placed) == 1
        check(location, bench.mock)


async def test_orders_that_are_not_there_or_over_cannot_be_cancelled(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk), desk.client() as client:
        await trade(client)
        (order,) = await stored(desk)
        engine = desk.container.engine
        with pytest.raises(NotFound):
            await engine.cancel(OWNER_TENANT, "ord_x", by="usr-1")
        with pytest.raises(NotFound):
            await engine.cancel("another-tenant", order.intent.order_id, by="usr-1")
        with pytest.raises(OrderNotOpen, match="is FILLED"):
            await engine.cancel(OWNER_TENANT, order.intent.order_id, by="usr-1")


async def test_fills_that_come_while_the_engine_waits_are_told_with_the_approval(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location, fill_wait_s=1) as (bench, desk):
        bench.mock.script(AcceptAndLoseReply())
        bench.mock.hide_new_orders(reads=5)
        async with desk.client() as client:
            done = await trade(client)
        assert [order["state"] for order in done["orders"]] == ["FILLED"]
        assert len(bench.broker.placed) == 1
        check(location, bench.mock)
