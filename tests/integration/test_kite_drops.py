"""The way to Kite breaks in the middle of a place: looked up by its tag, never sent again."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random

from adapters.brokers.kite_mcp.breaker import PAUSE_S
from adapters.errors import BrokerUnavailable
from adapters.ports import LoginState
from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import OrderState
from tests.fakes.brokers import FragileBroker
from tests.fakes.kite_session import KiteDesk
from tests.fakes.kite_standin import Kind, KiteStandin, Trouble, running
from tests.figures import many, tell
from tests.integration.approved import orders_by_plan, pattern, restarted_engine
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import MOCK_ACCOUNT, rows

SEED = 14
DROPS = many(full=200, quick=20)
RESTING = "buy 10 INFY at 990, cnc"
OPEN_EXCEPTIONS = "SELECT kind FROM exceptions WHERE status = 'OPEN'"
# Whether Kite books the order, and what is broken: the way there, the way back, or the session.
WAYS = {
    "hung up before": (False, Kind.HANG_UP_BEFORE),
    "hung up after": (True, Kind.HANG_UP_AFTER),
    "half an answer": (True, Kind.CUT),
    "gateway before": (False, Kind.HTTP_BEFORE),
    "gateway after": (True, Kind.HTTP_AFTER),
    "another replica": (False, Kind.OTHER_REPLICA),
    "Kite late": (True, Kind.KITE_LATE_BOOKED),
    "Kite silent": (False, Kind.KITE_LATE_NOT_BOOKED),
    "server restarted before": (False, None),
    "server restarted after": (True, Kind.HANG_UP_AFTER),
    "session ended after": (True, Kind.CUT),
    "server down": (False, None),
}


@dataclass(frozen=True, kw_only=True)
class World:
    """A desk whose one broker is Kite over HTTP, through a session of ours."""

    bench: Bench
    kite: KiteStandin
    login: KiteDesk
    desk: Desk

    async def drop(self, way: str, plan_id: str) -> None:
        """Send one order while the way breaks, and bring server and login back."""
        _, kind = WAYS[way]
        if kind is not None:
            self.kite.troubles.add("place_order", Trouble(kind, status=504))
        if way == "server restarted before":
            self.kite.restart()
        if way == "server down":
            self.kite.go_down()
        await self.desk.container.engine.execute(OWNER_TENANT, plan_id)
        if way == "server restarted after":
            self.kite.restart()
        if way == "session ended after":
            self.kite.end_sessions()
        if way == "server down":
            self.kite.come_up()
        self.kite.troubles.clear()

    async def look(self, chance: Random) -> None:
        """Look the orders up, by this process or the next, logged in or not yet."""
        if chance.random() < 0.5:
            try:
                await self.desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
            except BrokerUnavailable:
                assert self.login.kept.state is not LoginState.ACTIVE
        else:
            await restarted_engine(self.desk, self.bench).recover(OWNER_TENANT, alone=True)
        if self.login.kept.state is not LoginState.ACTIVE:
            self.login.be_logged_in()


@asynccontextmanager
async def a_world(settings: Settings, location: DatabaseLocation) -> AsyncIterator[World]:
    bench = a_bench()
    kite = KiteStandin(market=bench.market, clock=bench.clock, patience_s=0)
    async with running(kite):
        login = KiteDesk(kite, bench.clock, MOCK_ACCOUNT)
        login.be_logged_in()
        bench = replace(bench, broker=FragileBroker(login.broker()))
        async with bench.desk(settings, location) as desk:
            yield World(bench=bench, kite=kite, login=login, desk=desk)
        await login.close()


async def test_a_place_that_is_dropped_midway_is_never_sent_twice(
    settings: Settings, location: DatabaseLocation
) -> None:
    chance, seen = Random(SEED), Counter[str]()
    plans: dict[str, bool] = {}
    async with a_world(settings, location) as world:
        resting = await pattern(world.bench, world.desk, RESTING)
        for number in range(DROPS):
            way = list(WAYS)[number % len(WAYS)]
            plan_id = await resting.approved(f"drop_{number}")
            plans[plan_id] = WAYS[way][0]
            seen[way] += 1
            await world.drop(way, plan_id)
            await world.look(chance)
            await world.desk.container.engine.execute(OWNER_TENANT, chance.choice(list(plans)))
            world.bench.clock.advance(seconds=chance.randint(1, 40))
            # After so many failures in a row only an order that comes later than this leaves.
            world.login.seconds.now_s += PAUSE_S
        for _ in range(3):
            world.bench.clock.advance(seconds=60)
            await world.look(chance)
        await world.desk.container.reconciler.reconcile(OWNER_TENANT, MOCK_ACCOUNT)
        orders = dict(zip(plans, await orders_by_plan(world.desk, list(plans)), strict=True))
        at_kite = Counter(order.form["tag"] for order in world.kite.oms.orders)
        reached = world.kite.place_calls

    duplicates = sum(times - 1 for times in at_kite.values())
    booked = sum(plans.values())
    tell(
        "session drops in mid-place",
        drops=DROPS,
        booked=booked,
        duplicates=duplicates,
        place_calls=reached,
        ways=dict(seen),
    )
    assert (duplicates, len(at_kite)) == (0, booked)
    assert reached <= DROPS
    for plan_id, was_booked in plans.items():
        order = orders[plan_id]
        if was_booked:
            assert (order.state, at_kite[order.intent.tag]) == (OrderState.OPEN, 1), order
        else:
            assert order.state in {OrderState.UNKNOWN, OrderState.PLANNED, OrderState.NOT_SENT}
            assert order.intent.tag not in at_kite
    unknown = sum(order.state is OrderState.UNKNOWN for order in orders.values())
    told = [row for row in rows(location, OPEN_EXCEPTIONS) if "UNKNOWN" in row["kind"]]
    assert len(told) == unknown
    check(location)
