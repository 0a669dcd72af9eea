"""Queues, latency, participation, circuits, and sessions that end."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from adapters.brokers.paper.latency import draw
from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.paper.state import read_state
from adapters.errors import BrokerUnavailable, OrderRejected
from riskgate.contracts.orders import BrokerOrderStatus, Side, Validity
from tests.fakes.clock import MORNING
from tests.fakes.instruments import INFY
from tests.fakes.market import Level
from tests.fakes.orders import ACCOUNT, an_order
from tests.unit.brokers.paper_bench import PaperBench

SELL = Side.SELL


def show(bench: PaperBench, bids: list[Level], asks: list[Level], last: str = "99.90") -> None:
    """Display another book a second later."""
    bench.clock.advance(seconds=1)
    bench.market.show(INFY, bids=bids, asks=asks, last=last)


def slow(shortest: int, longest: int, seed: int = 1) -> PaperBench:
    return PaperBench(PaperSettings(latency_ms=(shortest, longest), seed=seed))


# The queue


async def test_what_is_offered_at_our_price_goes_first_to_those_in_front() -> None:
    bench = PaperBench()
    order_id = (await bench.place(an_order(limit="99.90"))).broker_order_id
    show(bench, [("99.80", 100)], [("99.90", 60)])
    for _ in range(2):
        assert (await bench.order(order_id)).filled_quantity == 0
    show(bench, [("99.80", 100)], [("99.90", 45)])
    assert (await bench.order(order_id)).filled_quantity == 5
    assert (await bench.order(order_id)).filled_quantity == 5
    show(bench, [("99.80", 100)], [("99.90", 45)])
    assert (await bench.order(order_id)).status is BrokerOrderStatus.COMPLETE


async def test_a_price_that_trades_through_ours_fills_at_the_better_touch() -> None:
    bench = PaperBench()
    await bench.place(an_order(limit="99.90"))
    show(bench, [("99.70", 100)], [("99.80", 60)])
    assert await bench.fills() == [("99.80", 10)]


async def test_nobody_is_in_front_once_the_price_traded_through_ours() -> None:
    bench = PaperBench()
    await bench.place(an_order(limit="99.90", quantity="100"))
    show(bench, [("99.70", 100)], [("99.80", 20)])
    await bench.fills()
    show(bench, [("99.90", 500)], [("100.00", 100)])
    await bench.fills()
    show(bench, [("99.80", 100)], [("99.90", 30)])
    assert await bench.fills() == [("99.80", 20), ("99.90", 30)]


async def test_when_the_display_at_our_price_shrinks_fewer_are_in_front() -> None:
    bench = PaperBench()
    await bench.place(an_order(limit="99.90"))
    show(bench, [("99.90", 30)], [("100.10", 100)])
    await bench.fills()
    show(bench, [("99.90", 500)], [("100.10", 100)])
    await bench.fills()
    show(bench, [("99.80", 100)], [("99.90", 35)])
    assert await bench.fills() == [("99.90", 5)]


async def test_those_who_come_later_stand_behind() -> None:
    bench = PaperBench()
    await bench.place(an_order(limit="100.00"))
    show(bench, [("100.00", 5_000)], [("100.10", 100)])
    await bench.fills()
    show(bench, [("99.90", 100)], [("100.00", 10)])
    assert await bench.fills() == [("100.00", 10)]


async def test_a_price_never_displayed_fills_only_when_it_is_traded_through() -> None:
    bench = PaperBench()
    await bench.place(an_order(limit="95.00"))
    show(bench, [("94.90", 100)], [("95.00", 100)])
    assert await bench.fills() == []
    show(bench, [("94.80", 100)], [("94.90", 100)])
    assert await bench.fills() == [("94.90", 10)]


async def test_two_orders_of_ours_at_one_price_share_what_reaches_them() -> None:
    bench = PaperBench()
    for tag in (1, 2):
        await bench.place(an_order(limit="99.90", quantity="30", tag=tag))
    show(bench, [("99.80", 100)], [("99.90", 140)])
    assert await bench.fills() == [("99.90", 30), ("99.90", 10)]


async def test_a_seller_queues_at_the_ask_as_a_buyer_at_the_bid() -> None:
    bench = PaperBench()
    await bench.place(an_order())
    await bench.place(an_order(side=SELL, limit="100.10", tag=2))
    show(bench, [("100.10", 95)], [("100.20", 100)])
    assert len(await bench.fills()) == 1
    show(bench, [("100.10", 95)], [("100.20", 100)])
    assert await bench.fills() == [("100.10", 10), ("100.10", 10)]


# Latency


async def test_an_order_on_its_way_meets_no_display() -> None:
    bench = slow(250, 250)
    order = await bench.place(an_order())
    bench.clock.advance(milliseconds=249)
    assert (await bench.order(order.broker_order_id)).filled_quantity == 0
    bench.clock.advance(milliseconds=1)
    filled = await bench.order(order.broker_order_id)
    assert (filled.status, filled.filled_quantity) == (BrokerOrderStatus.COMPLETE, Decimal(10))


async def test_a_price_that_moved_while_the_order_was_on_its_way_is_what_it_pays() -> None:
    bench = slow(500, 500)
    await bench.place(an_order())
    bench.quote("101.00")
    assert await bench.fills() == [("101.10", 10)]


async def test_an_ioc_order_ends_at_the_first_display_it_reaches() -> None:
    bench = slow(500, 500)
    order = await bench.place(an_order(limit="100.00", validity=Validity.IOC))
    assert order.status is BrokerOrderStatus.OPEN
    bench.quote()
    assert (await bench.order(order.broker_order_id)).status is BrokerOrderStatus.CANCELLED


async def test_delays_are_within_the_range_and_decided_by_the_seed() -> None:
    def delays(seed: int) -> list[int]:
        return [100 + draw(101, seed, ACCOUNT, n, "T") for n in range(50)]

    assert delays(1) == delays(1) != delays(2)
    assert all(100 <= delay <= 200 for delay in delays(1))
    assert len(set(delays(1))) > 10


async def arrivals(seed: int) -> list[datetime]:
    bench = slow(1, 60_000, seed)
    for _ in range(3):
        await bench.broker.place_order(an_order())
    rows = read_state(bench.store.states[ACCOUNT][1]).orders
    return [row.reaches_at for row in rows if row.reaches_at is not None]


async def test_each_order_has_its_own_delay_even_under_one_tag() -> None:
    arrived = await arrivals(seed=1)
    assert len(set(arrived)) == 3
    assert await arrivals(seed=1) == arrived != await arrivals(seed=2)


def test_a_latency_that_is_no_range_is_refused() -> None:
    with pytest.raises(ValidationError, match="latency_ms must be"):
        PaperSettings(latency_ms=(2, 1))


# Participation


async def test_an_order_gets_its_part_of_each_display_and_no_more() -> None:
    bench = PaperBench(PaperSettings(participation=Decimal("0.1")))
    await bench.place(an_order(quantity="35"))
    await bench.fills()
    assert await bench.fills() == [("100.10", 10), ("100.20", 10)]
    bench.quote()
    assert await bench.fills() == [("100.10", 10), ("100.20", 10), ("100.10", 10), ("100.20", 5)]


# Circuits


def banded(low: str, high: str) -> PaperBench:
    bench = PaperBench()
    bench.market.go_live(low, high)
    bench.quote()
    return bench


@pytest.mark.parametrize(
    ("side", "limit", "trigger"),
    [
        (Side.BUY, "110.10", None),
        (Side.BUY, "89.90", None),
        (SELL, "89.90", None),
        (Side.BUY, None, "110.10"),
    ],
)
async def test_a_price_outside_the_days_circuits_is_refused(
    side: Side, limit: str | None, trigger: str | None
) -> None:
    bench = banded("90", "110")
    with pytest.raises(OrderRejected, match=r"within the day's circuits 90 to 110, was"):
        await bench.broker.place_order(an_order(side=side, limit=limit, trigger=trigger))


async def test_nothing_fills_at_a_level_outside_the_circuits() -> None:
    order = await banded("90", "100.10").place(an_order(quantity="150"))
    assert (order.filled_quantity, order.status) == (Decimal(100), BrokerOrderStatus.OPEN)


async def test_a_buy_at_the_upper_circuit_without_sellers_rests() -> None:
    bench = banded("90", "100")
    show(bench, [("100.00", 9_000)], [], last="100.00")
    order = await bench.place(an_order(limit="100.00"))
    assert (order.status, order.filled_quantity) == (BrokerOrderStatus.OPEN, Decimal(0))
    with pytest.raises(OrderRejected, match="no seller"):
        await bench.broker.place_order(an_order(tag=2))


# Time


async def test_a_quote_of_a_market_time_to_come_fills_nothing() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(limit="90.00"))
    bench.clock.advance(seconds=30)
    bench.market.show(INFY, asks=[("80.00", 100)], last="80.00")
    bench.clock.advance(seconds=-10)
    assert (await bench.order(order.broker_order_id)).filled_quantity == 0
    bench.clock.advance(seconds=11)
    assert (await bench.order(order.broker_order_id)).filled_quantity == 10


# Sessions


def with_session() -> PaperBench:
    return PaperBench(PaperSettings(session_expires_at_ist=time(6)))


async def test_a_session_ends_at_its_hour_in_india_and_nothing_is_sent() -> None:
    bench = with_session()
    await bench.place(an_order())
    # Ten in the morning in India; six is twenty hours away.
    six = MORNING + timedelta(hours=20)
    bench.clock.set(six - timedelta(milliseconds=1))
    assert len(await bench.broker.get_orders(ACCOUNT)) == 1
    bench.clock.set(six)
    for call in (
        bench.broker.place_order(an_order(tag=2)),
        bench.broker.get_snapshot(ACCOUNT),
        bench.broker.cancel_order(ACCOUNT, "po-1"),
        bench.broker.get_trades(ACCOUNT),
    ):
        with pytest.raises(BrokerUnavailable, match="session expired at 2026-03-12 06:00 IST"):
            await call
    bench.broker.renew_session()
    assert len(await bench.broker.get_orders(ACCOUNT)) == 1


async def test_a_renewed_session_ends_the_next_morning() -> None:
    bench = with_session()
    bench.clock.advance(hours=21)
    bench.broker.renew_session()
    bench.clock.advance(hours=22)
    assert await bench.broker.get_orders(ACCOUNT) == ()
    bench.clock.advance(hours=2)
    with pytest.raises(BrokerUnavailable, match="2026-03-13 06:00"):
        await bench.broker.get_orders(ACCOUNT)


# Books kept by earlier releases


async def test_a_book_of_an_earlier_release_still_reads() -> None:
    bench = PaperBench()
    await bench.place(an_order(limit="99.00"))
    state = read_state(bench.store.states[ACCOUNT][1])
    new_of_state = {"charges", "charges_today", "dp_charged", "accepted"}
    new_of_order = {"reaches_at", "place", "paired_with", "charges"}
    text = state.model_copy(update={"orders": ()}).model_dump_json(exclude=new_of_state)
    row = state.orders[0].model_dump_json(exclude=new_of_order)
    bench.store.states[ACCOUNT] = (1, text.replace('"orders":[]', f'"orders":[{row}]'))
    bench.quote("98.00")
    assert await bench.fills() == [("98.10", 10)]
