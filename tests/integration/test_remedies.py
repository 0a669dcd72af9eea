"""People put exceptions right: once, by what fits the cause, and the broker's truth wins."""

import asyncio
from decimal import Decimal
from random import Random
from typing import Any

import httpx

from adapters.brokers.mock.script import Accept, LoseBeforeAccept, Reject
from app.identity.principal import OWNER_TENANT, Role
from app.persistence import exceptions
from app.persistence.location import DatabaseLocation
from app.reconciliation.severities import SEVERITY
from app.settings import Settings
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import Side
from riskgate.contracts.snapshots import BrokerSnapshot
from riskgate.contracts.traces import DeltaKind, ReconciliationDelta
from tests.fakes.clock import MORNING
from tests.fakes.instruments import INFY, TCS
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.driving import (
    MOCK_ACCOUNT,
    approve,
    person,
    reconcile,
    rows,
    say,
    trade,
)
from tests.integration.test_reconciliation import foreign_order, held
from tests.integration.truth import Play, order_of

URL = "/api/v1/exceptions"


def playing(bench: Bench, client: httpx.AsyncClient) -> Play:
    return Play(bench, client, Random(1))


async def raised(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(URL)).json()["rows"]
    return found


async def remediate(
    client: httpx.AsyncClient, item: dict[str, Any], action: str, **more: str
) -> httpx.Response:
    url = f"{URL}/{item['exception_id']}/remediate"
    return await client.post(url, json={"action": action, **more})


