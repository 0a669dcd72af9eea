"""What may still stop an order between its approval and its send, and how it is taken back."""

import asyncio
from decimal import Decimal
from typing import LiteralString

import psycopg
import pytest

from adapters.errors import BrokerUnavailable, OutcomeUnknown
from app.approvals.rules import Approver
from app.execution.canceller import CancelUnknown, OrderNotOpen
from app.gate.kill_switch import LevelChange, set_level
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts, orders
from app.persistence.database import Session
from app.persistence.location import DatabaseLocation
from app.persistence.orders import OrderRecord
from app.pipeline.decisions import CardDecision
from app.settings import Settings
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.orders import OrderState
from riskgate.hashing import content_hash
from riskgate.policy import Limits, OrderLimits, Policy
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import MOCK_ACCOUNT, as_owner, propose, rows, set_policy, trade

BELOW = "buy 10 INFY at 990, cnc"
BLOCKED = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
ASKED = "SELECT actor FROM audit_log WHERE action = 'order.cancel_asked'"


async def stored(desk: Desk) -> list[OrderRecord]:
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        found = await orders.list_orders(session, account_id=MOCK_ACCOUNT, limit=50, offset=0)
    return sorted(found, key=lambda order: order.created_at)


async def planned(desk: Desk, message: str = "buy 10 INFY at market, cnc") -> OrderRecord:
    """Approve a trade whose turn is never woken, so that its order stays PLANNED."""

    async def nobody_wakes(_session: Session, _decision: CardDecision) -> None:
        return None

    async with desk.client() as client:
        card = await propose(client, message)
        user = (await client.get("/api/v1/me")).json()["user"]["user_id"]
    await desk.container.services.decisions.approve(
        OWNER_TENANT,
        card,
        by=Approver(user_id=user, roles=frozenset({"trader"})),
        comment=None,
        wake=nobody_wakes,
    )
    (order,) = [one for one in await stored(desk) if one.state is OrderState.PLANNED]
    return order


async def pull(bench: Bench, desk: Desk, level: KillSwitchLevel) -> None:
    """Set the account's switch, a second later."""
    bench.clock.advance(seconds=1)
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        await accounts.lock_account(session, MOCK_ACCOUNT)
        change = LevelChange(
            account_id=MOCK_ACCOUNT, level=level, reason="enough", by="usr-1", may_loosen=False
        )
        await set_level(session, change, at=bench.clock.now())


async def send(desk: Desk, order: OrderRecord) -> tuple[OrderState, str | None]:
    (done,) = await desk.container.engine.execute(OWNER_TENANT, order.intent.plan_id)
    return done.state, done.reason


async def until_blocked(location: DatabaseLocation, task: asyncio.Task[object]) -> None:
    """Wait until somebody waits for a lock, or the task is over without one."""
    for _ in range(12_000):
        if task.done() or rows(location, BLOCKED):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("nobody came to the lock")


# The claim


