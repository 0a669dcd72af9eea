"""Stops and targets: placed for what filled, for no more than is held, and never twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from adapters.brokers.mock.script import AcceptAndLoseReply, LoseBeforeAccept, Partial, Reject
from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.protection.service import Kept
from app.settings import Settings
from riskgate.contracts.orders import BrokerOrder, OrderType, Product, Side
from tests.fakes.instruments import INFY
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import MOCK_ACCOUNT, approve, propose, rows, say, trade

STOPPED = "buy 10 INFY at market, mis, stop loss 980"
TARGETED = "buy 10 INFY at market, mis, stop loss 980, target 1030"


@asynccontextmanager
async def open_bench(
    settings: Settings, location: DatabaseLocation
) -> AsyncIterator[tuple[Bench, Desk]]:
    bench = a_bench()
    async with bench.desk(settings, location) as desk:
        yield bench, desk
    check(location, bench.mock)


async def keep(desk: Desk) -> Kept:
    return await desk.container.services.protection.protector.keep(OWNER_TENANT, MOCK_ACCOUNT)


async def at_broker(bench: Bench) -> list[BrokerOrder]:
    """What is open at the broker."""
    seen = await bench.mock.get_orders(MOCK_ACCOUNT)
    return [order for order in seen if order.open_quantity]


async def held(bench: Bench) -> Decimal:
    snapshot = await bench.mock.get_snapshot(MOCK_ACCOUNT)
    return sum((p.quantity for p in snapshot.positions), Decimal(0))


async def protections(desk: Desk) -> list[dict[str, Any]]:
    async with desk.client() as client:
        found: list[dict[str, Any]] = (await client.get("/api/v1/protections")).json()["rows"]
    return found


def exceptions(location: DatabaseLocation) -> list[tuple[str, str, str]]:
    found = rows(location, "SELECT kind, severity, status FROM exceptions ORDER BY opened_at, kind")
    return [(row["kind"], row["severity"], row["status"]) for row in found]


async def test_a_filled_entry_gets_one_stop_order_that_rests_at_the_broker(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            done = await trade(client, STOPPED)
        (stop,) = await at_broker(bench)
        again = await keep(desk)
        (row,) = await protections(desk)

    assert done["outcome"] == "EXECUTED"
    assert (stop.side, stop.order_type, stop.quantity) == (Side.SELL, OrderType.SL, Decimal(10))
    assert (stop.trigger_price, stop.product) == (Decimal(980), Product.MIS)
    assert stop.limit_price is not None
    assert Decimal(970) <= stop.limit_price < Decimal(980)
    assert (again.placed, again.cancelled) == (0, 0)
    assert (row["stop"]["state"], row["stop"]["quantity"]) == ("resting at the broker", "10")
    assert exceptions(location) == []


async def test_the_answer_says_where_stop_and_target_are_and_the_exits_card_what_becomes_of_them(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk), desk.client() as client:
        entry = await trade(client, TARGETED)
        leaving = await say(client, "sell 10 INFY at market, mis")
        other = await say(client, "buy 5 TCS at market, mis")

    assert (
        "The stop of NSE:INFY at ₹980.00 rests at the broker; the target at ₹1,030.00 "
        in (entry["message"])
    )
    (card,), (unlike,) = leaving["cards"], other["cards"]
    (standing,) = card["fields"]["standing_protection"]
    assert standing["entry_order_id"] == entry["orders"][0]["order_id"]
    (note,) = (text for text in card["fields"]["notes"] if "taken back" in text)
    assert note == (
        "The resting stop at ₹980.00 and the target at ₹1,030.00, kept for NSE:INFY, are taken"
        " back before this order is sent; what is left of the position is protected again."
    )
    assert "standing_protection" not in unlike["fields"]


async def test_the_stop_closes_the_position_and_the_protection_is_over(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        bench.clock.advance(seconds=60)
        bench.price(979)
        await keep(desk)
        left, open_orders = await held(bench), await at_broker(bench)
        rows_left = await protections(desk)

    assert (left, open_orders, rows_left) == (Decimal(0), [], [])


async def test_a_gap_through_the_stops_limit_is_followed_until_the_position_is_left(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        bench.clock.advance(seconds=60)
        bench.price(940)
        await keep(desk)
        left = await held(bench)

    assert left == 0


async def test_a_target_that_is_reached_takes_the_stop_back_first_and_then_leaves(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, TARGETED)
        (row,) = await protections(desk)
        bench.clock.advance(seconds=60)
        bench.price(1030)
        done = await keep(desk)
        left, open_orders = await held(bench), await at_broker(bench)
        calls = [c.method for c in bench.mock.journal if c.method.endswith("_order")]

    assert row["target"]["state"] == "held by SigmaTrader, works only while the server runs"
    assert (left, open_orders) == (Decimal(0), [])
    assert (done.cancelled, done.placed) == (1, 1)
    assert calls == ["place_order", "place_order", "cancel_order", "place_order"]


async def test_an_exit_at_the_target_that_does_not_fill_gives_way_to_the_stop_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, TARGETED)
        bench.clock.advance(seconds=60)
        # Traded at the target, and nobody bids there.
        bench.market.show(INFY, bids=[("1028", 1000)], asks=[("1031", 1000)], last="1030")
        await keep(desk)
        (resting,) = await at_broker(bench)
        bench.clock.advance(seconds=40)
        await keep(desk)
        (again,) = await at_broker(bench)
        quiet = await keep(desk)

    assert (resting.order_type, resting.limit_price) == (OrderType.LIMIT, Decimal(1030))
    assert (again.order_type, again.trigger_price) == (OrderType.SL, Decimal(980))
    assert (quiet.placed, quiet.cancelled) == (0, 0)


async def test_a_partial_fill_is_protected_for_what_filled(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        bench.mock.script(Partial(Decimal("0.4")))
        async with desk.client() as client:
            await trade(client, "buy 10 INFY at 1000, mis, stop loss 980")
        stops = [order for order in await at_broker(bench) if order.side is Side.SELL]

    assert [stop.quantity for stop in stops] == [Decimal(4)]


async def test_the_stop_is_for_the_right_amount_after_a_partial_exit_in_the_brokers_own_app(
    settings: Settings, location: DatabaseLocation
) -> None:
    """User thread 15: a stop for what is no longer held opens the other side."""
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        bench.clock.advance(seconds=60)
        sold_elsewhere(bench, 6)
        first = await keep(desk)
        bench.clock.advance(seconds=5)
        done = await keep(desk)
        (stop,) = await at_broker(bench)
        bench.price(979)
        await keep(desk)
        left = await held_after(bench)

    assert (first.cancelled, first.placed) == (0, 0)
    assert (done.cancelled, done.placed) == (1, 1)
    assert stop.quantity == 4
    assert left == 0


async def test_a_persons_exit_goes_before_the_stop_and_the_rest_is_protected_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
            bench.clock.advance(seconds=60)
            done = await trade(client, "sell 6 INFY at market, mis")
        bench.clock.advance(seconds=60)
        await keep(desk)
        (stop,) = await at_broker(bench)
        left = await held(bench)

    assert done["outcome"] == "EXECUTED", done["message"]
    assert (stop.order_type, stop.quantity, left) == (OrderType.SL, Decimal(4), Decimal(4))


async def test_a_lost_reply_to_a_stop_is_never_followed_by_a_second_stop(
    settings: Settings, location: DatabaseLocation
) -> None:
    """User thread 1: a retry loop left three identical stops."""
    async with open_bench(settings, location) as (bench, desk):

        async def the_reply_to_the_stop_is_lost() -> None:
            if len(bench.broker.placed) == 2:
                bench.mock.hide_new_orders(seconds=30)
                bench.mock.script(AcceptAndLoseReply())

        bench.broker.before_order = the_reply_to_the_stop_is_lost
        async with desk.client() as client:
            await trade(client, STOPPED)
        for _ in range(3):
            bench.clock.advance(seconds=5)
            await keep(desk)
        hidden = await at_broker(bench)
        bench.clock.advance(seconds=30)
        for _ in range(3):
            await keep(desk)
        shown = await at_broker(bench)

    assert hidden == []
    assert [order.quantity for order in shown] == [Decimal(10)]


async def test_a_stop_lost_on_its_way_is_not_sent_again_on_doubt(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        bench.broker.before_order = nothing_then_lose(bench)
        async with desk.client() as client:
            await trade(client, STOPPED)
        for _ in range(3):
            bench.clock.advance(seconds=60)
            await keep(desk)
        (row,) = await protections(desk)
        placed = len(bench.broker.placed)

    assert row["stop"]["state"] == "on its way to the broker"
    assert placed == 2


async def test_a_stop_that_the_broker_refuses_is_told_and_tried_again_later(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            card = await propose(client, STOPPED)
            bench.broker.before_order = script_at_second(bench, Reject("RMS: blocked"))
            await approve(client, card)
        told = exceptions(location)
        at_once = await keep(desk)
        bench.clock.advance(seconds=31)
        later = await keep(desk)
        ended = exceptions(location)

    assert told == [("PROTECTION_REFUSED", "H", "OPEN")]
    assert (at_once.placed, later.placed) == (0, 1)
    assert ended == [("PROTECTION_REFUSED", "H", "RESOLVED")]


async def test_a_stop_cancelled_by_somebody_is_a_persons_to_know_until_the_next_session(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        (stop,) = await at_broker(bench)
        await bench.mock.cancel_order(MOCK_ACCOUNT, stop.broker_order_id)
        bench.clock.advance(seconds=60)
        same_day = await keep(desk)
        told = exceptions(location)
        bench.clock.advance(days=1)
        next_day = await keep(desk)
        (again,) = await at_broker(bench)

    assert (same_day.placed, told) == (0, [("STOP_CANCELLED", "H", "OPEN")])
    assert (next_day.placed, again.trigger_price) == (1, Decimal(980))
    assert exceptions(location) == [("STOP_CANCELLED", "H", "RESOLVED")]


async def test_what_the_gate_denies_is_a_high_exception_and_never_silent(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, "buy 10 INFY at market, mis, stop loss 700")
            await client.post("/api/v1/reconcile", json={"account_id": MOCK_ACCOUNT})
            listed = (await client.get("/api/v1/exceptions")).json()["rows"]
        told = exceptions(location)
        open_orders = await at_broker(bench)
        (row,) = await protections(desk)

    assert told == [("PROTECTION_DENIED", "H", "OPEN")]
    assert open_orders == []
    assert "ORD-008" in row["note"]
    assert [(each["kind"], each["delta"]["severity"]) for each in listed] == [
        ("PROTECTION_DENIED", "H")
    ]


async def test_a_halt_leaves_what_rests_and_tells_of_what_is_missing(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, TARGETED)
        body = {"level": "HALTED", "reason": "enough", "account_id": MOCK_ACCOUNT}
        await client.post("/api/v1/kill-switch", json=body)
        bench.clock.advance(seconds=60)
        bench.price(1031)
        await keep(desk)
        (stop,) = await at_broker(bench)
        await bench.mock.cancel_order(MOCK_ACCOUNT, stop.broker_order_id)
        await keep(desk)
        told = exceptions(location)

    assert stop.order_type is OrderType.SL
    assert told == [("PROTECTION_STOPPED", "H", "OPEN")]


async def test_a_broker_that_is_down_changes_nothing_and_the_next_look_protects(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            card = await propose(client, STOPPED)
            bench.broker.after_order = going_down_after_the_fill(bench)
            await approve(client, card)
        bench.broker.after_order = nothing_happens
        bench.mock.come_up()
        bench.clock.advance(seconds=60)
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        await keep(desk)
        (stop,) = await at_broker(bench)

    assert stop.quantity == 10


async def test_an_entry_that_never_filled_gets_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        done = await trade(client, "buy 10 INFY at 990, mis, stop loss 980")
        order_id = done["orders"][0]["order_id"]
        await client.post(f"/api/v1/orders/{order_id}/cancel")
        kept = await keep(desk)
        open_orders = await at_broker(bench)

    assert (open_orders, kept.watching) == ([], False)


async def test_a_desk_opened_again_knows_its_stops_and_places_none_twice(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, STOPPED)
        key = desk.owner_key
    async with bench.desk(settings, location, owner_key=key) as desk:
        kept = await keep(desk)
    open_orders = await at_broker(bench)

    assert (kept.placed, [order.quantity for order in open_orders]) == (0, [Decimal(10)])
    check(location, bench.mock)


async def nothing_happens() -> None:
    """Nothing happens."""


def script_at_second(bench: Bench, behaviour: Any) -> Any:
    async def before() -> None:
        if len(bench.broker.placed) == 2:
            bench.mock.script(behaviour)

    return before


def nothing_then_lose(bench: Bench) -> Any:
    return script_at_second(bench, LoseBeforeAccept())


def going_down_after_the_fill(bench: Bench) -> Any:
    async def after() -> None:
        bench.mock.go_down()

    return after


def sold_elsewhere(bench: Bench, quantity: int) -> None:
    """Somebody sold in the broker's own app: the position is smaller, no order of ours did it."""
    taken = Decimal(quantity)

    def change(snapshot: Any) -> Any:
        smaller = tuple(
            p.model_copy(update={"quantity": p.quantity - taken})
            for p in snapshot.positions
            if p.quantity != taken
        )
        return snapshot.model_copy(update={"positions": smaller})

    bench.broker.change_snapshot = change


async def held_after(bench: Bench) -> Decimal:
    snapshot = await bench.broker.get_snapshot(MOCK_ACCOUNT)
    return sum((p.quantity for p in snapshot.positions), Decimal(0))


async def test_no_stop_makes_way_for_an_exit_that_comes_too_late(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, STOPPED)
        bench.clock.advance(seconds=60)
        bench.price(1000)
        card = await propose(client, "sell 4 INFY at market, mis")
        bench.clock.advance(seconds=301)
        bench.price(1000)
        before = await at_broker(bench)
        await approve(client, card)
        after = await at_broker(bench)
        shown = (await client.get(f"/api/v1/cards/{card}")).json()["card"]
    assert [(o.order_type, o.open_quantity) for o in before] == [(OrderType.SL, Decimal(10))]
    assert after == before
    assert shown["status"] == "EXPIRED"
