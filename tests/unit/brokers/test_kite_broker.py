from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.brokers.kite_mcp.client import KiteBroker
from adapters.brokers.kite_mcp.instruments import KiteInstruments
from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from app.instruments.directory import Directory
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import BrokerOrderStatus, OrderType, Product, Side
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, TCS, MemoryInstruments
from tests.fakes.kite_market import KiteMarketTools
from tests.fakes.kite_oms import KiteOrder
from tests.fakes.kite_upstream import KiteUpstream
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT, a_tag, an_order

KITES_TIMEOUT_S = 7


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kite(clock: FakeClock) -> KiteUpstream:
    market = ScriptedMarket(clock)
    market.show(INFY, bids=[("1487.90", 5_000)], asks=[("1488.10", 5_000)], last="1488.00")
    return KiteUpstream(market=market, clock=clock)


@pytest.fixture
def broker(kite: KiteUpstream, clock: FakeClock) -> KiteBroker:
    return KiteBroker(
        account_id=ACCOUNT,
        tools=kite,
        clock=clock,
        ids=CountingIds(),
        instruments=MemoryInstruments(),
    )


async def placing(broker: KiteBroker, error: type[BrokerError], tag: int = 1) -> str:
    """Place a resting order, expect the error, and return its message."""
    with pytest.raises(error) as caught:
        await broker.place_order(an_order(limit="1480.00", tag=tag))
    assert type(caught.value) is error
    return caught.value.message


async def tagged(broker: KiteBroker, tag: int = 1) -> int:
    return len(await broker.find_orders_by_tag(ACCOUNT, a_tag(tag)))


def test_only_limit_and_stop_limit_are_offered(broker: KiteBroker) -> None:
    assert broker.capabilities.order_types == {OrderType.LIMIT, OrderType.SL}
    assert broker.capabilities.products == set(Product)


def test_the_settle_time_is_at_least_three_times_the_servers_own_patience(
    broker: KiteBroker,
) -> None:
    assert broker.capabilities.settle_s >= 3 * KITES_TIMEOUT_S


@pytest.mark.parametrize("booked", [True, False])
async def test_failed_to_place_order_says_nothing_and_the_tag_says_all(
    kite: KiteUpstream, broker: KiteBroker, booked: bool
) -> None:
    if booked:
        kite.lose_next_reply()
    else:
        kite.lose_next_order()
    assert "no reason" in await placing(broker, OutcomeUnknown)
    assert await tagged(broker) == int(booked)
    assert kite.place_calls == 1


