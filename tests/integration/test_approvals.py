"""A card is decided once, by who may, on what was shown."""

import asyncio
from collections import Counter
from decimal import Decimal

import pytest

from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.hashing import canonical_json
from riskgate.policy import ApprovalLimits, Policy
from tests.fakes.clock import FakeClock
from tests.integration.checker import check
from tests.integration.conftest import Desk, open_desk
from tests.integration.driving import (
    approve,
    as_owner,
    mock_of,
    orders_of,
    person,
    propose,
    rows,
    set_policy,
    tenant,
)


async def test_fifty_parallel_approvals_of_a_card_send_one_order(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        card = await propose(client)
        replies = await asyncio.gather(*(approve(client, card) for _ in range(50)))
        orders = await orders_of(client)

    answers = {canonical_json(reply.json()) for reply in replies if reply.status_code == 200}
    refused = {reply.json()["code"] for reply in replies if reply.status_code != 200}
    assert len(answers) == 1
    assert {reply.status_code for reply in replies} <= {200, 409}
    assert refused <= {"CARD_ALREADY_DECIDED", "CONFLICT"}
    assert [order["state"] for order in orders] == ["FILLED"]
    assert sum(call.method == "place_order" for call in mock_of(mock_desk).journal) == 1
    check(location, mock_of(mock_desk))


async def test_of_an_approval_and_a_rejection_at_once_one_wins(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    winners: Counter[str] = Counter()
    async with mock_desk.client() as client:
        for quantity in range(1, 9):
            card = await propose(client, f"buy {quantity} INFY at market, cnc")
            replies = await asyncio.gather(
                approve(client, card), client.post(f"/api/v1/cards/{card}/reject")
            )
            won = [reply.json() for reply in replies if reply.status_code == 200]
            lost = [reply.json()["code"] for reply in replies if reply.status_code == 409]
            assert (len(won), lost) == (1, ["CARD_ALREADY_DECIDED"]), [r.text for r in replies]
            winners[won[0]["card"]["status"]] += 1
        orders = await orders_of(client)

    assert len(orders) == winners["APPROVED"]
    check(location, mock_of(mock_desk))


async def test_a_second_approval_gets_the_first_ones_answer_and_sends_nothing(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        card = await propose(client)
        first = await approve(client, card)
        second = await approve(client, card)
        orders = await orders_of(client)

    assert (first.status_code, first.json()) == (200, second.json())
    assert len(orders) == 1
    check(location, mock_of(mock_desk))


async def test_a_rejected_card_can_be_rejected_again_but_never_approved(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        card = await propose(client)
        first = await client.post(f"/api/v1/cards/{card}/reject", json={"comment": "too dear"})
        second = await client.post(f"/api/v1/cards/{card}/reject")
        approval = await approve(client, card)

    assert (first.status_code, first.json()["outcome"]) == (200, "REJECTED_BY_USER")
    assert first.json()["card"]["comment"] == "too dear"
    assert second.json() == first.json()
    assert (approval.status_code, approval.json()["code"]) == (409, "CARD_ALREADY_DECIDED")
    check(location, mock_of(mock_desk))


async def test_a_card_at_its_expiry_is_too_late(
    settings: Settings, location: DatabaseLocation
) -> None:
    clock = FakeClock()
    async with open_desk(settings, location, clock=clock) as desk, desk.client() as client:
        card = await propose(client)
        clock.advance(seconds=settings.card_ttl_s)
        late = await approve(client, card)
        again = await approve(client, card)
        orders = await orders_of(client)

    assert (late.status_code, late.json()["error_code"]) == (200, "CARD_EXPIRED")
    assert (late.json()["outcome"], late.json()["card"]["status"]) == ("NOT_EXECUTED", "EXPIRED")
    assert (again.status_code, again.json()["code"]) == (409, "CARD_ALREADY_DECIDED")
    assert orders == []
    check(location)


async def test_a_card_just_before_its_expiry_counts(
    settings: Settings, location: DatabaseLocation
) -> None:
    clock = FakeClock()
    async with open_desk(settings, location, clock=clock) as desk, desk.client() as client:
        card = await propose(client)
        clock.advance(seconds=settings.card_ttl_s - 0.001)
        done = (await approve(client, card)).json()

    assert done["outcome"] == "EXECUTED", done["message"]
    check(location)


async def test_another_tenants_card_is_not_there(desk: Desk) -> None:
    stranger = await tenant(desk, "other")
    async with desk.client() as client, desk.client(stranger) as foreign:
        card = await propose(client)
        for verb in ("approve", "reject"):
            assert (await foreign.post(f"/api/v1/cards/{card}/{verb}")).status_code == 404
        assert (await client.get(f"/api/v1/cards/{card}")).json()["card"]["status"] == "PENDING"


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ((Role.VIEWER,), 403),
        ((Role.SERVICE,), 403),
        ((Role.SERVICE, Role.TRADER, Role.APPROVER), 403),
        ((Role.ADMIN, Role.RISK_ADMIN), 403),
        ((Role.TRADER,), 404),
        ((Role.APPROVER,), 200),
    ],
)
async def test_only_an_approver_decides_on_anothers_card(
    desk: Desk, roles: tuple[Role, ...], status: int, location: DatabaseLocation
) -> None:
    other = await person(desk, "other", *roles)
    async with desk.client() as client, desk.client(other) as theirs:
        card = await propose(client)
        reply = await approve(theirs, card)
        orders = await orders_of(client)

    assert reply.status_code == status
    assert len(orders) == (1 if status == 200 else 0)
    check(location)


async def test_an_approval_with_edits_is_refused_and_leaves_the_card(desk: Desk) -> None:
    async with desk.client() as client:
        card = await propose(client)
        edited = await approve(client, card, json={"edits": {"quantity": "1000"}})
        shown = (await client.get(f"/api/v1/cards/{card}")).json()["card"]
        orders = await orders_of(client)

    assert (edited.status_code, edited.json()["code"]) == (422, "CARD_EDIT_NOT_ALLOWED")
    assert (shown["status"], orders) == ("PENDING", [])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seal", "0" * 64),
        ("seal", None),
        ("seal", "\u00e9" * 64),
        ("policy_hash", "a" * 64),
        ("body", '{"expires_at": "2099-01-01T00:00:00.000000Z"}'),
        ("body", '{"plan_hash": "' + "b" * 64 + '"}'),
        ("body", '{"account_id": "paper-usd"}'),
    ],
)
async def test_a_card_changed_in_the_database_is_void(
    desk: Desk, location: DatabaseLocation, column: str, value: str | None
) -> None:
    async with desk.client() as client:
        card = await propose(client)
        if column == "body":
            as_owner(location, "UPDATE cards SET body = body || %s::jsonb", value)
        elif column == "seal":
            as_owner(location, "UPDATE cards SET seal = %s", value)
        else:
            as_owner(location, "UPDATE cards SET policy_hash = %s", value)
        reply = (await approve(client, card)).json()
        orders = await orders_of(client)

    assert (reply["error_code"], reply["card"]["status"]) == ("CARD_SEAL_BROKEN", "VOID")
    assert orders == []
    check(location)


