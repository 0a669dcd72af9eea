"""Two processes and one plan: whoever holds it sends it, and a paused holder sends nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.brokers.mock.script import AcceptAndLoseReply, Reject
from app.approvals.rules import Approver
from app.execution import transitions
from app.execution.engine import ExecutionEngine
from app.execution.recording import Recorder
from app.execution.sender import LEASE_TTL
from app.gate.reducing import legs_that_reduce
from app.identity.principal import OWNER_TENANT
from app.persistence import leases
from app.persistence.database import Session
from app.persistence.location import DatabaseLocation
from app.pipeline.decisions import CardDecision
from app.settings import Settings
from riskgate.contracts.orders import OrderState
from tests.fakes.brokers import Crash, OneBroker, nothing
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import NIFTY_FUT
from tests.integration.benches import Bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import approve, propose, rows
from tests.integration.test_engine_paths import TWO_SLICES, open_bench, stored


class Ticks:
    """A monotonic clock; `pause_s` passes between every two looks at it."""

    def __init__(self, pause_s: float = 0) -> None:
        self._pause_s = pause_s
        self._now = 0.0

    def __call__(self) -> float:
        self._now += self._pause_s
        return self._now


def another_process(desk: Desk, bench: Bench, ticks: Ticks) -> ExecutionEngine:
    """Return the engine of a second process on the same database and broker."""

    async def no_wait(_seconds: float) -> None:
        return None

    return ExecutionEngine(
        database=desk.container.database,
        brokers=OneBroker(bench.broker),
        clock=bench.clock,
        monotonic=ticks,
        ids=CountingIds(),
        sleep=no_wait,
        fill_wait_s=0,
        legs_that_reduce=legs_that_reduce,
    )


@asynccontextmanager
async def approved_and_unsent(
    settings: Settings, location: DatabaseLocation
) -> AsyncIterator[tuple[Bench, Desk, str]]:
    """Yield a desk with a plan of two orders, approved, which nobody was woken to send."""

    async def nobody_wakes(_session: Session, _decision: CardDecision) -> None:
        return None

    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        card = await propose(client, TWO_SLICES)
        user = (await client.get("/api/v1/me")).json()["user"]["user_id"]
        approver = Approver(user_id=user, roles=frozenset({"trader"}))
        await desk.container.services.decisions.approve(
            OWNER_TENANT, card, by=approver, comment=None, wake=nobody_wakes
        )
        (plan_id,) = {order.intent.plan_id for order in await stored(desk)}
        yield bench, desk, plan_id


async def test_while_one_process_holds_the_plan_another_sends_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with approved_and_unsent(settings, location) as (bench, desk, plan_id):
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            held, second = [
                await leases.take(
                    session, plan_id, holder=name, at=bench.clock.now(), ttl=LEASE_TTL
                )
                for name in ("another process", "a third one")
            ]
        await desk.container.engine.execute(OWNER_TENANT, plan_id)
        assert bench.broker.placed == []

        bench.clock.advance(seconds=6)
        await desk.container.engine.execute(OWNER_TENANT, plan_id)
    assert (held is not None and held.token, second) == (1, None)
    assert len(bench.broker.placed) == len(set(bench.broker.placed)) == 2
    assert [row["fence"] for row in rows(location, "SELECT fence FROM orders")] == [2, 2]
    check(location, bench.mock)


async def test_a_process_paused_between_its_claim_and_the_send_does_not_send(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with approved_and_unsent(settings, location) as (bench, desk, plan_id):
        paused = another_process(desk, bench, Ticks(pause_s=30))
        await paused.execute(OWNER_TENANT, plan_id)
        first, second = await stored(desk)
    assert bench.broker.placed == []
    assert (first.state, second.state) == (OrderState.NOT_SENT, OrderState.NOT_SENT)
    assert "LEASE_LOST" in str(first.reason)
    assert "BASKET_STOPPED" in str(second.reason)
    check(location, bench.mock)


@pytest.mark.parametrize(("pause_s", "sent"), [(0.04, 2), (0.3, 0)])
async def test_a_process_that_is_never_sure_of_its_last_look_does_not_call(
    settings: Settings, location: DatabaseLocation, pause_s: float, sent: int
) -> None:
    async with approved_and_unsent(settings, location) as (bench, desk, plan_id):
        await another_process(desk, bench, Ticks(pause_s=pause_s)).execute(OWNER_TENANT, plan_id)
        found = await stored(desk)
    assert len(bench.broker.placed) == sent
    assert ("HELD_UP" in str(found[0].reason)) is (sent == 0)
    check(location, bench.mock)


async def test_an_ack_that_comes_after_the_order_was_ruled_absent_is_compared_at_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with approved_and_unsent(settings, location) as (bench, desk, plan_id):

        async def given_up_meanwhile() -> None:
            bench.broker.before_order = nothing
            bench.clock.advance(seconds=6)
            await another_process(desk, bench, Ticks()).recover(OWNER_TENANT)
            doubtful = (await stored(desk))[0]
            change = transitions.ruled_absent(doubtful, "not in the broker's app")
            recorder = Recorder(database=desk.container.database, clock=bench.clock)
            assert await recorder.apply(OWNER_TENANT, doubtful, change)

        bench.broker.before_order = given_up_meanwhile
        await desk.container.engine.execute(OWNER_TENANT, plan_id)
        told = rows(
            location, "SELECT body FROM audit_log WHERE action = 'order.acked_after_its_end'"
        )
        waiting = rows(
            location,
            "SELECT 1 FROM jobs.procrastinate_jobs WHERE task_name = 'reconcile_account'"
            " AND status = 'todo'",
        )
    assert [row["body"]["state"] for row in told] == ["NOT_SENT"]
    assert len(waiting) == 1


async def test_a_process_that_comes_back_late_finds_the_plan_taken_over(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with approved_and_unsent(settings, location) as (bench, desk, plan_id):

        async def paused_in_the_call_while_a_second_takes_over() -> None:
            bench.broker.before_order = nothing
            bench.clock.advance(seconds=6)
            second = another_process(desk, bench, Ticks())
            await second.recover(OWNER_TENANT)
            await second.execute(OWNER_TENANT, plan_id)
            assert [order.state for order in await stored(desk)] == [
                OrderState.UNKNOWN,
                OrderState.PLANNED,
            ]

        bench.broker.before_order = paused_in_the_call_while_a_second_takes_over
        await desk.container.engine.execute(OWNER_TENANT, plan_id)
        await desk.container.engine.recover(OWNER_TENANT)
        found = await stored(desk)
    assert len(bench.broker.placed) == len(set(bench.broker.placed)) == 2
    assert [order.state for order in found] == [OrderState.FILLED, OrderState.FILLED]
    fences = [row["fence"] for row in rows(location, "SELECT fence FROM orders ORDER BY slice")]
    assert fences == sorted(set(fences))
    check(location, bench.mock)


async def test_recovery_leaves_alone_what_another_process_is_sending(
    settings: Settings, location: DatabaseLocation
) -> None:
    states: list[str] = []
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:

        async def recovery_runs_meanwhile() -> None:
            await another_process(desk, bench, Ticks()).recover(OWNER_TENANT)
            states.extend(row["state"] for row in rows(location, "SELECT state FROM orders"))

        bench.broker.before_order = recovery_runs_meanwhile
        await approve(client, await propose(client))
    assert states == ["SENDING"]
    check(location, bench.mock)


@pytest.mark.parametrize(("away_s", "second"), [(5, "FILLED"), (31, "EXPIRED")])
async def test_the_rest_of_a_half_sent_plan_goes_on_after_a_restart_only_while_it_is_fresh(
    settings: Settings, location: DatabaseLocation, away_s: int, second: str
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:

        async def crash() -> None:
            raise Crash

        bench.broker.after_order = crash
        card = await propose(client, TWO_SLICES)
        with pytest.raises(Crash):
            await approve(client, card)
        left = [order.state.value for order in await stored(desk)]
    bench.broker.after_order = nothing
    bench.clock.advance(seconds=away_s)
    bench.price(100, NIFTY_FUT)
    async with bench.desk(settings, location) as desk:
        found = [order.state.value for order in await stored(desk)]
    assert left == ["SENDING", "PLANNED"]
    assert found == ["FILLED", second]
    assert len(bench.broker.placed) == (2 if second == "FILLED" else 1)
    check(location, bench.mock)


async def test_the_part_after_a_refused_part_is_not_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        bench.mock.script(Reject("RMS: margin exceeded"))
        done = (await approve(client, await propose(client, TWO_SLICES))).json()
    assert [order["state"] for order in done["orders"]] == ["REJECTED", "NOT_SENT"]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_the_part_after_an_unknown_part_waits_and_goes_once_that_is_found(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        bench.mock.script(AcceptAndLoseReply())
        bench.mock.hide_new_orders(reads=6)
        done = (await approve(client, await propose(client, TWO_SLICES))).json()
        bench.mock.hide_new_orders(reads=0)
        for _ in range(4):
            await desk.container.engine.recover(OWNER_TENANT)
        found = await stored(desk)
    assert [order["state"] for order in done["orders"]] == ["UNKNOWN", "PLANNED"]
    assert [order.state for order in found] == [OrderState.FILLED, OrderState.FILLED]
    assert len(bench.broker.placed) == 2
    check(location, bench.mock)
