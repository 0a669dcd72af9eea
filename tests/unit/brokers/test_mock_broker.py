from decimal import Decimal

import pytest

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.script import (
    AcceptAndDelayReply,
    AcceptAndFail,
    AcceptAndGarbleReply,
    AcceptAndLoseReply,
    Behaviour,
    BookTwice,
    DelayAccept,
    LoseBeforeAccept,
    Partial,
    Reject,
    Unavailable,
)
from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, OrderType, Product, Side
from riskgate.contracts.snapshots import Position
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, TCS, MemoryInstruments
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT, a_tag, an_order


@pytest.fixture
def market() -> ScriptedMarket:
    market = ScriptedMarket(FakeClock())
    market.show(INFY, bids=[("99.90", 1)], asks=[("100.10", 1)], last="100.00")
    return market


@pytest.fixture
def broker(market: ScriptedMarket) -> MockBroker:
    return MockBroker(
        market=market, clock=FakeClock(), ids=CountingIds(), instruments=MemoryInstruments()
    )


async def tagged(broker: MockBroker, tag: int = 1) -> int:
    return len(await broker.find_orders_by_tag(ACCOUNT, a_tag(tag)))


async def test_a_scripted_reject_gives_its_reason_once(broker: MockBroker) -> None:
    broker.script(Reject("RMS: margin exceeds"))
    with pytest.raises(OrderRejected, match="RMS: margin exceeds"):
        await broker.place_order(an_order())
    assert (await broker.place_order(an_order())).tag == a_tag(1)


async def test_unavailable_places_nothing(broker: MockBroker) -> None:
    broker.script(Unavailable())
    with pytest.raises(BrokerUnavailable):
        await broker.place_order(an_order())
    assert await tagged(broker) == 0


async def test_a_lost_reply_leaves_the_order_in_the_book(broker: MockBroker) -> None:
    broker.script(AcceptAndLoseReply())
    with pytest.raises(OutcomeUnknown):
        await broker.place_order(an_order())
    assert await tagged(broker) == 1


async def test_an_order_lost_on_its_way_is_not_in_the_book(broker: MockBroker) -> None:
    broker.script(LoseBeforeAccept())
    with pytest.raises(OutcomeUnknown):
        await broker.place_order(an_order())
    assert await tagged(broker) == 0


async def test_a_scripted_partial_fill_never_fills_further(broker: MockBroker) -> None:
    broker.script(Partial(Decimal("0.35")))
    await broker.place_order(an_order())
    (order,) = await broker.get_orders(ACCOUNT)
    assert (order.filled_quantity, order.open_quantity) == (Decimal(3), Decimal(7))
    await broker.cancel_order(ACCOUNT, order.broker_order_id)
    (order,) = await broker.get_orders(ACCOUNT)
    assert (order.filled_quantity, order.cancelled_quantity) == (Decimal(3), Decimal(7))


async def test_a_partial_fill_without_a_price_fills_nothing(broker: MockBroker) -> None:
    broker.script(Partial(Decimal("0.5")))
    await broker.place_order(an_order(instrument=TCS))
    assert (await broker.get_orders(ACCOUNT))[0].filled_quantity == 0


async def test_down_means_every_call_until_it_comes_up(broker: MockBroker) -> None:
    ack = await broker.place_order(an_order(limit="90.00"))
    broker.go_down()
    for call in (
        broker.get_snapshot(ACCOUNT),
        broker.get_orders(ACCOUNT),
        broker.get_trades(ACCOUNT),
        broker.find_orders_by_tag(ACCOUNT, a_tag(1)),
        broker.place_order(an_order(tag=2)),
        broker.cancel_order(ACCOUNT, ack.broker_order_id),
    ):
        with pytest.raises(BrokerUnavailable):
            await call
    broker.come_up()
    assert await tagged(broker, 1) == 1
    assert await tagged(broker, 2) == 0


async def test_a_new_order_stays_hidden_for_the_told_number_of_reads(broker: MockBroker) -> None:
    broker.hide_new_orders(reads=2)
    await broker.place_order(an_order())
    assert await broker.get_trades(ACCOUNT) == ()
    assert (await broker.get_snapshot(ACCOUNT)).positions == ()
    assert await tagged(broker) == 1


async def test_fills_can_be_repeated(broker: MockBroker) -> None:
    await broker.place_order(an_order())
    broker.repeat_fills(times=2)
    trades = await broker.get_trades(ACCOUNT)
    assert len(trades) == 2
    assert len({trade.trade_id for trade in trades}) == 1


