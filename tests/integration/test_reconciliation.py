"""Every difference between ledger and broker is found, and only those."""

from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.brokers.mock.script import LoseBeforeAccept, Partial
from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, OrderType, Product, Side
from riskgate.contracts.snapshots import BrokerSnapshot, Position
from tests.fakes.clock import MORNING
from tests.fakes.instruments import TCS
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.driving import MOCK_ACCOUNT, person, reconcile, rows, trade


def held(quantity: int) -> Position:
    return Position(
        instrument=TCS,
        product=Product.CNC,
        quantity=Decimal(quantity),
        average_price=Decimal(2000),
    )


def foreign_order(tag: str | None = None) -> BrokerOrder:
    return BrokerOrder(
        instrument=TCS,
        side=Side.BUY,
        quantity=Decimal(3),
        product=Product.CNC,
        order_type=OrderType.LIMIT,
        limit_price=Decimal(1),
        broker_order_id="planted",
        tag=tag,
        status=BrokerOrderStatus.OPEN,
        placed_at=MORNING,
        updated_at=MORNING,
    )


def deltas(answer: dict[str, object]) -> list[tuple[str, str]]:
    result = answer["reconciliation"]
    assert isinstance(result, dict)
    return [(delta["kind"], delta["severity"]) for delta in result["deltas"]]


