"""What one answer of the broker leaves out is not believed, and what is surely over is not kept."""

from decimal import Decimal
from typing import Any

from adapters.brokers.mock.script import Reject
from adapters.errors import BrokerUnavailable
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.snapshots import BrokerSnapshot
from tests.integration.benches import Bench
from tests.integration.driving import MOCK_ACCOUNT, reconcile, rows, trade
from tests.integration.test_panic import panic
from tests.integration.test_protection import (
    STOPPED,
    at_broker,
    exceptions,
    held,
    keep,
    open_bench,
    protections,
    sold_elsewhere,
)

TEN = Decimal(10)


def shows_no_position(bench: Bench) -> None:
    bench.broker.change_snapshot = lambda whole: whole.model_copy(
        update={"positions": (), "holdings": ()}
    )


def shows_all(bench: Bench) -> None:
    bench.broker.change_snapshot = whole


def whole(snapshot: BrokerSnapshot) -> BrokerSnapshot:
    return snapshot


def forgets_orders_before_now(bench: Bench) -> dict[str, Any]:
    """The book is of today alone, as Kite's; return what it showed, for the checker."""
    book = bench.mock._books[MOCK_ACCOUNT]
    kept = dict(book.orders)
    book.orders.clear()
    bench.broker.change_trades = lambda _: ()
    return kept


def statuses(location: DatabaseLocation) -> list[str]:
    return [row["status"] for row in rows(location, "SELECT status FROM protections")]