async def test_planted_orders_and_holdings_show_in_the_snapshot(broker: MockBroker) -> None:
    foreign = BrokerOrder(
        instrument=INFY,
        side=Side.BUY,
        quantity=Decimal(5),
        product=Product.CNC,
        order_type=OrderType.MARKET,
        broker_order_id="app-1",
        tag=None,
        status=BrokerOrderStatus.OPEN,
        placed_at=MORNING,
        updated_at=MORNING,
    )
    holding = Position(
        instrument=TCS, product=Product.CNC, quantity=Decimal(4), average_price=Decimal(3000)
    )
    broker.plant_order(ACCOUNT, foreign)
    broker.hold(ACCOUNT, holding)
    snapshot = await broker.get_snapshot(ACCOUNT)
    assert (snapshot.orders, snapshot.holdings) == ((foreign,), (holding,))


async def test_without_a_feed_orders_rest(broker: MockBroker, market: ScriptedMarket) -> None:
    market.go_down()
    await broker.place_order(an_order())
    assert (await broker.get_orders(ACCOUNT))[0].open_quantity == 10


async def test_the_journal_keeps_every_call_with_its_outcome(broker: MockBroker) -> None:
    broker.script(AcceptAndLoseReply())
    with pytest.raises(OutcomeUnknown):
        await broker.place_order(an_order())
    with pytest.raises(OrderRejected):
        await broker.cancel_order(ACCOUNT, "none")
    await broker.get_orders(ACCOUNT)
    assert [(call.sequence, call.method, call.detail, call.outcome) for call in broker.journal] == [
        (1, "place_order", a_tag(1), "OUTCOME_UNKNOWN"),
        (2, "cancel_order", "none", "ORDER_REJECTED"),
        (3, "get_orders", "", "OK"),
    ]


async def test_a_new_order_stays_hidden_for_the_told_seconds_of_the_clock() -> None:
    clock = FakeClock()
    market = ScriptedMarket(clock)
    market.show(INFY, bids=[("99.90", 1)], asks=[("100.10", 1)], last="100.00")
    broker = MockBroker(
        market=market, clock=clock, ids=CountingIds(), instruments=MemoryInstruments()
    )
    broker.hide_new_orders(seconds=30)
    await broker.place_order(an_order())
    clock.advance(seconds=29.999)
    assert await tagged(broker) == 0
    assert (await broker.get_snapshot(ACCOUNT)).positions == ()
    assert await broker.get_trades(ACCOUNT) == ()
    clock.advance(seconds=0.001)
    assert await tagged(broker) == 1
    broker.hide_new_orders()
    await broker.place_order(an_order(tag=2))
    assert await tagged(broker, 2) == 1


async def test_an_order_booked_twice_has_one_tag_and_two_ids(broker: MockBroker) -> None:
    broker.script(BookTwice())
    ack = await broker.place_order(an_order())
    found = await broker.find_orders_by_tag(ACCOUNT, a_tag(1))
    assert len({order.broker_order_id for order in found}) == 2
    assert found[0].broker_order_id == ack.broker_order_id


@pytest.mark.parametrize("behaviour", [AcceptAndGarbleReply(), AcceptAndFail(500)])
async def test_an_answer_that_says_nothing_sure_is_unknown_with_the_order_booked(
    broker: MockBroker, behaviour: Behaviour
) -> None:
    broker.script(behaviour)
    with pytest.raises(OutcomeUnknown):
        await broker.place_order(an_order())
    assert await tagged(broker) == 1


async def test_a_delayed_reply_comes_after_the_order_and_a_delayed_order_after_the_wait(
    market: ScriptedMarket,
) -> None:
    seen: list[tuple[float, int]] = []

    async def sleep(seconds: float) -> None:
        seen.append((seconds, len(await waiting.get_orders(ACCOUNT))))

    waiting = MockBroker(
        market=market,
        clock=FakeClock(),
        ids=CountingIds(),
        instruments=MemoryInstruments(),
        sleep=sleep,
    )
    waiting.script(AcceptAndDelayReply(Decimal(3)), DelayAccept(Decimal(4)))
    await waiting.place_order(an_order(tag=1))
    await waiting.place_order(an_order(tag=2))
    assert seen == [(3.0, 1), (4.0, 1)]
    assert await tagged(waiting, 2) == 1


async def test_fills_can_be_shown_newest_first(broker: MockBroker) -> None:
    for tag in (1, 2):
        await broker.place_order(an_order(tag=tag))
    oldest_first = await broker.get_trades(ACCOUNT)
    broker.reorder_fills(newest_first=True)
    assert await broker.get_trades(ACCOUNT) == tuple(oldest_first[::-1])