async def test_a_halt_that_is_being_written_is_waited_for_and_stops_the_order(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        order = await planned(desk)
        bench.clock.advance(seconds=1)
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            await accounts.lock_account(session, MOCK_ACCOUNT)
            halt = LevelChange(
                account_id=MOCK_ACCOUNT,
                level=KillSwitchLevel.HALTED,
                reason="enough",
                by="usr-1",
                may_loosen=False,
            )
            await set_level(session, halt, at=bench.clock.now())
            sending: asyncio.Task[object] = asyncio.create_task(send(desk, order))
            await until_blocked(location, sending)
        assert await sending == (OrderState.EXPIRED, "the kill switch is HALTED: enough")
        assert bench.broker.placed == []
        check(location, bench.mock)


async def test_the_time_of_a_claim_is_the_time_after_the_wait_for_the_account(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        order = await planned(desk)
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            await accounts.lock_account(session, MOCK_ACCOUNT)
            sending: asyncio.Task[object] = asyncio.create_task(send(desk, order))
            await until_blocked(location, sending)
            bench.clock.advance(hours=1)
        assert await sending == (OrderState.EXPIRED, "its time to be sent is over")
        assert bench.broker.placed == []


async def test_an_account_that_only_observes_now_sends_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        order = await planned(desk)
        as_owner(location, "UPDATE accounts SET mode = 'OBSERVE'")
        assert await send(desk, order) == (
            OrderState.EXPIRED,
            f"the account {MOCK_ACCOUNT} only observes",
        )
        assert bench.broker.placed == []
        check(location, bench.mock)


SELL = "sell 10 INFY at market, cnc"
HALT_OR_CHANGE = ["HALTED", "REDUCE_ONLY", "POLICY_CHANGED"]
SAID = {
    "HALTED": "the kill switch is HALTED: enough",
    "REDUCE_ONLY": "the kill switch is REDUCE_ONLY: enough",
    "POLICY_CHANGED": (
        "POLICY_CHANGED: the account's policy is not the one that it was approved under"
    ),
}


async def happens(what: str, bench: Bench, desk: Desk, location: DatabaseLocation) -> None:
    if what == "POLICY_CHANGED":
        tighter = Policy(limits=Limits(order=OrderLimits(max_order_value=Decimal(1))))
        await set_policy(desk, location, tighter)
    else:
        await pull(bench, desk, KillSwitchLevel(what))


@pytest.mark.parametrize("what", HALT_OR_CHANGE)
async def test_what_may_open_is_stopped_by_a_halt_by_reduce_only_and_by_another_policy(
    settings: Settings, location: DatabaseLocation, what: str
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        order = await planned(desk)
        await happens(what, bench, desk, location)
        assert await send(desk, order) == (OrderState.EXPIRED, SAID[what])
        assert bench.broker.placed == []
        check(location, bench.mock)


@pytest.mark.parametrize("what", HALT_OR_CHANGE)
async def test_an_approved_exit_still_leaves_unless_the_account_is_halted(
    settings: Settings, location: DatabaseLocation, what: str
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        async with desk.client() as client:
            await trade(client)
        bench.clock.advance(seconds=1)
        order = await planned(desk, SELL)
        await happens(what, bench, desk, location)
        halted = what == "HALTED"
        expected = (OrderState.EXPIRED, SAID[what]) if halted else (OrderState.FILLED, None)
        assert await send(desk, order) == expected
        assert len(bench.broker.placed) == (1 if halted else 2)
        check(location, bench.mock)


@pytest.mark.parametrize("what", HALT_OR_CHANGE)
async def test_a_sale_of_more_than_is_held_is_no_exit(
    settings: Settings, location: DatabaseLocation, what: str
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        async with desk.client() as client:
            await trade(client, "buy 10 INFY at market, mis")
        bench.clock.advance(seconds=1)
        order = await planned(desk, "sell 11 INFY at market, mis")
        await happens(what, bench, desk, location)
        assert await send(desk, order) == (OrderState.EXPIRED, SAID[what])
        check(location, bench.mock)


async def test_a_decision_whose_inputs_were_changed_makes_no_exit(
    settings: Settings, location: DatabaseLocation
) -> None:
    """Only what the gate saw says what reduces: a position written in later does not."""
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        async with desk.client() as client:
            await trade(client)
        bench.clock.advance(seconds=1)
        order = await planned(desk, SELL)
        as_owner(
            location,
            "UPDATE risk_decisions SET gate_input = jsonb_set(gate_input, '{as_of}', %s)",
            '"2026-03-11T04:30:59.000000Z"',
        )
        await pull(bench, desk, KillSwitchLevel.REDUCE_ONLY)
        assert await send(desk, order) == (OrderState.EXPIRED, SAID["REDUCE_ONLY"])


TERMS: list[LiteralString] = [
    """jsonb_set(terms, '{quantity}', '"20"')""",
    """jsonb_set(terms, '{quantity}', '"5"')""",
    """jsonb_set(terms, '{side}', '"SELL"')""",
    """jsonb_set(terms, '{limit_price}', '"999"')""",
    """jsonb_set(terms, '{instrument,tradingsymbol}', '"TCS"')""",
]


@pytest.mark.parametrize("hash_too", [False, True])
@pytest.mark.parametrize("terms", TERMS)
async def test_terms_that_were_changed_after_the_approval_are_never_sent(
    settings: Settings, location: DatabaseLocation, terms: LiteralString, hash_too: bool
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        await planned(desk, BELOW)
        as_owner(location, "UPDATE orders SET terms = " + terms)
        (forged,) = await stored(desk)
        if hash_too:
            as_owner(location, "UPDATE orders SET payload_hash = %s", content_hash(forged.intent))
        assert await send(desk, forged) == (
            OrderState.EXPIRED,
            "its terms are not those that were approved",
        )
        assert bench.broker.placed == []
        check(location, bench.mock)


async def test_a_hash_that_is_not_of_the_terms_is_enough_to_refuse(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        order = await planned(desk)
        as_owner(location, "UPDATE orders SET payload_hash = %s", "f" * 64)
        state, _reason = await send(desk, order)
        assert (state, bench.broker.placed) == (OrderState.EXPIRED, [])


@pytest.mark.parametrize(
    "change",
    ["terms = '{}'", "payload_hash = 'x'", "quantity = 1", "send_by = now()", "tag = 'x'"],
)
async def test_the_application_cannot_change_what_an_order_asks_for(
    settings: Settings, location: DatabaseLocation, change: LiteralString
) -> None:
    async with a_bench().desk(settings, location) as desk:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with desk.container.database.tenant(OWNER_TENANT) as session:
                await session.execute("UPDATE orders SET " + change)


# The round that looks again


async def test_an_order_that_was_never_sent_in_time_is_ended_by_the_next_round(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        order = await planned(desk)
        engine = desk.container.engine
        await engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        assert [one.state for one in await stored(desk)] == [OrderState.PLANNED]
        bench.clock.advance(hours=1)
        bench.mock.go_down()
        await engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        (ended,) = await stored(desk)
        assert (ended.state, ended.reason) == (OrderState.EXPIRED, "its time to be sent is over")
        audited = rows(
            location,
            "SELECT 1 FROM audit_log WHERE action = 'order.expired' AND entity_id = %s",
            order.intent.order_id,
        )
        assert len(audited) == 1
        check(location, bench.mock)


async def test_one_order_that_cannot_be_booked_does_not_stop_the_others(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.broker.change_trades = lambda _trades: ()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        bench.clock.advance(seconds=1)
        await trade(client, "buy 5 INFY at market, cnc")
        first, _second = await stored(desk)
        statement = "UPDATE orders SET quantity = 4 WHERE order_id = %s"
        assert as_owner(location, statement, first.intent.order_id) == 1
        bench.broker.change_trades = tuple
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        states = [order.state for order in await stored(desk)]
    assert states == [OrderState.OPEN, OrderState.FILLED]
    assert len(rows(location, "SELECT 1 FROM fills")) == 1


# Taking an order back


async def test_an_order_not_sent_yet_is_taken_back_and_never_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        order = await planned(desk)
        engine = desk.container.engine
        gone = await engine.cancel(OWNER_TENANT, order.intent.order_id, by="usr-1")
        reason = "cancelled before it was sent by usr-1"
        assert (gone.state, gone.reason) == (OrderState.CANCELLED, reason)
        assert await send(desk, order) == (OrderState.CANCELLED, reason)
        assert bench.broker.placed == []
        assert [row["actor"] for row in rows(location, ASKED)] == ["usr-1"]
        check(location, bench.mock)


async def unknown_order(bench: Bench, desk: Desk) -> OrderRecord:
    """Leave a resting order at the broker that we could not look up."""

    async def the_line_breaks() -> None:
        bench.mock.go_down()
        raise TimeoutError

    bench.broker.after_order = the_line_breaks
    async with desk.client() as client:
        await trade(client, BELOW)
    (order,) = await stored(desk)
    assert order.state is OrderState.UNKNOWN
    return order


async def test_an_unknown_order_is_found_first_and_then_cancelled(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        order = await unknown_order(bench, desk)
        engine = desk.container.engine
        with pytest.raises(OrderNotOpen, match="not known at the broker yet"):
            await engine.cancel(OWNER_TENANT, order.intent.order_id, by="usr-1")
        assert rows(location, ASKED) == []
        bench.mock.come_up()
        gone = await engine.cancel(OWNER_TENANT, order.intent.order_id, by="usr-1")
        assert gone.state is OrderState.CANCELLED
        assert len(rows(location, ASKED)) == 1
        check(location, bench.mock)


async def test_a_cancel_whose_reply_is_lost_is_not_told_as_done(
    settings: Settings, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = a_bench()

    async def lost(_account_id: str, _broker_order_id: str) -> None:
        raise OutcomeUnknown("the line broke")

    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, BELOW)
        (order,) = await stored(desk)
        with monkeypatch.context() as patch:
            patch.setattr(bench.broker, "cancel_order", lost)
            with pytest.raises(CancelUnknown):
                await desk.container.engine.cancel(OWNER_TENANT, order.intent.order_id, by="usr-1")
            answer = await client.post(f"/api/v1/orders/{order.intent.order_id}/cancel")
        again = await client.post(f"/api/v1/orders/{order.intent.order_id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (503, "CANCEL_UNKNOWN")
    assert again.json()["order"]["state"] == "CANCELLED"


async def test_a_cancel_at_a_broker_that_is_gone_for_the_look_is_not_told_as_done(
    settings: Settings, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, BELOW)
        (order,) = await stored(desk)
        cancel = bench.broker.cancel_order

        async def then_down(account_id: str, broker_order_id: str) -> None:
            await cancel(account_id, broker_order_id)
            bench.mock.go_down()

        monkeypatch.setattr(bench.broker, "cancel_order", then_down)
        engine = desk.container.engine
        with pytest.raises(CancelUnknown):
            await engine.cancel(OWNER_TENANT, order.intent.order_id, by="usr-1")
        with pytest.raises(BrokerUnavailable):
            await engine.cancel(OWNER_TENANT, order.intent.order_id, by="usr-1")