async def test_what_was_bought_elsewhere_is_adopted_once_and_the_books_match(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        viewer = await person(desk, "eyes", Role.VIEWER)
        await trade(client, "buy 10 TCS at market, cnc")
        playing(bench, client).foreign(TCS, Side.BUY, 5)
        await reconcile(client)
        item = (await raised(client))[0]
        async with desk.client(viewer) as theirs:
            forbidden = await remediate(theirs, item, "ADOPT")
        both = await asyncio.gather(*(remediate(client, item, "ADOPT") for _ in range(2)))
        again = await remediate(client, item, "ADOPT", comment="twice")
        after = await reconcile(client)
        ledger = rows(location, "SELECT quantity, average_price FROM ledger_positions")
        adjusted = rows(location, "SELECT quantity, cause, trades FROM ledger_adjustments")

    assert item["possible"] == ["ADOPT", "CLOSE_POSITION"]
    assert forbidden.status_code == 403
    assert 200 in {reply.status_code for reply in both}
    assert again.json()["remediation"]["comment"] is None
    assert after["matched"] is True
    assert [row["quantity"] for row in ledger] == [Decimal(15)]
    assert [(row["quantity"], row["cause"]) for row in adjusted] == [(Decimal(5), "MANUAL_TRADE")]
    assert [one["trade_id"] for one in adjusted[0]["trades"]] == ["ft-1"]
    check(location, bench.mock)


async def test_an_action_that_does_not_fit_is_refused_with_what_is_possible(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.mock.hold(MOCK_ACCOUNT, held(5))
        await reconcile(client)
        item = (await raised(client))[0]
        refused = await remediate(client, item, "RULE_ABSENT")
        unknown = await remediate(client, {"exception_id": "exc_none"}, "ADOPT")

    assert (refused.status_code, refused.json()["code"]) == (409, "REMEDIATION_NOT_POSSIBLE")
    assert "ADOPT, CLOSE_POSITION" in refused.text
    assert unknown.status_code == 404
    assert rows(location, "SELECT * FROM ledger_adjustments") == []


async def test_closing_what_nobody_decided_on_adopts_it_and_asks_for_an_approval(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        playing(bench, client).foreign(TCS, Side.BUY, 5)
        await reconcile(client)
        item = (await raised(client))[0]
        asked = (await remediate(client, item, "CLOSE_POSITION")).json()["remediation"]
        sent_before = list(bench.broker.placed)
        again = (await remediate(client, item, "CLOSE_POSITION")).json()["remediation"]
        card_id = asked["result"]["plans"][0]["card_id"]
        plan = (await client.get("/api/v1/plans")).json()["rows"][0]
        done = (await approve(client, card_id)).json()
        after = await reconcile(client)
        ledger = rows(location, "SELECT quantity FROM ledger_positions")

    assert (asked["status"], again) == ("PROPOSED", asked)
    assert sent_before == []
    assert [leg["reduce_only"] for leg in plan["legs"]] == [True]
    assert done["outcome"] == "EXECUTED"
    assert (after["matched"], [row["quantity"] for row in ledger]) == (True, [Decimal(0)])
    check(location, bench.mock)


async def test_an_order_is_ruled_absent_only_after_the_settle_time_and_a_look_that_shows_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.mock.script(LoseBeforeAccept())
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        item = (await raised(client))[0]
        early = await remediate(client, item, "RULE_ABSENT")
        bench.clock.advance(seconds=31)
        await reconcile(client)
        bench.mock.go_down()
        down = await remediate(client, item, "RULE_ABSENT")
        bench.mock.come_up()
        done = await remediate(client, item, "RULE_ABSENT")
        after = await reconcile(client)
        states = rows(location, "SELECT state FROM orders")
        left = await raised(client)

    assert (early.status_code, item["possible"]) == (409, [])
    assert (down.status_code, done.status_code) == (503, 200)
    assert (after["matched"], states, left) == (True, [{"state": "NOT_SENT"}], [])
    check(location, bench.mock)


async def test_an_order_ruled_absent_that_turns_up_filled_is_serious_and_can_be_adopted(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.mock.script(LoseBeforeAccept())
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        tag = bench.broker.placed[0]
        bench.clock.advance(seconds=31)
        await reconcile(client)
        await remediate(client, (await raised(client))[0], "RULE_ABSENT")
        playing(bench, client).foreign(INFY, Side.BUY, 10, tag=tag)
        await reconcile(client)
        found = {item["kind"]: item for item in await raised(client)}
        done = await remediate(client, found["ORDER_UNEXPECTED_AT_BROKER"], "ADOPT")
        after = await reconcile(client)
        ledger = rows(location, "SELECT quantity FROM ledger_positions")

    assert {item["severity"] for item in found.values()} == {"H"}
    assert set(found) == {
        "ORDER_UNEXPECTED_AT_BROKER",
        "FILL_NOT_BOOKED",
        "POSITION_EXTRA_AT_BROKER",
    }
    assert done.status_code == 200, done.text
    assert (after["matched"], [row["quantity"] for row in ledger]) == (True, [Decimal(10)])
    check(location, bench.mock)


async def test_only_the_second_of_two_orders_with_our_tag_is_cancelled(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.mock.script(LoseBeforeAccept())
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 3 TCS at 1 limit, cnc")
        tag = bench.broker.placed[0]
        bench.mock.plant_order(MOCK_ACCOUNT, foreign_order(tag))
        twin = foreign_order(tag).model_copy(update={"broker_order_id": "twin"})
        bench.mock.plant_order(MOCK_ACCOUNT, twin)
        bench.mock.plant_order(MOCK_ACCOUNT, order_of(TCS, Side.BUY, 1, "stranger"))
        await reconcile(client)
        item = next(i for i in await raised(client) if i["kind"] == "ORDER_DUPLICATE_TAG")
        foreign = await remediate(client, item, "CANCEL_DUPLICATE", broker_order_id="stranger")
        done = await remediate(client, item, "CANCEL_DUPLICATE")
        await reconcile(client)
        orders = rows(location, "SELECT state, broker_order_id FROM orders")
        left = [i["kind"] for i in await raised(client)]
        others = (await client.get("/api/v1/foreign-orders")).json()["rows"]

    cancelled = [call.detail for call in bench.mock.journal if call.method == "cancel_order"]
    assert (foreign.status_code, foreign.json()["code"]) == (409, "NOTHING_TO_CANCEL")
    assert (done.status_code, cancelled) == (200, ["twin"])
    assert orders == [{"state": "OPEN", "broker_order_id": "planted"}]
    assert left == []
    assert [(o["broker_order_id"], o["is_open"]) for o in others] == [("stranger", True)]
    check(location, bench.mock)


async def test_new_entries_wait_until_somebody_looked_at_a_position_that_differs(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 10 TCS at market, cnc")
        playing(bench, client).foreign(TCS, Side.BUY, 5)
        await reconcile(client)
        entry = await say(client, "buy 2 TCS at market, cnc")
        other = await say(client, "buy 1 INFY at market, cnc")
        bench.clock.advance(seconds=60)
        exit_ = await trade(client, "sell 3 TCS at market, cnc")
        await client.post(f"{URL}/{(await raised(client))[0]['exception_id']}/ack")
        bench.clock.advance(seconds=60)
        later = await say(client, "buy 4 TCS at market, cnc")

    assert entry["error_code"] == "POSITION_CONTESTED"
    assert "NSE:TCS" in entry["message"]
    assert "“Needs you”" in entry["message"]
    assert "ord_" not in entry["message"]
    assert other["outcome"] == "AWAITING_APPROVAL"
    assert exit_["outcome"] == "EXECUTED"
    assert later["outcome"] == "AWAITING_APPROVAL"


async def test_a_card_made_before_the_difference_was_found_sends_no_entry(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = (await say(client, "buy 2 TCS at market, cnc"))["cards"][-1]["id"]
        playing(bench, client).foreign(TCS, Side.BUY, 5)
        await reconcile(client)
        await approve(client, card)
        orders = rows(location, "SELECT state, reason FROM orders")

    assert [row["state"] for row in orders] == ["EXPIRED"]
    assert "POSITION_CONTESTED" in orders[0]["reason"]
    assert bench.broker.placed == []
    check(location, bench.mock)


async def test_an_exception_that_grew_after_it_was_acknowledged_is_open_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.mock.hold(MOCK_ACCOUNT, held(5))
        await reconcile(client)
        item = (await raised(client))[0]
        await client.post(f"{URL}/{item['exception_id']}/ack")
        bench.mock.hold(MOCK_ACCOUNT, held(500))
        await reconcile(client)
        after = await raised(client)

    assert [(one["exception_id"], one["status"]) for one in after] == [
        (item["exception_id"], "OPEN")
    ]
    assert after[0]["acknowledged_by"] is None


async def test_a_known_and_a_new_difference_together_store_the_new_one(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.mock.hold(MOCK_ACCOUNT, held(5))
        await reconcile(client)
        bench.mock.hold(MOCK_ACCOUNT, held(2).model_copy(update={"instrument": INFY}))
        await reconcile(client)
        found = await raised(client)
        kind = DeltaKind.POSITION_EXTRA_AT_BROKER
        same = ReconciliationDelta(kind=kind, severity=SEVERITY[kind], key="k", message="m")
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            for number in range(2):
                await exceptions.open_exception(
                    session,
                    same,
                    exception_id=f"exc_{number}",
                    account_id=MOCK_ACCOUNT,
                    at=MORNING,
                )
        stored = rows(location, "SELECT exception_id FROM exceptions WHERE key = 'k'")

    assert {item["delta"]["instrument"]["tradingsymbol"] for item in found} == {"TCS", "INFY"}
    assert stored == [{"exception_id": "exc_0"}]


def bare(snapshot: BrokerSnapshot) -> BrokerSnapshot:
    return snapshot.model_copy(update={"positions": (), "holdings": (), "orders": ()})


async def test_a_book_without_rows_counts_only_when_it_comes_twice_some_seconds_apart(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 10 TCS at market, cnc")
        bench.clock.advance(seconds=60)
        bench.broker.change_snapshot = bare
        told = []
        for wait in (0, 1, 6):
            bench.clock.advance(seconds=wait)
            answer = await reconcile(client)
            told.append((answer["matched"], [item["kind"] for item in await raised(client)]))

    assert told == [(False, []), (False, []), (False, ["POSITION_MISSING_AT_BROKER"])]
    check(location, bench.mock)


async def test_a_half_built_basket_is_told_until_a_person_says_it_may_stay(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    for name in ("NIFTY26MARFUT", "BANKNIFTY26MARFUT"):
        ref = InstrumentRef(exchange=Exchange.NFO, tradingsymbol=name)
        bench.price(1000, ref)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        words = "buy 1 lot each of NIFTY26MARFUT, BANKNIFTY26MARFUT at market, nrml"
        card = (await say(client, words))["cards"][-1]
        bench.mock.script(Accept(), Reject("no margin"))
        await approve(client, card["id"])
        matched = (await reconcile(client))["matched"]
        item = (await raised(client))[0]
        closing = (await remediate(client, item, "CLOSE_POSITION")).json()["remediation"]
        await reconcile(client)
        still = [one["status"] for one in await raised(client)]
        done = await remediate(client, item, "ACKNOWLEDGE", comment="we keep the leg")
        await reconcile(client)
        left = await raised(client)

    assert matched is True
    assert (item["kind"], item["severity"]) == ("PLAN_INCOMPLETE", "M")
    assert item["possible"] == ["CLOSE_POSITION", "ACKNOWLEDGE"]
    assert closing["result"]["plans"][0]["words"].startswith("exit NFO:NIFTY26MARFUT")
    assert closing["status"] == "PROPOSED"
    assert still == ["OPEN"]
    assert (done.status_code, left) == (200, [])
    check(location, bench.mock)
