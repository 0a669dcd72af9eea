"""A clock that goes back makes nothing fresh again, keeps nothing from recovery, and ends waits."""

from datetime import timedelta

import pytest

from app.execution.sender import LEASE_TTL
from app.identity.principal import OWNER_TENANT
from app.persistence import leases
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import OrderState
from tests.fakes.brokers import Crash, nothing
from tests.fakes.instruments import NIFTY_FUT
from tests.integration.checker import check
from tests.integration.driving import approve, propose
from tests.integration.test_engine_paths import TWO_SLICES, open_bench, stored
from tests.integration.test_leases import Ticks, another_process, approved_and_unsent

BACK = timedelta(hours=-2)


async def test_what_was_approved_before_the_clock_went_back_is_not_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with approved_and_unsent(settings, location) as (bench, desk, plan_id):
        bench.clock.advance(seconds=BACK.total_seconds())
        await desk.container.engine.execute(OWNER_TENANT, plan_id)
        found = await stored(desk)
    assert bench.broker.placed == []
    assert [order.state for order in found] == [OrderState.EXPIRED, OrderState.NOT_SENT]
    assert "CLOCK_WENT_BACK" in str(found[0].reason)
    check(location, bench.mock)


async def test_a_lease_taken_before_the_clock_went_back_keeps_nobody_from_recovering(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:

        async def crash() -> None:
            raise Crash

        bench.broker.after_order = crash
        with pytest.raises(Crash):
            await approve(client, await propose(client, TWO_SLICES))
        bench.broker.after_order = nothing
        bench.clock.advance(seconds=BACK.total_seconds())
        bench.price(100, NIFTY_FUT)
        second = another_process(desk, bench, Ticks())
        await second.recover(OWNER_TENANT)
        in_doubt = await stored(desk)
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            held = await leases.being_sent(session, at=bench.clock.now(), ttl=LEASE_TTL)
        # The mock broker's clock is ours: it shows the order when that time has come again.
        bench.clock.advance(hours=2, seconds=6)
        await second.recover(OWNER_TENANT)
        found = await stored(desk)
    assert held == frozenset()
    assert in_doubt[0].state is OrderState.UNKNOWN
    assert [order.state for order in found] == [OrderState.FILLED, OrderState.EXPIRED]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_waiting_for_a_fill_ends_by_the_monotonic_clock(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        card = await propose(client, "buy 10 INFY at 900, cnc")
        await approve(client, card)
        (order,) = await stored(desk)
        looks: list[float] = []

        async def the_clock_goes_back(seconds: float) -> None:
            looks.append(seconds)
            bench.clock.advance(seconds=-60)

        follower = another_process(desk, bench, Ticks(pause_s=1))._follower
        follower._sleep, follower._fill_wait_s = the_clock_goes_back, 5
        await follower.follow(OWNER_TENANT, order.intent.plan_id)
    assert order.state is OrderState.OPEN
    assert 1 <= len(looks) <= 5
