"""A person trades at Kite, from the login link to the logout, over sockets to the stand-in."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.instruments import INFY
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import (
    approve,
    as_owner,
    orders_of,
    reconcile,
    rows,
    say,
    set_policy,
    tenant,
)
from tests.integration.kite_desks import ACCOUNT, PATH, KiteWorld, kite_world
from tests.integration.planning import executed, live_policy, planned, said_by, validated

BUY = "buy 10 infy at market, cnc"
WRITES = ("place_order", "modify_order", "cancel_order")
# Half past five and half past six in India.
LATE, AFTER_SIX = (datetime(2026, 3, 12, hour, tzinfo=UTC) for hour in (0, 1))
KNOWING = {"json": {"acknowledge_risk": True}}


@pytest.fixture
async def world() -> AsyncIterator[KiteWorld]:
    async with kite_world() as opened:
        yield opened


async def arm(desk: Desk, location: DatabaseLocation) -> None:
    """Let the account propose, under a policy with the limits that a live order needs."""
    await set_policy(desk, location, live_policy())
    as_owner(location, "UPDATE accounts SET mode = 'PROPOSE'")


async def bought(client: httpx.AsyncClient) -> dict[str, Any]:
    """Plan, validate and approve the usual trade; return the answer of the approval."""
    plan, card = await planned(client, BUY)
    report = await validated(client, plan)
    assert report["status"] != "FAIL", report
    response = await approve(client, card, **KNOWING)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def book(world: KiteWorld) -> list[tuple[str, str, str, int]]:
    """Return Kite's orders: type, limit, state and what filled."""
    return [
        (order.form["order_type"], order.form["price"], order.status, order.filled)
        for order in world.kite.oms.orders
    ]


def sessions_opened(world: KiteWorld) -> int:
    return sum(b'"initialize"' in asked.body.encode() for asked in world.kite.requests)