async def test_a_card_pointed_at_another_plan_is_void(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        await propose(client, "buy 90 INFY at market, cnc")
        card = await propose(client, "buy 1 INFY at market, cnc")
        plans = rows(location, "SELECT plan_id FROM plans ORDER BY created_at")
        as_owner(
            location,
            "UPDATE cards SET body = body || jsonb_build_object('plan_id', %s::text)"
            " WHERE card_id = %s",
            plans[0]["plan_id"],
            card,
        )
        reply = (await approve(client, card)).json()
        orders = await orders_of(client)

    assert (reply["error_code"], reply["card"]["status"]) == ("CARD_PLAN_CHANGED", "VOID")
    assert orders == []


@pytest.mark.parametrize(
    "change",
    [
        '{"validity_window": {"start": "2020-01-01T00:00:00Z", "end": "2099-01-01T00:00:00Z"}}',
        '{"legs": []}',
        '{"surprise": 1}',
    ],
)
async def test_a_plan_changed_in_the_database_is_refused(
    desk: Desk, location: DatabaseLocation, change: str
) -> None:
    async with desk.client() as client:
        card = await propose(client)
        as_owner(location, "UPDATE plans SET body = body || %s::jsonb", change)
        reply = await approve(client, card)
        orders = await orders_of(client)

    code = reply.json().get("error_code") or reply.json().get("code")
    assert (code, orders) == ("CARD_PLAN_CHANGED", [])
    assert reply.status_code in {200, 409}


async def test_a_policy_changed_after_the_card_voids_it(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        card = await propose(client)
        await set_policy(desk, location, Policy(version="2"))
        reply = (await approve(client, card)).json()
        orders = await orders_of(client)

    assert (reply["error_code"], reply["card"]["status"], orders) == ("POLICY_CHANGED", "VOID", [])
    check(location)


async def test_above_the_threshold_somebody_else_must_approve(
    desk: Desk, location: DatabaseLocation
) -> None:
    second = await person(desk, "second", Role.APPROVER)
    await set_policy(
        desk, location, Policy(approval=ApprovalLimits(four_eyes_above_notional=Decimal(1000)))
    )
    async with desk.client() as client, desk.client(second) as theirs:
        card = await propose(client)
        own = await approve(client, card)
        shown = (await client.get(f"/api/v1/cards/{card}")).json()["card"]["status"]
        none = await orders_of(client)
        done = await approve(theirs, card)
        orders = await orders_of(client)

    assert (own.status_code, own.json()["code"]) == (403, "FOUR_EYES_REQUIRED")
    assert (shown, none) == ("PENDING", [])
    assert (done.status_code, done.json()["outcome"], len(orders)) == (200, "EXECUTED", 1)
    check(location)
