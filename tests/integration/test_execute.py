"""Executing a plan: a dry run by default, once a mode, with a report that says what happened."""

import asyncio
from decimal import Decimal

import pytest

from app.identity.principal import OWNER_TENANT, Role
from app.persistence import accounts
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.policy import DEFAULT_POLICY, ApprovalLimits, Policy
from tests.fakes.brokers import nothing
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import (
    MOCK_ACCOUNT,
    approve,
    counts,
    mock_of,
    orders_of,
    person,
    rows,
    say,
    set_policy,
    tenant,
)
from tests.integration.planning import executed, planned, post_execute, said_by
from tests.unit.riskgate.builders import changed

GUARDS = ["TenantContext", "ValidationRequired", "Acknowledgement", "ExecutionLimits"]


# R03, R08, R09


async def test_without_a_mode_an_execution_is_a_dry_run_that_sends_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        plan, _card = await planned(client)
        answer = await executed(client, plan)
        orders = await orders_of(client)

    report = answer["execution"]
    assert (report["mode"], report["status"], report["orders"]) == ("DRY_RUN", "SUCCESS", [])
    assert report["paper_run"]["notional"] == "10000"
    assert [guard["name"] for guard in report["guards"]["results"]] == GUARDS
    assert "nothing was sent" in said_by(answer)
    assert "placed" not in said_by(answer)
    assert (orders, bench.broker.placed) == ([], [])
    check(location, bench.mock)


async def test_a_bare_live_request_is_blocked_and_every_guard_is_reported(desk: Desk) -> None:
    async with desk.client() as client:
        plan, _card = await planned(client)
        answer = await executed(client, plan, "LIVE")

    report = answer["execution"]
    assert report["status"] == "BLOCKED"
    assert [guard["passed"] for guard in report["guards"]["results"]] == [True, False, False, False]
    assert answer["codes"] == [
        "VALIDATION_MISSING",
        "ACKNOWLEDGEMENT_MISSING",
        "LIMITS_MISSING",
        "MODE_MISMATCH",
        "LIVE_SWITCHED_OFF",
        "APPROVAL_REQUIRED",
    ]
    text = said_by(answer)
    assert "Nothing was sent." in text
    assert not any(word in text.lower() for word in ("executed on", "orders taken", "filled"))


# R05


@pytest.mark.parametrize("mode", ["DRY_RUN", "PAPER", "LIVE"])
async def test_a_foreign_or_wrong_client_is_blocked_in_every_mode(desk: Desk, mode: str) -> None:
    await tenant(desk, "other")
    async with desk.client() as client:
        plan, card = await planned(client)
        await approve(client, card)
        foreign = await executed(client, plan, mode, client_id="other")
        unknown = await executed(client, plan, mode, client_id="77")
        odd = await executed(client, plan, mode, client_id="not a tenant!")

    assert [a["execution"]["status"] for a in (foreign, unknown, odd)] == ["BLOCKED"] * 3
    assert [a["codes"][0] for a in (foreign, unknown)] == ["TENANT_MISMATCH"] * 2
    assert odd["codes"][0] == "TENANT_INVALID_FORMAT"
    assert foreign["execution"]["orders"] == []


async def test_another_tenants_plan_is_not_there_to_execute(desk: Desk) -> None:
    stranger = await tenant(desk, "other")
    async with desk.client() as client, desk.client(stranger) as foreign:
        plan, _card = await planned(client)
        reply = await post_execute(foreign, plan, {"client_id": "main"}, key="k")

    assert (reply.status_code, reply.json()["code"]) == (404, "NOT_FOUND")


# Approval


