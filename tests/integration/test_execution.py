"""What becomes of an approved order at a broker that does not always answer."""

from decimal import Decimal

import pytest

from adapters.brokers.mock.script import (
    AcceptAndLoseReply,
    LoseBeforeAccept,
    Partial,
    Reject,
    Unavailable,
)
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import ExecutionMode
from tests.fakes.instruments import NIFTY_FUT
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import (
    MOCK_ACCOUNT,
    approve,
    mock_of,
    orders_of,
    propose,
    reconcile,
    rows,
    trade,
)


async def test_an_order_whose_reply_was_lost_is_found_by_its_tag(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    broker = mock_of(mock_desk)
    broker.script(AcceptAndLoseReply())
    async with mock_desk.client() as client:
        done = await trade(client)

    assert [(o["state"], o["filled_quantity"]) for o in done["orders"]] == [("FILLED", "10")]
    assert done["outcome"] == "EXECUTED"
    assert done["reconciliation"]["deltas"] == []
    assert [c.outcome for c in broker.journal if c.method == "place_order"] == ["OUTCOME_UNKNOWN"]
    check(location, broker)


@pytest.mark.parametrize("reads", [1, 2, 3, 6])
async def test_a_book_that_lags_is_waited_for_and_nothing_is_sent_again(
    mock_desk: Desk, location: DatabaseLocation, reads: int
) -> None:
    broker = mock_of(mock_desk)
    broker.script(AcceptAndLoseReply())
    broker.hide_new_orders(reads=reads)
    async with mock_desk.client() as client:
        await trade(client)
        await reconcile(client)
        await reconcile(client)
        last = await reconcile(client)
        orders = await orders_of(client)

    assert [(o["state"], o["filled_quantity"]) for o in orders] == [("FILLED", "10")]
    assert last["matched"]
    assert sum(c.method == "place_order" for c in broker.journal) == 1
    check(location, broker)


async def test_an_order_lost_on_its_way_stays_unknown_for_a_person(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    broker = mock_of(mock_desk)
    broker.script(LoseBeforeAccept())
    async with mock_desk.client() as client:
        card = await propose(client)
        done = (await approve(client, card)).json()
        again = (await approve(client, card)).json()
        for _ in range(3):
            await reconcile(client)
        raised = (await client.get("/api/v1/exceptions")).json()["rows"]
        orders = await orders_of(client)

    assert (done["outcome"], done["error_code"]) == ("OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN")
    assert again == done
    assert [order["state"] for order in orders] == ["UNKNOWN"]
    assert [(e["kind"], e["severity"]) for e in raised] == [("ORDER_OUTCOME_UNKNOWN", "H")]
    assert sum(c.method == "place_order" for c in broker.journal) == 1
    check(location, broker)


async def test_a_broker_out_of_reach_means_not_sent(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    broker = mock_of(mock_desk)
    broker.script(Unavailable())
    async with mock_desk.client() as client:
        done = await trade(client)
        more = await trade(client)

    assert [order["state"] for order in done["orders"]] == ["NOT_SENT"]
    assert done["outcome"] == "NOT_EXECUTED"
    assert more["outcome"] == "EXECUTED"
    check(location, broker)


async def test_a_rejection_is_told_with_the_brokers_reason(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    broker = mock_of(mock_desk)
    broker.script(Reject("RMS: margin exceeds"))
    async with mock_desk.client() as client:
        done = await trade(client)

    assert [(o["state"], o["reason"]) for o in done["orders"]] == [
        ("REJECTED", "RMS: margin exceeds")
    ]
    assert "RMS: margin exceeds" in done["message"]
    assert done["outcome"] == "NOT_EXECUTED"
    check(location, broker)


async def test_a_partial_fill_is_told_and_what_fills_later_is_booked(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    broker = mock_of(mock_desk)
    broker.script(Partial(Decimal("0.4")))
    async with mock_desk.client() as client:
        done = await trade(client)
        check(location, broker)
        trace = (await client.get(f"/api/v1/decisions/{done['decision_id']}")).json()["decision"]
        order_id = done["orders"][0]["order_id"]
        book = broker._books[MOCK_ACCOUNT]
        book.stuck.clear()
        await reconcile(client)
        order = (await client.get(f"/api/v1/orders/{order_id}")).json()

    sent = trace["orders_submitted"][0]
    assert (sent["state"], sent["filled_quantity"]) == ("PARTIALLY_FILLED", "4")
    assert "4 filled so far" in done["message"]
    assert (order["order"]["state"], order["order"]["filled_quantity"]) == ("FILLED", "10")
    assert [fill["quantity"] for fill in order["fills"]] == ["4", "6"]
    check(location, broker)


async def test_what_is_left_of_a_cancelled_partial_fill_is_never_bought_again(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    broker = mock_of(mock_desk)
    broker.script(Partial(Decimal("0.4")))
    async with mock_desk.client() as client:
        done = await trade(client)
        order_id = done["orders"][0]["order_id"]
        gone = await client.post(f"/api/v1/orders/{order_id}/cancel")
        await reconcile(client)
        order = (await client.get(f"/api/v1/orders/{order_id}")).json()["order"]

    assert gone.status_code == 200
    assert (order["state"], order["filled_quantity"]) == ("CANCELLED", "4")
    assert sum(c.method == "place_order" for c in broker.journal) == 1
    check(location, broker)


async def test_fills_shown_many_times_and_backwards_are_booked_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.mock.repeat_fills(times=3)
    bench.broker.change_trades = lambda trades: tuple(reversed(trades))
    bench.mock.script(Partial(Decimal("0.4")))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        bench.mock._books[MOCK_ACCOUNT].stuck.clear()
        for _ in range(3):
            await reconcile(client)
        positions = rows(location, "SELECT quantity FROM ledger_positions")
        fills = rows(location, "SELECT trade_id FROM fills")

    assert [row["quantity"] for row in positions] == [Decimal(10)]
    assert len(fills) == 2
    check(location, bench.mock)


async def test_two_orders_may_share_a_trade_id_and_both_fills_count(
    settings: Settings, location: DatabaseLocation
) -> None:
    """Exchanges number trades anew each day, so an id is an order's own, not the account's."""
    bench = a_bench()
    bench.broker.change_trades = lambda trades: tuple(
        trade.model_copy(update={"trade_id": "T1"}) for trade in trades
    )
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        second = await trade(client, "buy 5 INFY at market, cnc")
        positions = rows(location, "SELECT quantity FROM ledger_positions")

    assert second["outcome"] == "EXECUTED"
    assert [row["quantity"] for row in positions] == [Decimal(15)]
    check(location, bench.mock)


async def test_a_fill_beyond_what_was_ordered_is_a_difference_not_a_crash(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.broker.change_trades = lambda trades: tuple(
        trade.model_copy(update={"quantity": trade.quantity + 1}) for trade in trades
    )
    async with bench.desk(settings, location) as desk, desk.client() as client:
        done = await trade(client)

    assert done["outcome"] == "EXECUTED"
    assert [order["state"] for order in done["orders"]] == ["OPEN"]
    assert {d["kind"] for d in done["reconciliation"]["deltas"]} >= {"POSITION_EXTRA_AT_BROKER"}
    check(location, bench.mock)


async def test_an_adapter_that_breaks_after_the_send_leaves_the_outcome_to_the_tag(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()

    async def half_a_reply() -> None:
        raise ValueError("the reply ended in the middle")

    bench.broker.after_order = half_a_reply
    async with bench.desk(settings, location) as desk, desk.client() as client:
        done = await trade(client)

    assert [(o["state"], o["filled_quantity"]) for o in done["orders"]] == [("FILLED", "10")]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_a_plan_over_the_freeze_quantity_is_sent_slice_by_slice(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.price(100, NIFTY_FUT)
    bench.mock.script(AcceptAndLoseReply(), Reject("no"))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        done = await trade(client, "buy 30 lots NIFTY26MARFUT at market, nrml")

    assert [(o["state"], o["quantity"]) for o in done["orders"]] == [
        ("FILLED", "1755"),
        ("REJECTED", "195"),
    ]
    assert done["outcome"] == "PARTIALLY_EXECUTED"
    assert len(set(bench.broker.placed)) == 2
    check(location, bench.mock)


async def test_a_live_broker_that_is_not_armed_gets_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench(ExecutionMode.LIVE)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        shown = (await client.get(f"/api/v1/cards/{card}")).json()["card"]
        done = (await approve(client, card)).json()

    assert shown["fields"]["mode"] == "DRY_RUN"
    assert [(o["state"], o["filled_quantity"]) for o in done["orders"]] == [("SIMULATED", "0")]
    assert "nothing was sent" in done["message"]
    assert bench.broker.placed == []
    check(location, bench.mock)


async def test_a_paper_plan_never_reaches_a_broker_that_became_live(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.broker.become(ExecutionMode.LIVE)
        done = (await approve(client, card)).json()

    assert [order["state"] for order in done["orders"]] == ["NOT_SENT"]
    assert bench.broker.placed == []
    check(location, bench.mock)