async def test_a_position_bought_elsewhere_is_found_once_and_resolved_when_gone(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.mock.hold(MOCK_ACCOUNT, held(5))
        first, second = await reconcile(client), await reconcile(client)
        raised = (await client.get("/api/v1/exceptions")).json()["rows"]
        bench.mock._books[MOCK_ACCOUNT].holdings.clear()
        third = await reconcile(client)
        left = (await client.get("/api/v1/exceptions")).json()["rows"]
        history = (await client.get("/api/v1/exceptions?include_resolved=true")).json()["rows"]

    assert deltas(first) == deltas(second) == [("POSITION_EXTRA_AT_BROKER", "H")]
    assert [item["status"] for item in raised] == ["OPEN"]
    assert (deltas(third), left) == ([], [])
    assert [item["status"] for item in history] == ["RESOLVED"]
    check(location, bench.mock)


async def test_a_quantity_that_differs_is_serious_and_our_ledger_stays_as_it_is(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 10 TCS at market, cnc")
        bench.mock.hold(MOCK_ACCOUNT, held(-4))
        answer = await reconcile(client)
        ledger = rows(location, "SELECT quantity FROM ledger_positions")

    assert deltas(answer) == [("POSITION_QTY_MISMATCH", "H")]
    assert [row["quantity"] for row in ledger] == [Decimal(10)]
    check(location, bench.mock)


async def test_a_position_gone_at_the_broker_is_found(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 10 TCS at market, cnc")
        bench.mock.hold(MOCK_ACCOUNT, held(-10))
        answer = await reconcile(client)

    assert deltas(answer) == [("POSITION_MISSING_AT_BROKER", "M")]
    check(location, bench.mock)


async def test_an_order_from_elsewhere_is_told_but_nobody_is_called(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.mock.plant_order(MOCK_ACCOUNT, foreign_order())
        answer = await reconcile(client)
        raised = (await client.get("/api/v1/exceptions")).json()["rows"]

    assert (deltas(answer), raised) == ([("ORDER_EXTRA_AT_BROKER", "L")], [])


async def test_two_orders_with_our_tag_are_never_adopted_and_are_serious(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.mock.script(LoseBeforeAccept())
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        tag = bench.broker.placed[0]
        bench.mock.plant_order(MOCK_ACCOUNT, foreign_order(tag))
        twin = foreign_order(tag).model_copy(update={"broker_order_id": "twin"})
        bench.mock.plant_order(MOCK_ACCOUNT, twin)
        answer = await reconcile(client)
        states = rows(location, "SELECT state, broker_order_id FROM orders")

    assert deltas(answer) == [("ORDER_DUPLICATE_TAG", "H")]
    assert states == [{"state": "UNKNOWN", "broker_order_id": None}]
    check(location, bench.mock)


async def test_an_order_the_broker_forgot_is_told(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    bench.mock.script(Partial(Decimal("0.4")))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        bench.mock._books[MOCK_ACCOUNT].orders.clear()
        answer = await reconcile(client)

    assert deltas(answer) == [("ORDER_MISSING_AT_BROKER", "M")]
    check(location, bench.mock)


async def test_an_exception_is_acknowledged_once_and_stays_until_it_is_gone(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        viewer = await person(desk, "eyes", Role.VIEWER)
        bench.mock.hold(MOCK_ACCOUNT, held(5))
        await reconcile(client)
        raised = (await client.get("/api/v1/exceptions")).json()["rows"][0]
        url = f"/api/v1/exceptions/{raised['exception_id']}/ack"
        async with desk.client(viewer) as theirs:
            forbidden = await theirs.post(url)
        first, second = await client.post(url), await client.post(url)
        await reconcile(client)
        after = (await client.get("/api/v1/exceptions")).json()["rows"]

    assert (forbidden.status_code, first.status_code, second.status_code) == (403, 200, 409)
    assert [(item["exception_id"], item["status"]) for item in after] == [
        (raised["exception_id"], "ACK")
    ]
    assert after[0]["acknowledged_by"] is not None


def nothing_at_all(snapshot: BrokerSnapshot) -> BrokerSnapshot:
    return snapshot.model_copy(
        update={"positions": (), "holdings": (), "orders": (), "margins": None}
    )


@pytest.mark.parametrize("answer", ["none", "empty"])
async def test_a_broker_that_fails_or_answers_nothing_closes_nothing(
    settings: Settings, location: DatabaseLocation, answer: str
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        bench.mock.hold(MOCK_ACCOUNT, held(5))
        await reconcile(client)
        if answer == "none":
            bench.mock.go_down()
        else:
            bench.broker.change_snapshot = nothing_at_all
        reply = await client.post("/api/v1/reconcile")
        raised = (await client.get("/api/v1/exceptions")).json()["rows"]
        ledger = rows(location, "SELECT quantity FROM ledger_positions")

    assert reply.status_code == (503 if answer == "none" else 200)
    assert "POSITION_EXTRA_AT_BROKER" in {item["kind"] for item in raised}
    assert [row["quantity"] for row in ledger] == [Decimal(10)]
    check(location, bench.mock)


async def test_a_fill_while_the_books_are_read_is_no_difference(
    settings: Settings, location: DatabaseLocation
) -> None:
    """The book is read, an order fills and is booked, and then the ledger is read."""
    bench = a_bench()
    bench.mock.script(Partial(Decimal("0.4")))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        account = ("main", MOCK_ACCOUNT)
        looks = 0

        async def fill_meanwhile() -> None:
            nonlocal looks
            looks += 1
            if looks == 1:
                bench.mock._books[MOCK_ACCOUNT].stuck.clear()
                await desk.container.engine.refresh(*account)

        bench.broker.after_snapshot = fill_meanwhile
        answer = await reconcile(client)
        raised = (await client.get("/api/v1/exceptions")).json()["rows"]

    assert (answer["matched"], raised, looks) == (True, [], 2)
    assert [r["state"] for r in rows(location, "SELECT state FROM orders")] == ["FILLED"]
    check(location, bench.mock)


async def test_a_difference_seen_only_at_the_second_look_waits_for_the_next_round(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        bench.mock.plant_order(MOCK_ACCOUNT, foreign_order())

        async def buy_elsewhere() -> None:
            bench.broker.after_snapshot = _nothing
            bench.mock.hold(MOCK_ACCOUNT, held(5))

        bench.broker.after_snapshot = buy_elsewhere
        first, second = await reconcile(client), await reconcile(client)

    assert deltas(first) == [("ORDER_EXTRA_AT_BROKER", "L")]
    assert ("POSITION_EXTRA_AT_BROKER", "H") in deltas(second)


async def _nothing() -> None:
    return None


async def test_fifty_seeded_differences_are_all_found_in_one_round(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench: Bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        for number in range(50):
            order = foreign_order().model_copy(
                update={
                    "broker_order_id": f"planted-{number}",
                    "placed_at": MORNING + timedelta(seconds=number),
                }
            )
            bench.mock.plant_order(MOCK_ACCOUNT, order)
        answer = await reconcile(client)

    assert len(deltas(answer)) == 50