async def test_a_plan_that_waits_is_blocked_and_names_its_card(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        plan, card = await planned(client)
        answer = await executed(client, plan, "PAPER")

    (block,) = answer["execution"]["blocks"]
    assert (block["code"], answer["execution"]["status"]) == ("APPROVAL_REQUIRED", "BLOCKED")
    assert f"/api/v1/cards/{card}/approve" in block["remedy"]
    assert counts(location)["orders"] == 0
    check(location, mock_of(mock_desk))


async def test_a_block_is_not_the_last_word_an_approval_makes_it_good(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        plan, card = await planned(client)
        blocked = await executed(client, plan, "PAPER")
        await approve(client, card)
        done = await executed(client, plan, "PAPER")

    assert (blocked["execution"]["status"], done["execution"]["status"]) == ("BLOCKED", "SUCCESS")
    assert done["already_executed"] is True
    assert "10 of 10 filled" in said_by(done)
    assert [row["status"] for row in rows(location, "SELECT status FROM executions")] == ["SUCCESS"]
    check(location, mock_of(mock_desk))


async def test_a_paper_plan_is_not_executed_as_live_nor_a_rejected_one_at_all(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        plan, card = await planned(client)
        await client.post(f"/api/v1/cards/{card}/reject")
        answer = await executed(client, plan, "PAPER")

    assert answer["codes"] == ["CARD_REJECTED"]
    assert answer["execution"]["status"] == "BLOCKED"
    assert counts(location)["orders"] == 0


# R10


async def test_a_second_execution_is_a_no_op_that_shows_the_first_result(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        plan, card = await planned(client)
        dry = await executed(client, plan)
        again = await executed(client, plan)
        await approve(client, card)
        first = await executed(client, plan, "PAPER")
        second = await executed(client, plan, "PAPER")
        shown = (await client.get(f"/api/v1/plans/{plan}")).json()

    assert (dry["already_executed"], again["already_executed"]) == (False, True)
    assert again["execution"] == dry["execution"]
    assert second["already_executed"] is True
    assert second["execution"] == first["execution"]
    assert "nothing was done again" in said_by(second)
    assert [row["mode"] for row in shown["executions"]] == ["DRY_RUN", "PAPER"]
    assert len(shown["orders"]) == 1
    check(location, mock_of(mock_desk))


async def test_twenty_executions_at_once_send_one_order(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, own_word_policy())
        plan, _card = await planned(client)
        await set_mode(desk, "EXECUTE")
        replies = await asyncio.gather(
            *(post_execute(client, plan, {"mode": "PAPER"}, key=f"at-once-{n}") for n in range(20))
        )

    statuses = {reply.status_code for reply in replies}
    assert statuses <= {200, 409}
    assert len(bench.broker.placed) == 1
    kept = rows(location, "SELECT count(*) AS kept FROM executions WHERE mode = 'PAPER'")
    assert kept[0]["kept"] == 1
    check(location, bench.mock)


async def test_an_execution_needs_a_key_and_the_same_key_gives_the_same_bytes(desk: Desk) -> None:
    async with desk.client() as client:
        plan, _card = await planned(client)
        bare = await post_execute(client, plan, {}, key=None)
        one = await post_execute(client, plan, {}, key="k-1")
        same = await post_execute(client, plan, {}, key="k-1")
        other = await post_execute(client, plan, {"mode": "PAPER"}, key="k-1")

    assert (bare.status_code, bare.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")
    assert (same.content, same.headers["Idempotency-Replayed"]) == (one.content, "true")
    assert other.status_code == 422


# EXECUTE mode


def own_word_policy(below: int = 20_000) -> Policy:
    return changed(
        DEFAULT_POLICY,
        approval=ApprovalLimits(execute_without_approval_below_notional=Decimal(below)),
    )


async def set_mode(desk: Desk, mode: str) -> None:
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        await accounts.set_mode(session, account_id=MOCK_ACCOUNT, mode=mode)


async def test_in_an_executing_account_the_persons_own_word_is_the_approval(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, own_word_policy())
        plan, card = await planned(client)
        proposing = await executed(client, plan, "PAPER")
        await set_mode(desk, "EXECUTE")
        done = await executed(client, plan, "PAPER")
        shown = (await client.get(f"/api/v1/cards/{card}")).json()["card"]

    assert proposing["codes"] == ["APPROVAL_REQUIRED"]
    assert (done["execution"]["status"], done["already_executed"]) == ("SUCCESS", False)
    assert shown["status"] == "APPROVED"
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_at_the_threshold_or_for_another_persons_plan_a_card_is_asked(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, own_word_policy(10_000))
        await set_mode(desk, "EXECUTE")
        plan, _card = await planned(client)
        at_the_threshold = await executed(client, plan, "PAPER")
        await set_policy(desk, location, own_word_policy())
        trader = await person(desk, "other", Role.TRADER)
        async with desk.client(trader) as other:
            theirs = await executed(other, plan, "PAPER")

    assert at_the_threshold["codes"] == ["APPROVAL_REQUIRED"]
    assert theirs["codes"] == ["APPROVAL_REQUIRED"]
    assert bench.broker.placed == []


# R09: what is uncertain is said to be


async def test_a_lost_reply_that_stays_unknown_is_reported_as_unknown(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()

    async def lost() -> None:
        raise RuntimeError("the line broke")

    async with bench.desk(settings, location) as desk, desk.client() as client:
        plan, card = await planned(client)
        bench.broker.before_order = lost
        await approve(client, card)
        answer = await executed(client, plan, "PAPER")

    assert answer["execution"]["status"] == "UNKNOWN"
    assert "not known" in said_by(answer)


async def test_a_refused_order_is_reported_as_failed(mock_desk: Desk) -> None:
    from adapters.brokers.mock.script import Reject

    async with mock_desk.client() as client:
        plan, card = await planned(client)
        mock_of(mock_desk).script(Reject("no"))
        await approve(client, card)
        answer = await executed(client, plan, "PAPER")

    assert answer["execution"]["status"] == "FAILED"
    assert "nothing filled" in said_by(answer)


async def test_a_dry_run_that_the_gate_refuses_is_blocked_with_the_rules(desk: Desk) -> None:
    async with desk.client() as client:
        plan, _card = await planned(client)
        await client.post("/api/v1/kill-switch", json={"level": "HALTED", "reason": "test"})
        answer = await executed(client, plan)

    assert answer["execution"]["status"] == "BLOCKED"
    assert answer["execution"]["verdict"] == "DENY"
    assert "KILL" in " ".join(answer["codes"])


# R11


async def test_a_plan_is_cancelled_before_execution_and_not_after(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        plan, card = await planned(client)
        cancelled = await client.post(f"/api/v1/plans/{plan}/cancel")
        again = await client.post(f"/api/v1/plans/{plan}/cancel")
        late = await approve(client, card)
        blocked = await executed(client, plan, "PAPER")
        second, its_card = await planned(client, "buy 3 TCS at market, cnc")
        await approve(client, its_card)
        too_late = await client.post(f"/api/v1/plans/{second}/cancel")

    assert (cancelled.status_code, again.status_code) == (200, 200)
    assert cancelled.json()["card"]["status"] == "REJECTED"
    assert late.status_code == 409
    assert blocked["codes"] == ["CARD_REJECTED"]
    assert (too_late.status_code, too_late.json()["code"]) == (409, "PLAN_ALREADY_EXECUTED")
    check(location, mock_of(mock_desk))


async def test_in_an_executing_account_a_whole_message_is_carried_out_at_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, own_word_policy())
        await set_mode(desk, "EXECUTE")
        done = await say(client, "buy 10 INFY at market, cnc")
        above = await say(client, "buy 25 INFY at market, cnc")
        asked = await say(client, "buy INFY at market, cnc")
        pieced = await say(client, "5", thread_id=asked["thread_id"])
        cards = (await client.get("/api/v1/cards")).json()["rows"]

    assert (done["outcome"], above["outcome"]) == ("EXECUTED", "AWAITING_APPROVAL"), done
    assert (asked["outcome"], pieced["outcome"]) == ("NEEDS_INPUT", "AWAITING_APPROVAL")
    approved = [card for card in cards if card["status"] == "APPROVED"]
    assert [card["comment"] for card in approved] == ["channel: message"]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_a_service_key_or_a_proposing_account_gets_a_card_for_its_message(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, own_word_policy())
        proposing = await say(client, "buy 10 INFY at market, cnc")
        await set_mode(desk, "EXECUTE")
        robot = await person(desk, "robot", Role.SERVICE)
        async with desk.client(robot) as service:
            asked = await say(service, "buy 9 INFY at market, cnc")

    assert {proposing["outcome"], asked["outcome"]} == {"AWAITING_APPROVAL"}
    assert bench.broker.placed == []


async def test_a_mode_that_changes_while_the_book_is_read_takes_the_own_word_back(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, own_word_policy())
        plan, card = await planned(client)
        await set_mode(desk, "EXECUTE")

        async def an_operator_asks_for_approvals_again() -> None:
            bench.broker.before_snapshot = nothing
            await set_mode(desk, "PROPOSE")

        bench.broker.before_snapshot = an_operator_asks_for_approvals_again
        done = await executed(client, plan, "PAPER")
        shown = (await client.get(f"/api/v1/cards/{card}")).json()["card"]

    assert (done["execution"]["status"], done["codes"]) == ("BLOCKED", ["APPROVAL_REQUIRED"])
    assert (shown["status"], bench.broker.placed) == ("PENDING", [])
