"""What each role may change: the whole table, route by route."""

from typing import Any

import pytest

from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from tests.integration.conftest import Desk
from tests.integration.driving import person, propose, rows

# What a person of one role gets who asks with a well-formed request for objects that are not
# there: 403 where the role may not, 404 or 200 where it may.
ALLOWED: dict[tuple[str, str], tuple[dict[str, Any] | None, set[Role], int]] = {
    ("POST", "/api/v1/chat"): (
        {"message": "help"},
        {Role.VIEWER, Role.TRADER, Role.APPROVER, Role.SERVICE},
        200,
    ),
    ("POST", "/api/v1/runs/{run_id}/cancel"): (
        None,
        {Role.VIEWER, Role.TRADER, Role.APPROVER, Role.SERVICE},
        404,
    ),
    ("POST", "/api/v1/cards/{card_id}/approve"): (None, {Role.TRADER, Role.APPROVER}, 404),
    ("POST", "/api/v1/cards/{card_id}/reject"): (None, {Role.TRADER, Role.APPROVER}, 404),
    ("POST", "/api/v1/cards/{card_id}/portfolio-detail"): (
        {"choice": "session"},
        {Role.TRADER, Role.APPROVER},
        404,
    ),
    ("POST", "/api/v1/plans/{plan_id}/validate"): (
        None,
        {Role.TRADER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/plans/{plan_id}/execute"): (
        None,
        {Role.TRADER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/plans/{plan_id}/cancel"): (None, {Role.TRADER, Role.APPROVER}, 404),
    ("POST", "/api/v1/decisions/{decision_id}/replay"): (None, set(Role), 404),
    ("POST", "/api/v1/orders/{order_id}/cancel"): (
        None,
        {Role.TRADER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/exceptions/{exception_id}/ack"): (
        None,
        {Role.TRADER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/exceptions/{exception_id}/remediate"): (
        {"action": "ADOPT"},
        {Role.TRADER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    # The broker's signature is asked for instead of a role; without a secret nothing is taken.
    ("POST", "/api/v1/postbacks/{tenant_id}"): (
        {"order_id": "o-1", "order_timestamp": "now", "checksum": "0"},
        set(Role),
        503,
    ),
    ("POST", "/api/v1/reconcile"): (
        {"account_id": "not-there"},
        {Role.TRADER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/connections/kite/login"): (
        {"account_id": "not-there"},
        {Role.TRADER, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/connections/kite/logout"): (
        {"account_id": "not-there"},
        {Role.TRADER, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/kill-switch"): (
        {"level": "HALTED", "reason": "a test"},
        {Role.TRADER, Role.APPROVER, Role.RISK_ADMIN, Role.ADMIN},
        200,
    ),
    ("POST", "/api/v1/policies/check"): (
        {"text": 'version: "1"', "account_id": "not-there"},
        {Role.TRADER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("PUT", "/api/v1/policies"): (
        {"text": 'version: "1"', "account_id": "not-there"},
        {Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/policies/changes/{change_id}/approve"): (None, {Role.RISK_ADMIN}, 404),
    ("POST", "/api/v1/policies/changes/{change_id}/reject"): (
        None,
        {Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/panic"): (
        {"reason": "a test", "account_id": "not-there"},
        {Role.TRADER, Role.APPROVER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    ("POST", "/api/v1/running-state"): (
        {"reason": "a test", "state": "PAUSED", "account_id": "not-there"},
        {Role.TRADER, Role.APPROVER, Role.RISK_ADMIN, Role.ADMIN},
        404,
    ),
    # An empty file is refused as one.
    ("POST", "/api/v1/files"): (
        None,
        {Role.VIEWER, Role.TRADER, Role.APPROVER, Role.SERVICE},
        422,
    ),
    ("DELETE", "/api/v1/files/{file_id}"): (
        None,
        {Role.VIEWER, Role.TRADER, Role.APPROVER, Role.SERVICE},
        404,
    ),
    ("POST", "/agui"): (
        {
            "threadId": "t",
            "runId": "r",
            "messages": [{"id": "m", "role": "user", "content": "help"}],
            "state": {},
            "tools": [],
            "context": [],
            "forwardedProps": {},
        },
        {Role.VIEWER, Role.TRADER, Role.APPROVER, Role.SERVICE},
        200,
    ),
}


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_may_change_what_the_table_says_and_nothing_else(
    desk: Desk, role: Role
) -> None:
    key = await person(desk, "them", role)
    changing = {
        (method.upper(), path)
        for path, methods in desk.app.openapi()["paths"].items()
        for method in methods
        if method != "get"
    }
    async with desk.client(key) as client:
        for (method, path), (body, roles, status) in ALLOWED.items():
            url = path.replace("{", "").replace("}", "")
            headers = {"Idempotency-Key": f"{method}:{url}"} if url.endswith("/execute") else {}
            reply = await client.request(method, url, json=body, headers=headers)
            expected = status if role in roles else 403
            assert reply.status_code == expected, (role, method, path, reply.text)

    assert changing == set(ALLOWED)


@pytest.mark.parametrize("role", [Role.TRADER, Role.APPROVER, Role.ADMIN])
async def test_loosening_the_kill_switch_needs_another_role_than_pulling_it(
    desk: Desk, role: Role, location: DatabaseLocation
) -> None:
    key = await person(desk, "them", role)
    risk = await person(desk, "risk", Role.RISK_ADMIN)
    body = {"reason": "a test"}
    async with desk.client(key) as client, desk.client(risk) as admin:
        pulled = await client.post("/api/v1/kill-switch", json={**body, "level": "HALTED"})
        looser = await client.post("/api/v1/kill-switch", json={**body, "level": "REDUCE_ONLY"})
        off = await client.post("/api/v1/kill-switch", json={**body, "level": "RUNNING"})
        by_risk = await admin.post("/api/v1/kill-switch", json={**body, "level": "RUNNING"})

    assert [r.status_code for r in (pulled, looser, off, by_risk)] == [200, 403, 403, 200]
    actions = rows(location, "SELECT body FROM audit_log WHERE action = 'kill_switch.set'")
    assert [row["body"]["to"] for row in actions] == ["HALTED", "RUNNING"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
async def test_who_may_not_plan_gets_no_card(desk: Desk, role: Role) -> None:
    key = await person(desk, "them", role)
    async with desk.client(key) as client:
        answer = (
            await client.post("/api/v1/chat", json={"message": "buy 1 INFY at market, cnc"})
        ).json()

    assert (answer["outcome"], answer["error_code"]) == ("DENIED", "TOOL_SCOPE_MISSING")
    assert answer["cards"] == []


async def test_a_service_may_ask_for_a_plan_and_a_person_decides_on_it(desk: Desk) -> None:
    service = await person(desk, "robot", Role.SERVICE)
    approver = await person(desk, "human", Role.APPROVER)
    async with desk.client(service) as robot, desk.client(approver) as human:
        card = await propose(robot)
        own = await robot.post(f"/api/v1/cards/{card}/approve")
        done = (await human.post(f"/api/v1/cards/{card}/approve")).json()

    assert own.status_code == 403
    assert done["outcome"] == "EXECUTED"
