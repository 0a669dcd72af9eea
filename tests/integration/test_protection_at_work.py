"""Protection beside the rest: many looks at once place one, and tenants are apart."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import Side
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import MOCK_ACCOUNT, approve, propose, rows, tenant, trade

STOPPED = "buy 10 INFY at market, mis, stop loss 980"


async def test_many_looks_at_once_place_one_stop(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client, STOPPED)
        bench.broker.after_order = bench_goes_down(bench)
        await approve(client, card)
        bench.broker.after_order = nothing
        bench.mock.come_up()
        bench.clock.advance(seconds=5)
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        protector = desk.container.services.protection.protector
        await asyncio.gather(*(protector.keep(OWNER_TENANT, MOCK_ACCOUNT) for _ in range(8)))
        orders = await bench.mock.get_orders(MOCK_ACCOUNT)

    assert [o.quantity for o in orders if o.side is Side.SELL] == [Decimal(10)]
    check(location, bench.mock)


async def test_two_panics_at_once_close_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, STOPPED)
        bench.clock.advance(seconds=60)
        body = {"reason": "the market breaks", "account_id": MOCK_ACCOUNT}
        replies = await asyncio.gather(*(client.post("/api/v1/panic", json=body) for _ in range(4)))
        snapshot = await bench.mock.get_snapshot(MOCK_ACCOUNT)

    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json()["panic_id"] for reply in replies}) == 1
    assert [p.quantity for p in snapshot.positions] == []
    check(location, bench.mock)


async def test_another_tenant_sees_and_closes_nothing_of_ours(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    key = await tenant(mock_desk, "other")
    async with mock_desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis, stop loss 3%")
        ours = (await client.get("/api/v1/protections")).json()["rows"]
    async with mock_desk.client(key) as client:
        theirs = (await client.get("/api/v1/protections")).json()["rows"]
        report = (
            await client.post(
                "/api/v1/panic", json={"reason": "theirs", "account_id": MOCK_ACCOUNT}
            )
        ).json()
    switches = rows(location, "SELECT tenant_id, level FROM kill_switches")

    assert (len(ours), theirs, report["exits"]) == (1, [], [])
    assert [(s["tenant_id"], s["level"]) for s in switches] == [("other", "REDUCE_ONLY")]


async def nothing() -> None:
    """Nothing happens."""


def bench_goes_down(bench: Bench) -> Callable[[], Awaitable[None]]:
    async def after() -> None:
        bench.mock.go_down()

    return after
