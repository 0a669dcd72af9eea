"""Orders whose answer was lost: found at the broker however late, and never sent again."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random

import pytest

from adapters.brokers.mock.script import (
    AcceptAndFail,
    AcceptAndGarbleReply,
    AcceptAndLoseReply,
    LoseBeforeAccept,
    Partial,
)
from adapters.errors import BrokerUnavailable, OutcomeUnknown
from app.execution.engine import ExecutionEngine
from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.persistence.orders import OrderRecord
from app.settings import Settings
from riskgate.contracts.orders import OrderState
from tests.fakes.brokers import Crash, nothing
from tests.figures import many, tell
from tests.integration.approved import Pattern, orders_by_plan, pattern, restarted_engine
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import BUY, MOCK_ACCOUNT, rows

SEED = 4
LAG_MAX_S = 30
AT_ONCE = 25
LOST = many(full=1_000, quick=300)
NEVER_ARRIVED = many(full=500, quick=150)
CRASHES = 0.3
RESTING = "buy 10 INFY at 990, cnc"
DOUBT = {OrderState.UNKNOWN, OrderState.SENDING}
OPEN_EXCEPTIONS = (
    "SELECT kind, key, count(*) AS times FROM exceptions WHERE status = 'OPEN'"
    " GROUP BY kind, key ORDER BY key"
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One order at a broker that took it and was not heard: from when it shows, and as what."""

    plan_id: str
    lag_s: int
    ends: OrderState
    filled: Decimal


async def lose_the_answer() -> None:
    raise OutcomeUnknown("the answer was lost")


async def crash() -> None:
    raise Crash


class Round:
    """Some orders lost at once, and the time after, until the last of them shows."""

    def __init__(self, chance: Random, bench: Bench, desk: Desk) -> None:
        self._chance = chance
        self._bench = bench
        self._desk = desk
        self._engine = desk.container.engine
        self.seen: Counter[str] = Counter()

    async def lose(self, market: Pattern, resting: Pattern, name: str) -> Case:
        """Send one order whose answer is lost in one of many ways."""
        lag_s = self._chance.randint(0, LAG_MAX_S)
        self._bench.mock.hide_new_orders(seconds=lag_s)
        way = self._chance.choice(
            ["silence", "half an answer", "gateway", "partial fill", "resting", "crash"]
        )
        self.seen[way] += 1
        broker, ends, filled = self._bench.broker, OrderState.FILLED, Decimal(10)
        if way == "silence":
            self._bench.mock.script(AcceptAndLoseReply())
        elif way == "half an answer":
            self._bench.mock.script(AcceptAndGarbleReply())
        elif way == "gateway":
            self._bench.mock.script(AcceptAndFail())
        elif way == "partial fill":
            filled = Decimal(self._chance.randint(1, 9))
            ends = OrderState.PARTIALLY_FILLED
            self._bench.mock.script(Partial(filled / 10))
            broker.after_order = lose_the_answer
        elif way == "resting":
            ends, filled = OrderState.OPEN, Decimal(0)
            self._bench.mock.script(AcceptAndLoseReply())
        else:
            broker.after_order = crash
        plan_id = await (resting if way == "resting" else market).approved(name)
        if way == "crash":
            with pytest.raises(Crash):
                await self._engine.execute(OWNER_TENANT, plan_id)
        else:
            await self._engine.execute(OWNER_TENANT, plan_id)
        broker.after_order = nothing
        return Case(plan_id=plan_id, lag_s=lag_s, ends=ends, filled=filled)

    async def step(self) -> None:
        """Let one thing happen that brings the orders up to the broker's book, or fails to."""
        what = self._chance.choice(["look", "look", "restart", "no reads", "send again"])
        self.seen[what] += 1
        if what == "look":
            await self._engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        elif what == "restart":
            self._engine = restarted_engine(self._desk, self._bench)
            await self._engine.recover(OWNER_TENANT, alone=True)
        elif what == "no reads":
            self._bench.mock.go_down()
            with pytest.raises(BrokerUnavailable):
                await self._engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
            self._bench.mock.come_up()

    async def again(self, cases: list[Case]) -> None:
        """Execute a plan once more, as an impatient caller would."""
        await self._engine.execute(OWNER_TENANT, self._chance.choice(cases).plan_id)

    async def settle(self) -> None:
        """Bring every order up to the broker's book, after a restart."""
        await restarted_engine(self._desk, self._bench).recover(OWNER_TENANT, alone=True)

    async def fill_the_rest(self) -> None:
        """Let what still rests fill, so that the next round begins with nothing open."""
        self._bench.mock._books[MOCK_ACCOUNT].stuck.clear()
        self._bench.price(990)
        await self._engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        self._bench.price(1000)