async def test_a_broken_connection_is_unknown_and_the_order_is_not_sent_again(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.interrupt_next()
    await placing(broker, OutcomeUnknown)
    assert (kite.place_calls, await tagged(broker)) == (1, 1)


async def test_a_success_without_an_order_id_is_unknown(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.garble_next_reply('{"order_id":""}')
    assert "named no order" in await placing(broker, OutcomeUnknown)
    assert await tagged(broker) == 1


async def test_the_first_call_of_a_session_without_login_is_surely_not_sent(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.log_out()
    assert "log in" in await placing(broker, BrokerUnavailable)
    assert kite.oms.orders == []


async def test_a_later_call_without_login_cannot_be_told_from_a_lost_answer(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.log_out()
    with pytest.raises(BrokerUnavailable):
        await broker.get_orders(ACCOUNT)
    await placing(broker, OutcomeUnknown)


async def test_a_risk_rejection_shown_by_the_book_is_final_and_in_kites_words(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    message = "Insufficient funds. Required margin is 95417.84 but available is 74251.80."
    kite.refuse_next(message)
    assert await placing(broker, OrderRejected) == message
    (row,) = await broker.find_orders_by_tag(ACCOUNT, a_tag(1))
    assert (row.status, row.reason) == (BrokerOrderStatus.REJECTED, message)


async def test_the_end_of_another_order_whose_id_is_named_says_nothing_of_ours(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.refuse_next("Insufficient funds.")
    await placing(broker, OrderRejected)
    kite.garble_next_reply(f'{{"order_id": "{kite.oms.orders[0].order_id}"}}')
    with pytest.raises(OutcomeUnknown):
        await broker.place_order(an_order(tag=2, limit="1480.00"))
    assert [order.status for order in kite.oms.orders] == ["REJECTED", "OPEN"]


async def test_a_rejection_the_book_shows_late_is_read_with_its_reason(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.hide_new_orders(reads=1)
    ack = await broker.place_order(an_order(side=Side.SELL, limit="1500.00"))
    (row,) = await broker.get_orders(ACCOUNT)
    assert (row.broker_order_id, row.status) == (ack.broker_order_id, BrokerOrderStatus.REJECTED)
    assert row.reason == "Insufficient stock holding. Sellable quantity is 0."


async def test_a_rejected_order_with_fills_is_not_a_refusal(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    place = kite.oms.place

    async def fills_and_rejects(variety: str, form: Mapping[str, str]) -> KiteOrder:
        order = await place(variety, form)
        order.status, order.message = "REJECTED", "the exchange closed"
        return order

    kite.oms.place = fills_and_rejects  # type: ignore[method-assign]
    ack = await broker.place_order(an_order(limit="1490.00"))
    (row,) = await broker.find_orders_by_tag(ACCOUNT, a_tag(1))
    assert (row.broker_order_id, row.filled_quantity) == (ack.broker_order_id, Decimal(10))


async def test_a_book_that_lags_or_fails_does_not_undo_an_order_kite_took(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.hide_new_orders(reads=2)
    first = await broker.place_order(an_order(limit="1480.00", tag=1))
    kite.fail("get_orders")
    second = await broker.place_order(an_order(limit="1480.00", tag=2))
    assert first.broker_order_id != second.broker_order_id
    assert kite.place_calls == 2


async def test_an_order_that_the_book_shows_otherwise_is_not_a_success(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    # As if the server had begun to read our integer as it reads text.
    place = kite.oms.place
    kite.oms.place = lambda variety, form: place(variety, {**form, "quantity": "1"})  # type: ignore[method-assign]
    message = await placing(broker, OutcomeUnknown)
    assert "quantity was sent as 10 and is 1" in message
    assert await tagged(broker) == 1


async def test_what_is_refused_here_never_reaches_the_server(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    for order in (an_order(), an_order(limit="1480.03"), an_order(limit="1480.00", quantity="1.5")):
        with pytest.raises(OrderRejected):
            await broker.place_order(order)
    assert kite.calls == []


async def test_lists_are_read_without_a_limit(kite: KiteUpstream, broker: KiteBroker) -> None:
    await broker.get_snapshot(ACCOUNT)
    await broker.get_trades(ACCOUNT)
    assert {name for name, _ in kite.calls} == {
        "get_orders",
        "get_positions",
        "get_holdings",
        "get_margins",
        "get_trades",
    }
    assert all(arguments == {} for _, arguments in kite.calls)


async def test_one_login_serves_one_account(kite: KiteUpstream, broker: KiteBroker) -> None:
    with pytest.raises(BrokerUnavailable, match="acct-1"):
        await broker.place_order(an_order(limit="1480.00", account_id="acct-2"))
    for read in (broker.get_snapshot, broker.get_orders, broker.get_trades):
        with pytest.raises(BrokerUnavailable):
            await read("acct-2")
    with pytest.raises(BrokerUnavailable):
        await broker.cancel_order("acct-2", "1")
    assert kite.calls == []


@pytest.mark.parametrize("tool", ["get_orders", "get_positions", "get_holdings", "get_margins"])
async def test_a_snapshot_with_a_part_missing_is_no_snapshot(
    kite: KiteUpstream, broker: KiteBroker, tool: str
) -> None:
    kite.fail(tool)
    with pytest.raises(BrokerUnavailable, match=tool):
        await broker.get_snapshot(ACCOUNT)


async def test_a_snapshot_tells_overnight_day_and_delivered_apart(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.oms.holdings[TCS] = 5
    kite.oms.overnight[INFY, "MIS"] = -3
    await broker.place_order(an_order(limit="1488.10"))
    snapshot = await broker.get_snapshot(ACCOUNT)
    shown = {(p.product, p.quantity, p.day_quantity) for p in snapshot.positions}
    assert shown == {(Product.CNC, Decimal(10), Decimal(10)), (Product.MIS, Decimal(-3), 0)}
    assert [(p.instrument, p.quantity) for p in snapshot.holdings] == [(TCS, Decimal(5))]
    assert snapshot.margins is not None
    assert snapshot.margins.available == Decimal("5000000") - Decimal("14881.00")


async def test_a_snapshot_is_stamped_to_the_second_before_it_is_read(
    broker: KiteBroker, clock: FakeClock
) -> None:
    clock.set(MORNING + timedelta(microseconds=900_000))
    assert (await broker.get_snapshot(ACCOUNT)).as_of == MORNING


async def test_a_cancel_takes_the_variety_from_the_book(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    ack = await broker.place_order(an_order(limit="1480.00"))
    kite.oms.orders[0].variety = "amo"
    await broker.cancel_order(ACCOUNT, ack.broker_order_id)
    assert ("cancel_order", {"variety": "amo", "order_id": ack.broker_order_id}) in kite.calls


async def test_a_cancel_of_an_order_not_shown_yet_is_still_sent(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    kite.hide_new_orders(reads=5)
    ack = await broker.place_order(an_order(limit="1480.00"))
    await broker.cancel_order(ACCOUNT, ack.broker_order_id)
    assert kite.oms.orders[0].status == "CANCELLED"


async def test_a_cancel_that_fails_without_a_reason_is_unknown(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    ack = await broker.place_order(an_order(limit="1480.00"))
    kite.fail("cancel_order")
    with pytest.raises(OutcomeUnknown):
        await broker.cancel_order(ACCOUNT, ack.broker_order_id)


async def test_a_cancel_answered_for_another_order_is_unknown(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    mine, other = [await broker.place_order(an_order(limit="1480.00", tag=tag)) for tag in (1, 2)]
    cancel = kite.oms.cancel
    kite.oms.cancel = lambda variety, order_id: cancel(variety, other.broker_order_id)  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown, match=mine.broker_order_id):
        await broker.cancel_order(ACCOUNT, mine.broker_order_id)


async def test_a_book_that_does_not_answer_holds_no_cancel_up(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    ack = await broker.place_order(an_order(limit="1480.00"))
    kite.fail("get_orders")
    await broker.cancel_order(ACCOUNT, ack.broker_order_id)
    assert kite.oms.orders[0].status == "CANCELLED"


async def test_a_cancel_that_surely_was_not_sent_is_unavailable(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    ack = await broker.place_order(an_order(limit="1480.00"))
    kite.go_down()
    with pytest.raises(BrokerUnavailable):
        await broker.cancel_order(ACCOUNT, ack.broker_order_id)
    assert kite.oms.orders[0].status == "OPEN"


async def test_a_foreign_order_in_a_market_we_have_no_words_for_stops_the_snapshot_only(
    kite: KiteUpstream, broker: KiteBroker
) -> None:
    await broker.place_order(an_order(limit="1480.00", tag=1))
    await broker.place_order(an_order(limit="1480.00", tag=2))
    foreign = kite.oms.orders[1]
    foreign.form = {**foreign.form, "product": "MTF", "tag": ""}
    assert [row.tag for row in await broker.get_orders(ACCOUNT)] == [a_tag(1)]
    with pytest.raises(BrokerUnavailable, match="cannot judge"):
        await broker.get_snapshot(ACCOUNT)


OPTION = InstrumentRef(exchange=Exchange.NFO, tradingsymbol="NIFTY2631724500CE")


@pytest.mark.parametrize("searching", [True, False])
async def test_a_contract_not_known_yet_is_looked_up_before_it_is_ordered(
    kite: KiteUpstream, clock: FakeClock, searching: bool
) -> None:
    search = KiteMarketTools()
    search.list_and_show(OPTION, 10_000_001, 120.0, instrument_type="CE", strike=24500, lot_size=65)
    search.down = not searching
    instruments = KiteInstruments(bundled=Directory(()), tools=search, clock=clock)
    broker = KiteBroker(
        account_id=ACCOUNT,
        tools=kite,
        clock=clock,
        ids=CountingIds(),
        instruments=instruments,
        learn=instruments.learn,
    )
    order = an_order(instrument=OPTION, quantity="10", limit="120.00", product=Product.NRML)
    await broker.make_ready(order)
    with pytest.raises(OrderRejected) as caught:
        await broker.place_order(order)
    told = "multiple of lot size 65" if searching else "unknown instrument NFO:NIFTY2631724500CE"
    assert told in caught.value.message
    assert kite.place_calls == 0
