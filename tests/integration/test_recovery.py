"""A process that ends anywhere on the way of an order leaves nothing lost, doubled or silent."""

import json

import pytest

from adapters.brokers.mock.script import AcceptAndLoseReply
from app.approvals.rules import Approver
from app.identity.principal import OWNER_TENANT
from app.persistence.database import Session
from app.persistence.location import DatabaseLocation
from app.pipeline.decisions import CardDecision
from app.settings import Settings
from tests.fakes.brokers import Crash
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.driving import approve, as_owner, orders_of, propose, rows, say


async def crash() -> None:
    raise Crash


async def test_a_card_is_approved_after_a_restart_and_its_trace_goes_on(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        turn = await say(client, "buy 10 INFY at market, cnc")
        key = desk.owner_key
    async with (
        bench.desk(settings, location, owner_key=key) as desk,
        desk.client() as client,
    ):
        done = (await approve(client, turn["cards"][0]["id"])).json()
        trace = (await client.get(f"/api/v1/decisions/{turn['decision_id']}")).json()["decision"]
        replay = (await client.post(f"/api/v1/decisions/{turn['decision_id']}/replay")).json()

    assert (done["outcome"], done["decision_id"]) == ("EXECUTED", turn["decision_id"])
    assert trace["version"] == 2
    tools = [call["tool"] for call in trace["tools_called"]]
    assert tools.index("compose_plan") < tools.index("submit_plan")
    assert [step["step"] for step in trace["replay"]] == ["plan", "gate", "gate"]
    assert replay["equal"]
    versions = rows(location, "SELECT version FROM decision_traces ORDER BY version")
    assert [row["version"] for row in versions] == [1, 2]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


@pytest.mark.parametrize("moment", ["before the broker has it", "after the broker has it"])
async def test_a_crash_around_the_send_is_settled_at_the_next_start(
    settings: Settings, location: DatabaseLocation, moment: str
) -> None:
    bench = a_bench()
    reached = moment.startswith("after")
    if reached:
        bench.broker.after_order = crash
    else:
        bench.broker.before_order = crash
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card, key = await propose(client), desk.owner_key
        with pytest.raises(Crash):
            await approve(client, card)
    left = rows(location, "SELECT state FROM orders")
    async with (
        bench.desk(settings, location, owner_key=key) as desk,
        desk.client() as client,
    ):
        orders = await orders_of(client)
        raised = (await client.get("/api/v1/exceptions")).json()["rows"]
        again = (await approve(client, card)).json()
        events = rows(
            location,
            "SELECT event FROM run_events JOIN runs USING (tenant_id, run_id)"
            " WHERE origin_run_id IS NOT NULL ORDER BY seq",
        )
        running = rows(location, "SELECT 1 FROM runs WHERE status = 'RUNNING'")

    assert [row["state"] for row in left] == ["SENDING"]
    assert [order["state"] for order in orders] == ["FILLED" if reached else "UNKNOWN"]
    kinds = [item["kind"] for item in raised]
    assert kinds == ([] if reached else ["ORDER_OUTCOME_UNKNOWN"])
    outcome = "EXECUTED" if reached else "OUTCOME_UNKNOWN"
    assert (again["outcome"], again["error_code"]) == (outcome, "RUN_INTERRUPTED")
    assert [order["state"] for order in again["orders"]] == [orders[0]["state"]]
    last = events[-1]["event"]
    assert (last["type"], last["code"]) == ("RUN_ERROR", "RUN_INTERRUPTED")
    assert running == []
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_a_crash_between_approval_and_send_sends_nothing_afterwards(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card, key = await propose(client), desk.owner_key
        user = (await client.get("/api/v1/me")).json()["user"]["user_id"]

        async def nobody_wakes(_session: Session, _decision: CardDecision) -> None:
            return None

        await desk.container.services.decisions.approve(
            OWNER_TENANT,
            card,
            by=Approver(user_id=user, roles=frozenset({"trader"})),
            comment=None,
            wake=nobody_wakes,
        )
        planned = [order["state"] for order in await orders_of(client)]
    async with (
        bench.desk(settings, location, owner_key=key) as desk,
        desk.client() as client,
    ):
        orders = await orders_of(client)
        again = await approve(client, card)

    assert planned == ["PLANNED"]
    assert [order["state"] for order in orders] == ["EXPIRED"]
    assert "nothing was sent" in orders[0]["reason"]
    assert again.status_code == 409
    assert bench.broker.placed == []
    check(location, bench.mock)


async def test_a_broker_that_is_down_at_the_start_is_settled_when_it_is_back(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.broker.after_order = crash
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card, key = await propose(client), desk.owner_key
        with pytest.raises(Crash):
            await approve(client, card)
    bench.mock.go_down()
    async with (
        bench.desk(settings, location, owner_key=key) as desk,
        desk.client() as client,
    ):
        unknown = [order["state"] for order in await orders_of(client)]
        bench.mock.come_up()
        await client.post("/api/v1/reconcile")
        orders = await orders_of(client)

    assert unknown == ["UNKNOWN"]
    assert [(o["state"], o["filled_quantity"]) for o in orders] == [("FILLED", "10")]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_a_lost_reply_and_a_restart_still_find_the_order(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.mock.script(AcceptAndLoseReply())
    bench.mock.hide_new_orders(reads=4)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        done = (await approve(client, await propose(client))).json()
        key = desk.owner_key
    async with (
        bench.desk(settings, location, owner_key=key) as desk,
        desk.client() as client,
    ):
        orders = await orders_of(client)

    assert done["outcome"] in {"OUTCOME_UNKNOWN", "EXECUTED"}
    assert [order["state"] for order in orders] == ["FILLED"]
    check(location, bench.mock)


async def test_a_crash_while_a_card_is_being_shown_voids_it(
    settings: Settings, location: DatabaseLocation
) -> None:
    """The card is stored, but the turn that would wake on it never fell asleep."""
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        turn, key = await say(client, "buy 10 INFY at market, cnc"), desk.owner_key
    as_owner(location, "UPDATE runs SET status = 'RUNNING', outcome = NULL, finished_at = NULL")
    as_owner(location, "DELETE FROM run_events WHERE event->>'type' = 'RUN_FINISHED'")
    as_owner(location, "DELETE FROM decision_traces")
    async with (
        bench.desk(settings, location, owner_key=key) as desk,
        desk.client() as client,
    ):
        card = (await client.get(f"/api/v1/cards/{turn['cards'][0]['id']}")).json()["card"]
        reply = await approve(client, card["id"])
        stream = await client.get(f"/api/v1/runs/{turn['run_id']}/events")

    assert card["status"] == "VOID"
    assert (reply.status_code, reply.json()["code"]) == (409, "CARD_ALREADY_DECIDED")
    frames = [line for line in stream.text.splitlines() if line.startswith("data:")]
    last = json.loads(frames[-1].removeprefix("data:"))
    assert (last["type"], last["code"]) == ("RUN_ERROR", "RUN_INTERRUPTED")
    assert bench.broker.placed == []