async def test_a_position_that_shows_late_gets_its_stop(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        shows_no_position(bench)
        async with desk.client() as client:
            await trade(client, STOPPED)
        bench.clock.advance(seconds=10)
        await keep(desk)
        during = statuses(location)
        shows_all(bench)
        bench.clock.advance(seconds=10)
        await keep(desk)
        (stop,) = await at_broker(bench)

    assert during == ["OPEN"]
    assert stop.quantity == TEN


async def test_one_answer_without_the_position_takes_no_stop_back(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        before = await at_broker(bench)
        shows_no_position(bench)
        bench.clock.advance(seconds=60)
        kept = await keep(desk)
        (row,) = await protections(desk)
        after = await at_broker(bench)
        shows_all(bench)
        bench.clock.advance(seconds=60)
        quiet = await keep(desk)

    assert (kept.placed, kept.cancelled, quiet.placed, quiet.cancelled) == (0, 0, 0, 0)
    assert after == before
    assert "does not show" in row["note"]
    assert statuses(location) == ["OPEN"]


async def test_an_answer_without_any_row_or_margins_never_takes_a_stop_back(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        nothing = {"positions": (), "holdings": (), "orders": (), "margins": None}
        bench.broker.change_snapshot = lambda seen: seen.model_copy(update=nothing)
        for _ in range(3):
            bench.clock.advance(seconds=60)
            await keep(desk)
        (stop,) = await at_broker(bench)

    assert stop.quantity == TEN
    assert statuses(location) == ["OPEN"]


async def test_two_looks_that_agree_take_the_stop_of_a_position_that_is_gone_back(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        bench.clock.advance(seconds=60)
        sold_elsewhere(bench, 10)
        first = await keep(desk)
        bench.clock.advance(seconds=5)
        second = await keep(desk)
        left = await at_broker(bench)

    assert (first.cancelled, second.cancelled, left) == (0, 1, [])
    assert statuses(location) == ["DONE"]


async def test_a_protection_that_ended_on_what_the_broker_showed_goes_on_when_it_shows_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        shows_no_position(bench)
        for _ in range(2):
            bench.clock.advance(seconds=60)
            await keep(desk)
        ended = statuses(location)
        shows_all(bench)
        bench.clock.advance(seconds=60)
        await keep(desk)
        (stop,) = await at_broker(bench)
        total = await held(bench)
    audited = rows(location, "SELECT action FROM audit_log WHERE action = 'protection.reopened'")

    assert ended == ["DONE"]
    assert (stop.quantity, total, statuses(location)) == (TEN, TEN, ["OPEN"])
    assert len(audited) == 1


async def test_a_stop_of_an_earlier_session_that_the_book_forgot_is_placed_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        bench.clock.advance(days=8)
        bench.price(1000)
        kept = forgets_orders_before_now(bench)
        await keep(desk)
        bench.clock.advance(seconds=60)
        bench.price(1000)
        again = await keep(desk)
        open_now = await at_broker(bench)
        (row,) = await protections(desk)
        bench.mock._books[MOCK_ACCOUNT].orders.update(kept)

    assert [(o.quantity, o.trigger_price) for o in open_now] == [(TEN, Decimal(980))]
    assert (again.placed, again.cancelled) == (0, 0)
    assert (row["stop"]["state"], row["stop"]["quantity"]) == ("resting at the broker", "10")


async def test_a_bare_answer_after_a_forgotten_stop_does_not_take_the_new_one_back(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        bench.clock.advance(days=8)
        bench.price(1000)
        kept = forgets_orders_before_now(bench)
        await keep(desk)
        bench.clock.advance(seconds=60)
        bench.price(1000)
        bare = {"positions": (), "holdings": (), "orders": ()}
        bench.broker.change_snapshot = lambda seen: seen.model_copy(update=bare)
        blind = await keep(desk)
        (stop,) = await at_broker(bench)
        bench.mock._books[MOCK_ACCOUNT].orders.update(kept)

    assert (blind.cancelled, stop.quantity) == (0, TEN)


async def test_a_forgotten_stop_that_cannot_be_placed_again_is_a_high_exception(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk):
        async with desk.client() as client:
            await trade(client, STOPPED)
        bench.clock.advance(days=8)
        bench.price(1000)
        kept = forgets_orders_before_now(bench)
        bench.mock.script(Reject("RMS: blocked"))
        await keep(desk)
        told = exceptions(location)
        bench.mock._books[MOCK_ACCOUNT].orders.update(kept)

    assert ("PROTECTION_REFUSED", "H", "OPEN") in told


async def test_a_panic_closes_a_position_whose_stop_the_book_forgot(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, STOPPED)
        bench.clock.advance(days=8)
        bench.price(1000)
        kept = forgets_orders_before_now(bench)
        bench.broker.change_trades = tuple
        report = await panic(client)
        left = await held(bench)
        bench.mock._books[MOCK_ACCOUNT].orders.update(kept)

    assert [exit_["filled_quantity"] for exit_ in report["exits"]] == ["10"]
    assert (report["flat"], report["not_cancelled"], left) == (True, [], Decimal(0))


async def test_a_panic_that_could_not_look_at_the_end_is_not_flat(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis")
        bench.mock.script(Reject("RMS: blocked"))
        before = len(bench.broker.placed)

        async def no_answer_after_the_exit() -> None:
            if len(bench.broker.placed) > before:
                raise BrokerUnavailable("503")

        bench.broker.before_snapshot = no_answer_after_the_exit
        report = await panic(client)

    assert report["flat"] is False
    assert [(each["quantity"]) for each in report["left"]] == ["10"]
    assert "could not be seen" in report["left"][0]["why"]


async def test_a_panic_that_could_never_look_is_not_flat_though_the_ledger_is_empty(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        bench.mock.go_down()
        report = await panic(client)
        bench.mock.come_up()

    assert (report["flat"], report["seen"], report["left"]) == (False, False, [])


async def test_a_panic_on_an_answer_without_positions_is_not_flat(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, STOPPED)
        shows_no_position(bench)
        blind = await panic(client)
        shows_all(bench)
        seeing = await panic(client)
        left = await held(bench)

    assert (blind["flat"], [each["quantity"] for each in blind["left"]]) == (False, ["10"])
    assert "does not show" in blind["left"][0]["why"]
    assert (seeing["flat"], left) == (True, Decimal(0))


async def test_a_forgotten_stop_does_not_hide_that_the_position_is_unprotected(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, STOPPED)
        body = {"level": "HALTED", "reason": "enough", "account_id": MOCK_ACCOUNT}
        await client.post("/api/v1/kill-switch", json=body)
        bench.clock.advance(days=8)
        bench.price(1000)
        kept = forgets_orders_before_now(bench)
        await keep(desk)
        told = exceptions(location)
        (row,) = await protections(desk)
        await reconcile(client)
        bench.mock._books[MOCK_ACCOUNT].orders.update(kept)

    assert ("PROTECTION_STOPPED", "H", "OPEN") in told
    assert row["stop"]["state"] == "not placed"
