"""A validation looks at everything an execution needs, says it with codes, and sends nothing."""

from datetime import timedelta
from decimal import Decimal

import httpx
import psycopg
import pytest

from app.identity.principal import OWNER_TENANT, Role
from app.persistence import accounts
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.policy import DEFAULT_POLICY
from tests.fakes.instruments import INFY
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import counts, person, rows, set_policy, tenant
from tests.integration.planning import codes_of, planned, validated
from tests.unit.riskgate.builders import changed

NAMES = ["Tenant", "RiskConfiguration", "Operation", "Gate", "PaperRun"]


async def test_a_good_plan_passes_and_nothing_is_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        plan, _card = await planned(client)
        report = await validated(client, plan)
        shown = (await client.get(f"/api/v1/plans/{plan}")).json()

    assert report["status"] in {"PASS", "WARNING"}
    assert list(dict.fromkeys(check["name"] for check in report["checks"])) == NAMES
    assert report["plan_hash"] == shown["plan"]["plan_hash"]
    assert report["paper_run"]["fills"][0]["expected_quantity"] == "10"
    assert shown["validations"] == [report]
    assert bench.broker.placed == []
    assert counts(location)["orders"] == 0
    check(location, bench.mock)


async def test_a_validation_is_stored_with_its_tenant_and_end_and_never_changed(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        plan, _card = await planned(client)
        report = await validated(client, plan)

    (row,) = rows(location, "SELECT * FROM validations")
    assert (row["tenant_id"], row["plan_hash"]) == ("main", report["plan_hash"])
    assert row["expires_at"] - row["made_at"] == timedelta(minutes=15)
    for statement in ("UPDATE validations SET status = 'PASS'", "DELETE FROM validations"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with desk.container.database.tenant("main") as session:
                await session.execute(statement)
    stages = rows(location, "SELECT stage FROM risk_decisions ORDER BY created_at")
    assert [row["stage"] for row in stages] == ["PLAN", "VALIDATION"]


@pytest.mark.parametrize(
    ("client_id", "code"),
    [("other", "TENANT_MISMATCH"), ("2", "TENANT_MISMATCH"), ("-1", "TENANT_INVALID_FORMAT"),
     ("", "TENANT_MISSING"), ("x" * 80, "TENANT_INVALID_FORMAT")],
)  # fmt: skip
async def test_a_wrong_client_fails_the_tenant_check(desk: Desk, client_id: str, code: str) -> None:
    async with desk.client() as client:
        plan, _card = await planned(client)
        report = await validated(client, plan, client_id=client_id)

    assert report["status"] == "FAIL"
    assert code in codes_of(report)


@pytest.mark.parametrize("client_id", ["1", "main", None])
async def test_the_first_tenant_is_client_1_main_or_unsaid(
    desk: Desk, client_id: str | None
) -> None:
    async with desk.client() as client:
        plan, _card = await planned(client)
        report = await validated(client, plan, client_id=client_id)

    assert report["status"] != "FAIL", report


async def test_another_tenants_plan_is_not_there(desk: Desk) -> None:
    stranger = await tenant(desk, "other")
    async with desk.client() as client, desk.client(stranger) as foreign:
        plan, _card = await planned(client)
        reply = await foreign.post(f"/api/v1/plans/{plan}/validate", json={})

    assert (reply.status_code, reply.json()["code"]) == (404, "NOT_FOUND")


async def test_an_account_that_only_observes_and_a_halt_fail(desk: Desk) -> None:
    async with desk.client() as client:
        plan, _card = await planned(client)
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            await accounts.set_mode(session, account_id="paper-inr", mode="OBSERVE")
        await client.post("/api/v1/kill-switch", json={"level": "HALTED", "reason": "test"})
        report = await validated(client, plan)

    assert report["status"] == "FAIL"
    assert {"ACCOUNT_OBSERVES", "KILL_SWITCH_HALTED", "RISK_DENY"} <= set(codes_of(report))
    assert all(check["remedy"] for check in report["checks"] if check["code"])


async def test_a_plan_whose_time_is_over_fails(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        plan, _card = await planned(client)
        bench.clock.advance(seconds=settings.plan_ttl_s + 1)
        bench.price(1000)
        report = await validated(client, plan)

    assert report["status"] == "FAIL"
    assert "PLAN_EXPIRED" in codes_of(report)


async def test_a_broker_that_is_down_and_a_price_that_is_gone_fail_without_an_error(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        plan, _card = await planned(client)
        bench.market.hide(INFY)
        unpriced = await validated(client, plan)
        bench.mock.go_down()
        down = await validated(client, plan)

    assert {"QUOTE_MISSING", "PAPER_RUN_PARTIAL"} <= set(codes_of(unpriced))
    assert codes_of(down)[-3:] == ["BROKER_UNAVAILABLE", "GATE_NOT_ASKED", "PAPER_RUN_IMPOSSIBLE"]
    assert (unpriced["status"], down["status"]) == ("FAIL", "FAIL")


async def test_thin_depth_and_a_loose_policy_only_warn(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    loose = changed(
        DEFAULT_POLICY,
        limits=changed(
            DEFAULT_POLICY.limits,
            loss=changed(DEFAULT_POLICY.limits.loss, max_drawdown_pct=Decimal("0.60")),
        ),
    )
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, loose)
        plan, _card = await planned(client)
        bench.market.show(INFY, bids=[("999", 5)], asks=[("1000", 4)], last="1000")
        report = await validated(client, plan)

    assert report["status"] == "WARNING", report
    assert {"MAX_DRAWDOWN_HIGH", "PAPER_RUN_PARTIAL", "STOP_LOSS_MISSING"} <= set(codes_of(report))
    assert report["paper_run"]["fills"][0]["expected_quantity"] == "4"


async def test_only_operators_validate(desk: Desk) -> None:
    viewer = await person(desk, "viewer", Role.VIEWER)
    async with desk.client() as client, desk.client(viewer) as looking:
        plan, _card = await planned(client)
        reply: httpx.Response = await looking.post(f"/api/v1/plans/{plan}/validate")

    assert reply.status_code == 403
