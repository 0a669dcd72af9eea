"""Panic close and drain: by authorised people, truthful, and never twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx

from adapters.brokers.mock.script import AcceptAndLoseReply
from app.identity.principal import OWNER_TENANT, Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    OrderType,
    Product,
    Side,
)
from riskgate.contracts.snapshots import Position
from tests.fakes.instruments import INFY, TCS
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk, open_desk
from tests.integration.driving import MOCK_ACCOUNT, person, propose, rows, trade

WHY = {"reason": "the market breaks", "account_id": MOCK_ACCOUNT}


@asynccontextmanager
async def open_bench(
    settings: Settings, location: DatabaseLocation
) -> AsyncIterator[tuple[Bench, Desk]]:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        yield bench, desk
    check(location, bench.mock)


async def panic(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    response = await client.post("/api/v1/panic", json={**WHY, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def state(client: httpx.AsyncClient, to: str, **more: Any) -> httpx.Response:
    body = {"state": to, "reason": "end of day", "account_id": MOCK_ACCOUNT}
    return await client.post("/api/v1/running-state", json=body, **more)


async def held(bench: Bench) -> dict[str, Decimal]:
    snapshot = await bench.mock.get_snapshot(MOCK_ACCOUNT)
    return {p.instrument.tradingsymbol: p.quantity for p in snapshot.positions if p.quantity}


async def open_at_broker(bench: Bench) -> list[BrokerOrder]:
    return [o for o in await bench.mock.get_orders(MOCK_ACCOUNT) if o.open_quantity]


def foreign(ref: InstrumentRef, side: Side, quantity: int, bench: Bench) -> BrokerOrder:
    now = bench.clock.now()
    return BrokerOrder(
        broker_order_id=f"foreign-{ref.tradingsymbol}-{side}",
        tag=None,
        instrument=ref,
        side=side,
        quantity=Decimal(quantity),
        product=Product.MIS,
        order_type=OrderType.LIMIT,
        limit_price=Decimal(5000 if side is Side.SELL else 100),
        status=BrokerOrderStatus.OPEN,
        placed_at=now,
        updated_at=now,
    )


async def test_a_panic_cancels_what_is_open_and_leaves_every_position(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis, stop loss 980")
        await trade(client, "sell 5 TCS at market, mis")
        resting = await trade(client, "buy 3 INFY at 990, mis")
        bench.mock.plant_order(MOCK_ACCOUNT, foreign(TCS, Side.SELL, 2, bench))
        bench.clock.advance(seconds=60)
        report = await panic(client)
        positions, left_open = await held(bench), await open_at_broker(bench)
        switch = (
            await client.get("/api/v1/kill-switch", params={"account_id": MOCK_ACCOUNT})
        ).json()

    entry = resting["orders"][0]["order_id"]
    assert report["flat"], report
    assert entry in report["cancelled"]
    assert len(report["cancelled"]) == 2
    assert {(e["side"], e["filled_quantity"]) for e in report["exits"]} == {
        ("SELL", "10"),
        ("BUY", "5"),
    }
    assert positions == {}
    assert [order.tag for order in left_open] == [None]
    assert switch["level"] == "REDUCE_ONLY"
    asked = rows(location, "SELECT actor, body FROM audit_log WHERE action = 'panic.approved'")
    assert [row["body"]["reason"] for row in asked] == ["the market breaks"]


async def test_a_panic_sells_what_the_broker_lets_go_and_says_what_stays_and_why(
    settings: Settings, location: DatabaseLocation
) -> None:
    blocked = Position(
        instrument=INFY,
        product=Product.CNC,
        quantity=Decimal(10),
        average_price=Decimal(1400),
        sellable_quantity=Decimal(6),
        sale_note="4 used or blocked at Kite already.",
    )
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        bench.mock.hold(MOCK_ACCOUNT, blocked)
        await client.post("/api/v1/reconcile", json={"account_id": MOCK_ACCOUNT})
        report = await panic(client)
        bench.clock.advance(seconds=60)
        again = await panic(client)

    assert [(e["side"], e["filled_quantity"]) for e in report["exits"]] == [("SELL", "6")]
    (left,) = report["left"]
    assert (left["quantity"], left["why"]) == (
        "4",
        f"the broker does not let 4 of it be sold now: {blocked.sale_note}",
    )
    assert again["exits"] == report["exits"]
    assert again["left"][0]["why"] == f"the broker does not let it be sold now: {blocked.sale_note}"


async def test_a_second_panic_shows_the_first_and_closes_only_what_is_left(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis")
        bench.clock.advance(seconds=60)
        first = await panic(client)
        bench.clock.advance(seconds=60)
        second = await panic(client, reason="again")
        sells = [o for o in await bench.mock.get_orders(MOCK_ACCOUNT) if o.side is Side.SELL]

    assert (first["repeated"], second["repeated"]) == (False, True)
    assert second["panic_id"] == first["panic_id"]
    assert second["exits"] == first["exits"]
    assert len(sells) == 1


async def test_an_exit_whose_reply_was_lost_is_told_as_unknown_and_not_sent_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis")
        bench.clock.advance(seconds=60)
        bench.mock.hide_new_orders(seconds=30)
        bench.mock.script(AcceptAndLoseReply())
        first = await panic(client)
        again = await panic(client)
        bench.clock.advance(seconds=31)
        last = await panic(client)
        positions = await held(bench)

    assert not first["flat"]
    assert [e["state"] for e in first["exits"]] == ["UNKNOWN"]
    assert [e["state"] for e in again["exits"]] == ["UNKNOWN"]
    assert [(e["state"], e["filled_quantity"]) for e in last["exits"]] == [("FILLED", "10")]
    assert (last["flat"], positions) == (True, {})


async def test_what_a_foreign_order_is_closing_is_not_closed_a_second_time(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis")
        bench.mock.plant_order(MOCK_ACCOUNT, foreign(INFY, Side.SELL, 4, bench))
        bench.clock.advance(seconds=60)
        report = await panic(client)

    assert [e["quantity"] for e in report["exits"]] == ["6"]
    assert [(each["quantity"], report["flat"]) for each in report["left"]] == [("4", False)]


async def test_a_halted_account_stays_halted_and_the_report_says_what_was_not_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis")
        body = {"level": "HALTED", "reason": "enough", "account_id": MOCK_ACCOUNT}
        await client.post("/api/v1/kill-switch", json=body)
        bench.clock.advance(seconds=60)
        report = await panic(client)

    assert (report["kill_switch"], report["flat"], report["exits"]) == ("HALTED", False, [])
    assert "KILL-001" in report["left"][0]["why"]


async def test_a_panic_at_a_broker_that_is_down_stops_and_says_that_nothing_was_closed(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis")
        bench.clock.advance(seconds=60)
        bench.mock.go_down()
        down = await panic(client)
        bench.mock.come_up()
        up = await panic(client)

    assert (down["flat"], down["kill_switch"], len(down["left"])) == (False, "REDUCE_ONLY", 1)
    assert (up["flat"], up["repeated"], len(up["exits"])) == (True, True, 1)


async def test_only_people_who_may_stop_panic_or_drain(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk):
        viewer = await person(desk, "Vera", Role.VIEWER)
        service = await person(desk, "Bot", Role.SERVICE)
        trader = await person(desk, "Tara", Role.TRADER)
        for key in (viewer, service):
            async with desk.client(key) as client:
                asked = await client.post("/api/v1/panic", json=WHY)
                drained = await state(client, "DRAINING")
            assert (asked.status_code, drained.status_code) == (403, 403)
        async with desk.client(trader) as client:
            paused = await state(client, "PAUSED")
            resumed = await state(client, "RUNNING")

    assert (paused.status_code, paused.json()["state"]) == (200, "PAUSED")
    assert (resumed.status_code, resumed.json()["code"]) == (403, "FORBIDDEN")
    assert rows(location, "SELECT 1 FROM panics") == []


async def test_a_drain_takes_entries_back_keeps_stops_and_ends_when_nothing_is_held(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis, stop loss 980")
        await trade(client, "buy 3 TCS at 1990, mis")
        draining = (await state(client, "DRAINING")).json()
        resting = await open_at_broker(bench)
        refused = await client.post("/api/v1/chat", json={"message": "buy 1 TCS at market, mis"})
        bench.clock.advance(seconds=60)
        bench.price(979)
        protector = desk.container.services.protection.protector
        await protector.keep(OWNER_TENANT, MOCK_ACCOUNT)
        drained = (
            await client.get("/api/v1/running-state", params={"account_id": MOCK_ACCOUNT})
        ).json()
        illegal = await state(client, "PAUSED")
        running = (await state(client, "RUNNING")).json()
        card = await propose(client, "buy 1 INFY at market, mis")

    assert (draining["state"], draining["kill_switch"]) == ("DRAINING", "REDUCE_ONLY")
    assert [order.order_type for order in resting] == [OrderType.SL]
    assert len(draining["open_positions"]) == 1
    assert refused.json()["outcome"] == "DENIED"
    assert drained["state"] == "DRAINED"
    assert (illegal.status_code, illegal.json()["code"]) == (409, "STATE_TRANSITION_ILLEGAL")
    assert (running["state"], running["kill_switch"]) == ("RUNNING", "RUNNING")
    assert card


async def test_letting_orders_run_by_the_kill_switch_ends_a_pause_too(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk), desk.client() as client:
        stopped = (await state(client, "STOPPED")).json()
        body = {"level": "RUNNING", "reason": "fine again", "account_id": MOCK_ACCOUNT}
        await client.post("/api/v1/kill-switch", json=body)
        now = (
            await client.get("/api/v1/running-state", params={"account_id": MOCK_ACCOUNT})
        ).json()

    assert (stopped["state"], stopped["kill_switch"]) == ("STOPPED", "HALTED")
    assert now["state"] == "RUNNING"


async def test_the_paper_broker_is_protected_and_closed_in_a_panic_too(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis, stop loss 3%")
        (row,) = (await client.get("/api/v1/protections")).json()["rows"]
        body = {"reason": "the market breaks", "account_id": "paper-inr"}
        report = (await client.post("/api/v1/panic", json=body)).json()
        positions = (await client.get("/api/v1/positions")).json()["rows"]

    assert row["stop"]["state"] in {"resting at the broker", "on its way to the broker"}
    assert len(report["cancelled"]) == 1, report
    assert len(report["exits"]) == 1, report
    assert (positions == []) == (report["left"] == [])
    check(location)
