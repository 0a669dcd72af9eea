"""What a book of today alone no longer shows is ruled by a person, by what positions show."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import pytest

from adapters.brokers.mock.script import (
    Accept,
    AcceptAndLoseReply,
    Behaviour,
    LoseBeforeAccept,
)
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import BrokerOrder, BrokerTrade, Side
from riskgate.contracts.snapshots import BrokerSnapshot
from tests.fakes.instruments import INFY, TCS
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.driving import MOCK_ACCOUNT, approve, propose, reconcile, rows, say, trade
from tests.integration.test_reconciliation import held
from tests.integration.test_remedies import raised, remediate
from tests.integration.truth import Play

DAYS = 86_400 * 3
RESTING = "buy 10 INFY at 900 limit, cnc"


def a_day_bench() -> Bench:
    bench = a_bench()
    bench.mock.show_the_day_alone()
    return bench


def days_later(bench: Bench) -> None:
    bench.clock.advance(seconds=DAYS)
    bench.price(1000)
    bench.price(2000, TCS)


async def the_one(client: httpx.AsyncClient, kind: str) -> dict[str, Any]:
    return next(item for item in await raised(client) if item["kind"] == kind)


async def test_an_order_of_an_earlier_day_is_serious_and_ends_cancelled_when_a_person_rules(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_day_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 5 TCS at market, cnc")
        await trade(client, RESTING)
        days_later(bench)
        await reconcile(client)
        item = await the_one(client, "ORDER_ENDED_UNSEEN")
        done = await remediate(client, item, "RULE_ENDED", comment="contract note read")
        again = await remediate(client, item, "RULE_ENDED")
        after = await reconcile(client)
        order = rows(location, "SELECT state, filled_quantity FROM orders WHERE quantity = 10")
        left = await raised(client)

    assert (item["severity"], item["possible"]) == ("H", ["RULE_ENDED"])
    assert (done.status_code, again.json()) == (200, done.json()), done.text
    assert order == [{"state": "CANCELLED", "filled_quantity": Decimal(0)}]
    assert (after["matched"], left) == (True, [])


@pytest.mark.parametrize(("bought", "state"), [(4, "CANCELLED"), (10, "FILLED")])
async def test_what_it_filled_after_the_last_look_is_booked_by_what_positions_show(
    settings: Settings, location: DatabaseLocation, bought: int, state: str
) -> None:
    bench = a_day_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, RESTING)
        # It filled unseen: of another order's trade the position is all that shows days later.
        Play(bench, client, Random(1)).foreign(INFY, Side.BUY, bought)
        days_later(bench)
        await reconcile(client)
        item = await the_one(client, "ORDER_ENDED_UNSEEN")
        position = next(i for i in await raised(client) if i["kind"].startswith("POSITION"))
        waits = await remediate(client, position, "ADOPT")
        done = await remediate(client, item, "RULE_ENDED")
        after = await reconcile(client)
        order = rows(location, "SELECT state, filled_quantity FROM orders")
        ledger = rows(location, "SELECT quantity FROM ledger_positions")

    assert (waits.status_code, waits.json()["code"]) == (409, "ADOPT_WAITS")
    assert done.status_code == 200, done.text
    assert order == [{"state": state, "filled_quantity": Decimal(bought)}]
    assert (ledger, after["matched"]) == ([{"quantity": Decimal(bought)}], True)


async def test_more_than_it_could_fill_is_left_to_the_difference_of_the_position(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_day_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, RESTING)
        Play(bench, client, Random(1)).foreign(INFY, Side.BUY, 15)
        days_later(bench)
        await reconcile(client)
        await remediate(client, await the_one(client, "ORDER_ENDED_UNSEEN"), "RULE_ENDED")
        order = rows(location, "SELECT state, filled_quantity FROM orders")
        left = await the_one(client, "POSITION_EXTRA_AT_BROKER")
        adopted = await remediate(client, left, "ADOPT")
        after = await reconcile(client)

    assert order == [{"state": "CANCELLED", "filled_quantity": Decimal(0)}]
    assert (adopted.status_code, after["matched"]) == (200, True), adopted.text


async def test_an_order_of_an_earlier_day_takes_no_room_from_a_plan_of_today(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_day_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 5 TCS at market, cnc")
        await trade(client, RESTING)
        days_later(bench)
        card_id = await propose(client, "buy 2 TCS at market, cnc")
        asked = await say(client, "what if i buy 3 TCS")
        assert (await approve(client, card_id)).status_code == 200

    judged = rows(
        location,
        "SELECT d.stage, d.gate_input->'reserved' AS reserved FROM risk_decisions d JOIN cards c"
        " USING (tenant_id, plan_id) WHERE c.card_id = %s ORDER BY d.stage",
        card_id,
    )
    assert [(row["stage"], row["reserved"]) for row in judged] == [("APPROVAL", []), ("PLAN", [])]
    assert "would pass" in asked["message"].lower()


async def test_an_order_of_today_that_is_missing_is_not_ruled_ended(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_day_bench()
    bench.mock.hide_new_orders(seconds=600)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 5 TCS at 1500 limit, cnc")
        bench.clock.advance(seconds=60)
        Play(bench, client, Random(1)).foreign(INFY, Side.BUY, 1)
        await reconcile(client)
        item = await the_one(client, "ORDER_MISSING_AT_BROKER")
        refused = await remediate(client, item, "RULE_ENDED")

    assert (item["severity"], item["possible"]) == ("M", [])
    assert refused.status_code == 409


async def test_an_old_order_in_doubt_is_ruled_absent_only_by_a_word_and_stays_contested(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_day_bench()
    bench.mock.script(LoseBeforeAccept())
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, RESTING)
        days_later(bench)
        await reconcile(client)
        item = await the_one(client, "ORDER_OUTCOME_UNKNOWN")
        silent = await remediate(client, item, "RULE_ABSENT")
        before = rows(location, "SELECT state FROM orders")
        done = await remediate(client, item, "RULE_ABSENT", comment="not on the contract note")
        await reconcile(client)
        ruled = await the_one(client, "ORDER_RULED_UNSEEN")
        entry = await say(client, "buy 2 INFY at market, cnc")
        seen = await client.post(f"/api/v1/exceptions/{ruled['exception_id']}/ack")
        later = await say(client, "buy 3 INFY at market, cnc")
        states = rows(location, "SELECT state FROM orders WHERE quantity = 10")

    assert (silent.status_code, silent.json()["code"]) == (409, "REMEDIATION_NOT_POSSIBLE")
    assert before == [{"state": "UNKNOWN"}]
    assert (done.status_code, states) == (200, [{"state": "NOT_SENT"}])
    assert (ruled["severity"], ruled["possible"]) == ("H", ["ACKNOWLEDGE"])
    assert entry["error_code"] == "POSITION_CONTESTED"
    assert (seen.status_code, later["outcome"]) == (200, "AWAITING_APPROVAL")
    check(location, bench.mock)


class Lag:
    """The broker's positions run ahead of its orders and trades while it is on."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on = True
        mock = bench.mock
        orders, trades, found = mock.get_orders, mock.get_trades, mock.find_orders_by_tag
        snapshot = mock.get_snapshot

        async def get_orders(account_id: str) -> Sequence[BrokerOrder]:
            return () if self.on else await orders(account_id)

        async def get_trades(account_id: str) -> Sequence[BrokerTrade]:
            return () if self.on else await trades(account_id)

        async def find_orders_by_tag(account_id: str, tag: str) -> Sequence[BrokerOrder]:
            return () if self.on else await found(account_id, tag)

        async def get_snapshot(account_id: str) -> BrokerSnapshot:
            whole = await snapshot(account_id)
            return whole.model_copy(update={"orders": ()}) if self.on else whole

        for name, hiding in (
            ("get_orders", get_orders),
            ("get_trades", get_trades),
            ("find_orders_by_tag", find_orders_by_tag),
            ("get_snapshot", get_snapshot),
        ):
            monkeypatch.setattr(mock, name, hiding)