async def test_orders_whose_answer_was_lost_are_all_found_and_none_is_sent_twice(
    settings: Settings, location: DatabaseLocation
) -> None:
    chance, bench = Random(SEED), a_bench()
    found: list[OrderRecord] = []
    seen: Counter[str] = Counter()
    early = 0
    async with bench.desk(settings, location) as desk:
        market, resting = await pattern(bench, desk, BUY), await pattern(bench, desk, RESTING)
        for number in range(LOST // AT_ONCE):
            round_ = Round(chance, bench, desk)
            cases = [
                await round_.lose(market, resting, f"{number}_{each}") for each in range(AT_ONCE)
            ]
            passed_s = 0
            while passed_s < LAG_MAX_S:
                orders = await orders_by_plan(desk, [case.plan_id for case in cases])
                for case, order in zip(cases, orders, strict=True):
                    hidden = passed_s < case.lag_s
                    assert not hidden or order.state in DOUBT, (case, order)
                    early += hidden
                step_s = chance.randint(1, 12)
                bench.clock.advance(seconds=step_s)
                passed_s += step_s
                await round_.step()
                await round_.again(cases)
            await round_.settle()
            after = await orders_by_plan(desk, [case.plan_id for case in cases])
            for case, order in zip(cases, after, strict=True):
                assert (order.state, order.filled_quantity) == (case.ends, case.filled), case
            await round_.fill_the_rest()
            found += await orders_by_plan(desk, [case.plan_id for case in cases])
            seen += round_.seen
        at_broker = Counter(order.tag for order in await bench.mock.get_orders(MOCK_ACCOUNT))
        ids = {
            order.tag: order.broker_order_id for order in await bench.mock.get_orders(MOCK_ACCOUNT)
        }

    adopted = sum(order.broker_order_id == ids[order.intent.tag] for order in found)
    doubled = sum(times > 1 for times in at_broker.values())
    sent = sum(call.method == "place_order" for call in bench.mock.journal)
    tell(
        "lost replies",
        lost=len(found),
        adopted=adopted,
        doubled=doubled,
        sent=sent,
        looked_at_before_they_showed=early,
        ways=dict(seen),
    )
    assert (len(found), adopted, doubled, sent) == (LOST, LOST, 0, LOST)
    assert {order.state for order in found} == {OrderState.FILLED}
    check(location, bench.mock)


async def test_five_hundred_orders_that_never_arrived_are_told_of_and_never_sent_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    chance, bench = Random(SEED), a_bench()
    async with bench.desk(settings, location) as desk:
        market = await pattern(bench, desk)
        plan_ids = [
            await never_arrive(bench, market, desk.container.engine, f"{number}", chance)
            for number in range(NEVER_ARRIVED)
        ]
        again: list[Callable[[], Awaitable[object]]] = [
            lambda: desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT),
            lambda: restarted_engine(desk, bench).recover(OWNER_TENANT, alone=True),
            lambda: desk.container.reconciler.reconcile(OWNER_TENANT, MOCK_ACCOUNT),
        ]
        for seconds in (1, 29, 60, 900, 7_200):
            bench.clock.advance(seconds=seconds)
            for act in again:
                await act()
            for plan_id in chance.sample(plan_ids, 20):
                await desk.container.engine.execute(OWNER_TENANT, plan_id)
        left = await orders_by_plan(desk, plan_ids)
        held = await bench.mock.get_orders(MOCK_ACCOUNT)

    raised = rows(location, OPEN_EXCEPTIONS)
    sent = len(bench.broker.placed)
    late = sum(order.sent_at is not None and order.sent_at > order.send_by for order in left)
    states = Counter(order.state for order in left)
    tell(
        "never arrived",
        lost=len(left),
        sent=sent,
        sent_after_expiry=late,
        exceptions=len(raised),
        states=dict(states),
    )
    assert states == {OrderState.UNKNOWN: NEVER_ARRIVED}
    assert (held, sent, late) == ((), NEVER_ARRIVED, 0)
    assert [row["times"] for row in raised] == [1] * NEVER_ARRIVED
    assert {row["kind"] for row in raised} == {"ORDER_OUTCOME_UNKNOWN"}
    check(location, bench.mock)


async def never_arrive(
    bench: Bench, market: Pattern, engine: ExecutionEngine, name: str, chance: Random
) -> str:
    """Send one order that is lost on its way, or whose process ends before the send."""
    plan_id = await market.approved(name)
    if chance.random() < CRASHES:
        bench.broker.before_order = crash
        with pytest.raises(Crash):
            await engine.execute(OWNER_TENANT, plan_id)
        bench.broker.before_order = nothing
    else:
        bench.mock.script(LoseBeforeAccept())
        await engine.execute(OWNER_TENANT, plan_id)
    bench.clock.advance(seconds=chance.random())
    return plan_id