async def test_from_the_link_to_a_filled_order_and_the_logout(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        await arm(desk, location)
        before = await say(client, "positions")
        stood = await world.log_in(client)
        held = await say(client, "positions")
        plan, card_id = await planned(client, BUY)
        card = (await client.get(f"/api/v1/cards/{card_id}")).json()["card"]
        report = await validated(client, plan)
        done = (await approve(client, card_id, **KNOWING)).json()
        again = await approve(client, card_id, **KNOWING)
        compared = await reconcile(client)
        told = await say(client, "positions")
        shown = (await client.get("/api/v1/positions")).json()["rows"]
        trace = (await client.get(f"/api/v1/decisions/{done['decision_id']}")).json()
        replayed = (await client.post(f"/api/v1/decisions/{done['decision_id']}/replay")).json()
        out = (await client.post(f"{PATH}/logout", json={})).json()
        after = await say(client, BUY)
        unpriced = await say(client, "price of INFY")
        unweighed = await say(client, "could I buy 100 INFY?")

    for answer in (unpriced, unweighed):
        assert [each["kind"] for each in answer["cards"]] == ["connect", "insight"]
        assert answer["outcome"] == "ANSWERED"
        assert "get_" not in answer["message"]
    assert [each["kind"] for each in before["cards"]] == ["connect", "insight"]
    assert (stood["state"], stood["can_trade"], stood["user"]) == ("ACTIVE", True, "Asha Bose")
    assert [each["kind"] for each in held["cards"]] == ["insight"]
    # What was asked at market is sent as a limit half a per cent past the ask, and said so.
    assert (card["fields"]["order_type"], card["fields"]["mode"]) == ("LIMIT", "LIVE")
    assert card["fields"]["legs"][0]["limit_price"] == "1495.5"
    assert any("sent as a limit order at 1495.50" in note for note in card["fields"]["notes"])
    assert report["status"] in {"PASS", "WARNING"}
    assert (done["outcome"], again.json()["outcome"]) == ("EXECUTED", "EXECUTED")
    assert book(world) == [("LIMIT", "1495.5", "COMPLETE", 10)]
    assert world.kite.place_calls == 1
    assert [delta for delta in compared.get("deltas", [])] == []
    (position,) = told["cards"][0]["fields"]["positions"]
    assert (position["instrument"], position["quantity"]) == ("NSE:INFY", "10")
    assert [(row["last"], row["unrealised_pnl"]) for row in shown] == [("1488", "-1")]
    snapshots = {row["snapshot_id"] for row in rows(location, "SELECT snapshot_id FROM snapshots")}
    used = trace["decision"]["inputs_used"]
    assert {used["broker_snapshot_id"], used["ledger_snapshot_id"]} <= snapshots
    assert replayed["equal"] is True
    assert (out["state"], world.kite.times_asked("DELETE", "/mcp")) == ("NEW", 1)
    assert (after["outcome"], after["error_code"]) == ("DENIED", "LOGIN_NEEDED")
    assert world.kite.place_calls == 1
    check(location)


async def test_the_login_outlives_our_server_and_is_shared_with_other_processes(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        await arm(desk, location)
        await world.log_in(client)
        key = desk.owner_key
        async with (
            world.desk(settings, location, owner_key=key) as beside,
            beside.client() as there,
        ):
            shared = (await there.get(PATH, params={"probe": True})).json()
    async with world.desk(settings, location, owner_key=key) as desk, desk.client() as client:
        again = (await client.get(PATH, params={"probe": True})).json()
        done = await bought(client)

    assert (shared["state"], again["state"]) == ("ACTIVE", "ACTIVE")
    assert done["outcome"] == "EXECUTED"
    assert sessions_opened(world) == 1
    assert world.kite.times_asked("DELETE", "/mcp") == 0
    assert book(world) == [("LIMIT", "1495.5", "COMPLETE", 10)]


async def test_a_server_of_kites_that_forgot_everything_is_a_lost_login_and_nothing_is_sent_twice(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        await arm(desk, location)
        await world.log_in(client)
        plan, card = await planned(client, BUY)
        await validated(client, plan)
        # Kite books the order and does not show it yet, the answer is lost, the server restarts.
        world.kite.oms.lag_reads = 1_000
        world.kite.drop_next(booked=True)
        doubted = (await approve(client, card, **KNOWING)).json()
        world.kite.restart()
        lost = await say(client, "positions")
        refused = await say(client, BUY)
        stood = (await client.get(PATH)).json()
        waits = [row["state"] for row in await orders_of(client)]
        back = await world.log_in(client)
        world.kite.oms.orders[0].hidden_reads = 0
        await desk.container.engine.refresh(OWNER_TENANT, ACCOUNT)
        await reconcile(client)
        found = await orders_of(client)

    assert (doubted["outcome"], waits) == ("OUTCOME_UNKNOWN", ["UNKNOWN"])
    assert [each["kind"] for each in lost["cards"]] == ["connect", "insight"]
    assert (refused["outcome"], refused["error_code"]) == ("DENIED", "LOGIN_NEEDED")
    assert (stood["state"], stood["headline"]) == (
        "LOST",
        "Kite's server no longer knows this login.",
    )
    assert back["state"] == "ACTIVE"
    assert [(row["state"], row["filled_quantity"]) for row in found] == [("FILLED", "10")]
    assert (world.kite.place_calls, len(world.kite.oms.orders)) == (1, 1)
    check(location)


async def test_at_six_in_the_morning_the_login_is_over_and_says_so(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        await arm(desk, location)
        world.clock.set(LATE)
        stood = await world.log_in(client)
        world.clock.set(AFTER_SIX)
        over = (await client.get(PATH)).json()
        ready = (await client.get("/readyz")).json()
        refused = await say(client, BUY)

    assert stood["expires_at"] == "2026-03-12T00:30:00.000000Z"
    assert (over["state"], over["can_trade"]) == ("EXPIRED", False)
    assert "06:00 IST" in over["advice"]
    assert ready["ok"] is True
    assert [text for text in ready["warnings"] if text.startswith("The login at Kite is over.")]
    assert refused["error_code"] == "LOGIN_NEEDED"


async def test_a_server_without_order_tools_reads_and_says_why_it_cannot_trade(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        kite_world(excluded=WRITES) as world,
        world.desk(settings, location) as desk,
        desk.client() as client,
    ):
        await arm(desk, location)
        stood = await world.log_in(client)
        held = await say(client, "positions")
        plan, card = await planned(client, BUY)
        await validated(client, plan)
        done = (await approve(client, card, **KNOWING)).json()

    assert (stood["state"], stood["can_trade"]) == ("ACTIVE", False)
    assert any("order" in text for text in stood["hindrances"]), stood
    assert "no order can be sent" in stood["advice"]
    assert [each["kind"] for each in held["cards"]] == ["insight"]
    assert done["outcome"] == "NOT_EXECUTED"
    assert world.kite.place_calls == 0


async def test_a_desk_starts_and_tells_when_kite_cannot_be_reached(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        await world.log_in(client)
    world.kite.go_down()
    async with (
        world.desk(settings, location, owner_key=desk.owner_key) as desk,
        desk.client() as client,
    ):
        ready = (await client.get("/readyz")).json()
        known = (await client.get(PATH)).json()
        asked = (await client.get(PATH, params={"probe": True})).json()
        price = await say(client, "price of infy")
        link = await client.post(f"{PATH}/login", json={})
        out = await client.post(f"{PATH}/logout", json={})

    assert (ready["ok"], known["state"]) == (True, "ACTIVE")
    assert (asked["state"], asked["can_trade"]) == ("ACTIVE", False)
    assert any("did not confirm" in text for text in asked["hindrances"])
    assert price["outcome"] != "EXECUTED"
    assert link.json()["link"] is None
    assert (out.status_code, out.json()["code"]) == (503, "BROKER_UNAVAILABLE")


async def test_the_report_of_an_execution_sends_the_order_live_once(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        await arm(desk, location)
        await world.log_in(client)
        plan, card = await planned(client, BUY)
        early = await executed(client, plan, "LIVE", acknowledge_risk=True)
        await validated(client, plan)
        waiting = await executed(client, plan, "LIVE", acknowledge_risk=True)
        await approve(client, card, **KNOWING)
        done = await executed(client, plan, "LIVE", acknowledge_risk=True)

    assert (early["execution"]["status"], waiting["execution"]["status"]) == ("BLOCKED", "BLOCKED")
    assert "1 of 1 orders taken by the LIVE broker; 10 of 10 filled" in said_by(done)
    assert world.kite.place_calls == 1


async def test_each_tenants_account_has_a_login_of_its_own(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        other = await tenant(desk, "other")
        world.kite.account("CD5678").oms.holdings[INFY] = 7
        async with desk.client(other) as stranger:
            await world.log_in(client)
            alone = (await stranger.get(PATH)).json()
            theirs = await world.log_in(stranger, "CD5678")
            own = (await client.get("/api/v1/holdings")).json()["rows"]
            held = (await stranger.get("/api/v1/holdings")).json()["rows"]
            await stranger.post(f"{PATH}/logout", json={})
            still = (await client.get(PATH, params={"probe": True})).json()

    assert (alone["state"], theirs["user"]) == ("NEW", "Chirag Desai")
    assert ([row["quantity"] for row in held], own) == (["7"], [])
    assert (still["state"], still["user"]) == ("ACTIVE", "Asha Bose")


async def test_a_kill_switch_pulled_while_kite_is_slow_to_say_whose_login_it_is_stops_the_order(
    world: KiteWorld, settings: Settings, location: DatabaseLocation
) -> None:
    async with world.desk(settings, location) as desk, desk.client() as client:
        await arm(desk, location)
        await world.log_in(client)
        plan, card = await planned(client, BUY)
        await validated(client, plan)
        with world.kite.troubles.held("get_profile") as hold:
            approving = asyncio.ensure_future(approve(client, card, **KNOWING))
            async with asyncio.timeout(60):
                await hold.reached.wait()
            halt = {"level": "HALTED", "reason": "test"}
            pulled = await client.post("/api/v1/kill-switch", json=halt)
            assert pulled.status_code == 200, pulled.text
            hold.released.set()
            answer = (await approving).json()
        (order,) = await orders_of(client)
    assert (order["state"], world.kite.place_calls) == ("EXPIRED", 0), answer
    assert "kill switch is HALTED" in order["reason"]