@pytest.mark.parametrize("behaviour", [AcceptAndLoseReply(), Accept()])
@pytest.mark.parametrize("action", ["ADOPT", "CLOSE_POSITION"])
@pytest.mark.parametrize("wait", [5, 3600])
async def test_a_position_ahead_of_its_order_is_not_adopted_so_its_fill_is_booked_once(
    settings: Settings,
    location: DatabaseLocation,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Behaviour,
    action: str,
    wait: int,
) -> None:
    bench = a_bench()
    lag = Lag(bench, monkeypatch)
    bench.mock.script(behaviour)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        bench.clock.advance(seconds=wait)
        await reconcile(client)
        item = await the_one(client, "POSITION_EXTRA_AT_BROKER")
        refused = await remediate(client, item, action)
        lag.on = False
        bench.clock.advance(seconds=5)
        after = await reconcile(client)
        ledger = rows(location, "SELECT quantity FROM ledger_positions")

    assert (refused.status_code, refused.json()["code"]) == (409, "ADOPT_WAITS")
    assert (ledger, after["matched"]) == ([{"quantity": Decimal(10)}], True)
    check(location, bench.mock)


async def test_a_position_that_an_open_order_may_explain_is_not_adopted(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, RESTING)
        bench.clock.advance(seconds=3600)
        bench.price(1000)
        bench.mock.hold(MOCK_ACCOUNT, held(10).model_copy(update={"instrument": INFY}))
        await reconcile(client)
        item = await the_one(client, "POSITION_EXTRA_AT_BROKER")
        refused = await remediate(client, item, "ADOPT")

    assert (refused.status_code, refused.json()["code"]) == (409, "ADOPT_WAITS")
    assert rows(location, "SELECT * FROM ledger_adjustments") == []
