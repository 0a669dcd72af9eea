import asyncio
from decimal import Decimal

import pytest

from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.paper.state import read_state, state_text
from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from riskgate.contracts.instruments import Currency
from riskgate.contracts.orders import (
    BrokerOrderStatus,
    ExecutionMode,
    OrderIntent,
    Product,
    Side,
    Validity,
)
from tests.fakes.instruments import GOOG, INFY, NIFTY, NIFTY_FUT, NO_TICK, TCS, UNKNOWN
from tests.fakes.orders import ACCOUNT, a_tag, an_order
from tests.unit.brokers.paper_bench import PaperBench

SELL = Side.SELL


async def dollars(account_id: str) -> Currency:
    return Currency.USD


def small_account() -> PaperBench:
    return PaperBench(PaperSettings(opening_cash={Currency.INR: Decimal(10_000)}))


# Fills


async def test_a_market_order_walks_the_displayed_levels_and_the_rest_waits() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(quantity="250"))
    assert await bench.fills() == [("100.10", 100), ("100.20", 100)]
    assert (order.status, order.open_quantity) == (BrokerOrderStatus.OPEN, Decimal(50))
    assert order.average_price == Decimal("100.150000")


async def test_the_rest_of_a_partial_fill_meets_the_next_displayed_book() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(quantity="250"))
    bench.quote("101.00")
    order = await bench.order(order.broker_order_id)
    assert await bench.fills() == [("100.10", 100), ("100.20", 100), ("101.10", 50)]
    assert order.status is BrokerOrderStatus.COMPLETE


async def test_a_displayed_quantity_is_traded_with_once_however_often_it_is_read() -> None:
    bench = PaperBench()
    for tag in (1, 2, 3):
        await bench.broker.place_order(an_order(quantity="80", tag=tag))
    bench.clock.advance(seconds=1)
    assert await bench.fills() == [("100.10", 80), ("100.10", 20), ("100.20", 60), ("100.20", 40)]


async def test_buying_leaves_the_bids_for_sellers() -> None:
    bench = PaperBench()
    await bench.broker.place_order(an_order(quantity="100", tag=1))
    await bench.broker.place_order(an_order(quantity="100", side=SELL, tag=2))
    assert await bench.fills() == [("100.10", 100), ("99.90", 100)]


async def test_a_limit_order_is_not_filled_at_the_last_price() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(limit="100.00"))
    assert order.filled_quantity == 0
    buy = await bench.place(an_order(limit="100.10", quantity="150", tag=2))
    assert (buy.filled_quantity, buy.average_price) == (Decimal(100), Decimal("100.100000"))


async def test_ioc_takes_what_is_displayed_and_cancels_the_rest() -> None:
    order = await PaperBench().place(an_order(quantity="250", validity=Validity.IOC))
    assert order.status is BrokerOrderStatus.CANCELLED
    assert (order.filled_quantity, order.cancelled_quantity) == (Decimal(200), Decimal(50))


async def test_a_triggered_buy_stop_pays_the_ask() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(trigger="105.00"))
    assert order.status is BrokerOrderStatus.TRIGGER_PENDING
    bench.quote("105.00")
    assert (await bench.order(order.broker_order_id)).average_price == Decimal("105.100000")


async def test_a_stale_or_future_quote_fills_nothing() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(limit="90.00"))
    bench.market.show(INFY, asks=[("80.00", 100)], last="80.00", as_of=bench.clock.now())
    bench.clock.advance(seconds=11)
    with pytest.raises(OrderRejected, match="no seller of NSE:INFY is quoted now"):
        await bench.broker.place_order(an_order(tag=2))
    bench.clock.advance(seconds=-20)
    assert (await bench.order(order.broker_order_id)).filled_quantity == 0


# Refusals


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (an_order(instrument=UNKNOWN), "unknown instrument NSE:NOSUCH"),
        (an_order(instrument=NIFTY), "NSE:NIFTY 50 is an index"),
        (an_order(instrument=GOOG, limit="1"), "NASDAQ:GOOG trades in USD; the account is in INR"),
        (an_order(product=Product.NRML), "product NRML is not for NSE:INFY; use CNC or MIS"),
        (an_order(instrument=NIFTY_FUT, quantity="65", limit="1"), "product CNC is not for NFO"),
        (
            an_order(instrument=NIFTY_FUT, quantity="66", limit="1", product=Product.NRML),
            "quantity must be a multiple of lot size 65, was 66",
        ),
        (
            an_order(instrument=NIFTY_FUT, quantity="1820", limit="1", product=Product.NRML),
            "quantity must be at most the freeze quantity 1800, was 1820",
        ),
        (an_order(limit="100.05"), "price must be a multiple of tick size 0.10, was 100.05"),
        (an_order(trigger="100.05"), "trigger price must be a multiple of tick size 0.10"),
        (an_order(instrument=NO_TICK, limit="1"), "tick size of NSE:NOTICK is not known"),
        (an_order(instrument=TCS), "no seller of NSE:TCS is quoted now"),
        (an_order(instrument=TCS, side=SELL, product=Product.MIS), "no buyer of NSE:TCS"),
        (an_order(side=SELL), "cannot deliver 10 NSE:INFY; 0 held"),
        (
            an_order(quantity="10000", limit="100.10"),
            "insufficient funds: needs 1002188.59 INR with charges, has 1000000",
        ),
    ],
)
async def test_a_refused_order_says_why_and_leaves_nothing(
    intent: OrderIntent, reason: str
) -> None:
    bench = PaperBench()
    with pytest.raises(OrderRejected) as caught:
        await bench.broker.place_order(intent)
    assert caught.value.message.startswith(reason)
    assert await bench.broker.get_orders(ACCOUNT) == ()
    assert (await bench.margins()).available == 1_000_000


async def test_shares_on_sale_cannot_be_sold_again() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="10"))
    await bench.place(an_order(side=SELL, quantity="6", limit="200.00", tag=2))
    with pytest.raises(OrderRejected, match="cannot deliver 5 NSE:INFY; 4 held"):
        await bench.place(an_order(side=SELL, quantity="5", tag=3))


async def test_money_blocked_by_one_order_cannot_be_spent_by_another() -> None:
    bench = small_account()
    first = await bench.place(an_order(quantity="90", limit="99.00"))
    with pytest.raises(OrderRejected, match="insufficient funds"):
        await bench.place(an_order(quantity="20", limit="99.00", tag=2))
    await bench.broker.cancel_order(ACCOUNT, first.broker_order_id)
    assert (await bench.place(an_order(quantity="20", limit="99.00", tag=3))).open_quantity == 20


async def test_a_fill_that_became_too_dear_ends_the_order_and_not_in_debt() -> None:
    bench = PaperBench(PaperSettings(opening_cash={Currency.INR: Decimal(25_100)}))
    order = await bench.place(an_order(quantity="250"))
    bench.quote("150.00")
    order = await bench.order(order.broker_order_id)
    assert (order.status, order.reason) == (BrokerOrderStatus.CANCELLED, "insufficient funds")
    assert order.filled_quantity + order.cancelled_quantity == 250
    assert (await bench.margins()).available >= 0


# Money and positions


async def test_a_delivery_purchase_costs_its_full_value_and_its_charges() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="100"))
    margins = await bench.margins()
    # Bought for 10010.00, charged 11.89.
    assert (margins.available, margins.used) == (Decimal("989978.11"), Decimal(0))
    assert margins.equity == Decimal("999978.11")
    assert margins.start_of_day_equity == 1_000_000


async def test_an_intraday_short_blocks_a_fifth_and_is_a_negative_position() -> None:
    bench = PaperBench()
    await bench.place(an_order(side=SELL, quantity="100", product=Product.MIS))
    snapshot = await bench.broker.get_snapshot(ACCOUNT)
    (position,) = snapshot.positions
    assert (position.quantity, position.average_price) == (Decimal(-100), Decimal("99.900000"))
    margins = await bench.margins()
    # Short at 99.90, marked at 100.00: 1998 blocked and 10 lost; charged 6.42.
    assert (margins.used, margins.equity) == (Decimal("2008.000"), Decimal("999983.58"))


async def test_a_losing_position_can_always_be_closed() -> None:
    bench = small_account()
    await bench.place(an_order(quantity="200", product=Product.MIS, limit="100.20"))
    bench.quote("40.00", size=500)
    assert (await bench.margins()).available < 0
    order = await bench.place(an_order(side=SELL, quantity="200", product=Product.MIS, tag=2))
    assert order.status is BrokerOrderStatus.COMPLETE
    assert (await bench.broker.get_snapshot(ACCOUNT)).positions == ()


async def test_a_dollar_account_trades_american_shares_with_its_own_cash() -> None:
    bench = PaperBench(currency_of=dollars)
    bench.market.show(GOOG, bids=[("100.00", 50)], asks=[("100.01", 50)], last="100.00")
    await bench.place(an_order(instrument=GOOG))
    margins = await bench.margins()
    assert (margins.currency, margins.available) == (Currency.USD, Decimal("98999.90"))


async def test_worth_is_not_guessed_when_something_held_has_no_price() -> None:
    bench = PaperBench()
    await bench.place(an_order())
    bench.market.hide(INFY)
    snapshot = await bench.broker.get_snapshot(ACCOUNT)
    assert snapshot.margins is None
    assert [position.quantity for position in snapshot.positions] == [Decimal(10)]


async def test_the_book_can_be_read_while_the_feed_is_down() -> None:
    bench = PaperBench()
    await bench.place(an_order())
    bench.market.go_down()
    snapshot = await bench.broker.get_snapshot(ACCOUNT)
    assert (len(snapshot.orders), snapshot.quotes, snapshot.margins) == (1, (), None)


async def test_the_snapshot_carries_the_quotes_it_was_valued_at() -> None:
    bench = PaperBench()
    await bench.place(an_order())
    snapshot = await bench.broker.get_snapshot(ACCOUNT)
    assert [quote.instrument for quote in snapshot.quotes] == [INFY]
    assert snapshot.source == "paper"
    assert bench.broker.capabilities.mode is ExecutionMode.PAPER


# The day


async def test_delivery_becomes_a_holding_at_midnight_in_india() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="10"))
    bench.clock.advance(hours=24)
    bench.quote("110.00")
    snapshot = await bench.broker.get_snapshot(ACCOUNT)
    (holding,) = snapshot.holdings
    assert (holding.quantity, holding.average_price) == (Decimal(10), Decimal("100.100000"))
    assert snapshot.positions == ()


async def test_a_holding_is_sold_before_todays_purchase() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="10"))
    bench.clock.advance(hours=24)
    bench.quote()
    await bench.place(an_order(quantity="5", tag=2))
    await bench.place(an_order(quantity="12", side=SELL, tag=3))
    snapshot = await bench.broker.get_snapshot(ACCOUNT)
    assert snapshot.holdings == ()
    assert [position.quantity for position in snapshot.positions] == [Decimal(3)]


async def test_old_and_new_delivery_of_one_share_become_one_holding() -> None:
    bench = PaperBench()
    for tag in (1, 2):
        await bench.place(an_order(quantity="10", tag=tag))
        bench.clock.advance(hours=24)
        bench.quote("200.00")
    (holding,) = (await bench.broker.get_snapshot(ACCOUNT)).holdings
    assert (holding.quantity, holding.average_price) == (Decimal(20), Decimal("150.100000"))


async def test_a_client_that_was_down_over_midnight_finds_its_fills_by_tag() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(quantity="10"))
    trades = await bench.broker.get_trades(ACCOUNT)
    bench.clock.advance(hours=24)
    snapshot = await bench.broker.get_snapshot(ACCOUNT)
    assert await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(1)) == (order,)
    assert await bench.broker.get_orders(ACCOUNT) == snapshot.orders == (order,)
    assert await bench.broker.get_trades(ACCOUNT) == trades
    assert sum(trade.quantity for trade in trades) == order.filled_quantity == 10


async def test_an_order_kept_over_many_midnights_is_held_once() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="10"))
    await bench.place(an_order(quantity="5", product=Product.MIS, tag=2))
    cash = read_state(bench.store.states[ACCOUNT][1]).cash
    for _ in range(3):
        bench.clock.advance(hours=24)
        snapshot = await bench.broker.get_snapshot(ACCOUNT)
        assert [row.quantity for row in snapshot.holdings] == [Decimal(10)]
        assert [row.quantity for row in snapshot.positions] == [Decimal(5)]
    assert read_state(bench.store.states[ACCOUNT][1]).cash == cash


async def test_an_order_and_its_trades_leave_the_book_together_after_a_week() -> None:
    bench = PaperBench()
    await bench.place(an_order())
    bench.clock.advance(days=1)
    bench.quote()
    await bench.place(an_order(tag=2))
    bench.clock.advance(days=6)
    assert len(await bench.broker.get_orders(ACCOUNT)) == 1
    (order,) = await bench.broker.get_orders(ACCOUNT)
    (trade,) = await bench.broker.get_trades(ACCOUNT)
    assert (order.tag, trade.broker_order_id) == (a_tag(2), order.broker_order_id)


async def test_a_partly_filled_order_expires_with_its_fills_still_shown() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(quantity="250"))
    bench.clock.advance(days=1)
    ended = await bench.order(order.broker_order_id)
    assert (ended.filled_quantity, ended.cancelled_quantity) == (Decimal(200), Decimal(50))
    assert sum(quantity for _, quantity in await bench.fills()) == 200
    with pytest.raises(OrderRejected, match="already CANCELLED"):
        await bench.broker.cancel_order(ACCOUNT, order.broker_order_id)


async def test_a_day_starts_at_the_worth_last_known_the_day_before() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="100"))
    bench.clock.advance(hours=1)
    bench.quote("101.00")
    evening = (await bench.margins()).equity
    bench.clock.advance(hours=25)
    bench.quote("90.00")
    noon = await bench.margins()
    assert noon.start_of_day_equity == evening == Decimal("1000078.11")
    assert noon.equity == Decimal("998978.11")


async def test_a_day_that_begins_without_a_price_still_starts_at_the_last_worth() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="100"))
    bench.market.go_down()
    bench.clock.advance(hours=24)
    assert (await bench.broker.get_snapshot(ACCOUNT)).margins is None
    bench.market.come_up()
    bench.quote("90.00")
    assert (await bench.margins()).start_of_day_equity == Decimal("999978.11")


async def test_a_day_without_any_known_worth_starts_at_the_first_look_that_has_one() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="100"))
    version, text = bench.store.states[ACCOUNT]
    of_old = read_state(text).model_copy(update={"last_equity": None, "last_equity_at": None})
    bench.store.states[ACCOUNT] = (version, state_text(of_old))
    bench.market.go_down()
    bench.clock.advance(hours=24)
    assert (await bench.broker.get_snapshot(ACCOUNT)).margins is None
    bench.market.come_up()
    bench.quote("95.00")
    assert (await bench.margins()).start_of_day_equity == Decimal("999478.11")
    bench.quote("90.00")
    assert (await bench.margins()).start_of_day_equity == Decimal("999478.11")


async def test_a_moving_price_does_not_make_every_look_write_the_book() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="100"))
    saves = bench.store.saves
    for centre in ("101.00", "102.00", "103.00"):
        bench.quote(centre)
        await bench.margins()
    assert bench.store.saves == saves
    bench.clock.advance(minutes=1)
    await bench.margins()
    assert bench.store.saves == saves + 1


async def test_an_open_order_expires_and_its_end_can_be_seen_for_a_week() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(limit="90.00"))
    bench.clock.advance(hours=24)
    bench.quote("80.00")
    expired = await bench.order(order.broker_order_id)
    assert (expired.status, expired.filled_quantity) == (BrokerOrderStatus.CANCELLED, Decimal(0))
    assert expired.reason == "expired at the end of the day"
    bench.clock.advance(days=7)
    assert await bench.broker.get_orders(ACCOUNT) == (expired,)
    bench.clock.advance(days=1)
    assert await bench.broker.get_orders(ACCOUNT) == ()


async def test_intraday_left_open_stays_a_position() -> None:
    bench = PaperBench()
    await bench.place(an_order(product=Product.MIS))
    bench.clock.advance(hours=24)
    (position,) = (await bench.broker.get_snapshot(ACCOUNT)).positions
    assert (position.quantity, position.day_quantity) == (Decimal(10), Decimal(0))


async def test_the_clock_going_back_rolls_nothing() -> None:
    bench = PaperBench()
    await bench.place(an_order())
    bench.clock.advance(hours=-48)
    assert len(await bench.broker.get_orders(ACCOUNT)) == 1


# The store


async def test_the_book_survives_a_restart() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="250"))
    before = await bench.broker.get_orders(ACCOUNT)
    assert await bench.another_broker().get_orders(ACCOUNT) == before


async def test_the_books_text_reads_back_equal() -> None:
    bench = PaperBench()
    await bench.place(an_order(quantity="250"))
    await bench.place(an_order(side=SELL, product=Product.MIS, tag=2))
    _, text = bench.store.states[ACCOUNT]
    assert state_text(read_state(text)) == text


async def test_a_read_that_changes_nothing_saves_nothing() -> None:
    bench = PaperBench()
    await bench.broker.get_orders(ACCOUNT)
    saves = bench.store.saves
    await bench.broker.get_snapshot(ACCOUNT)
    assert bench.store.saves == saves


async def test_a_lost_race_is_made_again_on_the_fresh_book() -> None:
    bench = PaperBench()
    await bench.broker.get_orders(ACCOUNT)
    bench.store.lose_next_saves(3)
    await bench.broker.place_order(an_order())
    assert await bench.fills() == [("100.10", 10)]


async def test_races_lost_for_ever_leave_nothing_and_say_so() -> None:
    bench = PaperBench()
    await bench.broker.get_orders(ACCOUNT)
    bench.store.lose_next_saves(8)
    with pytest.raises(BrokerUnavailable):
        await bench.broker.place_order(an_order())
    assert await bench.broker.get_orders(ACCOUNT) == ()


@pytest.mark.parametrize(("kept", "orders"), [(True, 1), (False, 0)])
async def test_a_save_without_an_answer_is_an_unknown_outcome_that_the_tag_settles(
    kept: bool, orders: int
) -> None:
    bench = PaperBench()
    bench.store.fail_next_save(keeping=kept)
    with pytest.raises(OutcomeUnknown):
        await bench.broker.place_order(an_order())
    assert len(await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(1))) == orders


async def test_a_cancel_without_an_answer_is_an_unknown_outcome() -> None:
    bench = PaperBench()
    order = await bench.place(an_order(limit="90.00"))
    bench.store.fail_next_save(keeping=True)
    with pytest.raises(OutcomeUnknown):
        await bench.broker.cancel_order(ACCOUNT, order.broker_order_id)


async def test_a_store_that_cannot_be_read_sends_nothing() -> None:
    bench = PaperBench()
    bench.store.fail_loads()
    with pytest.raises(BrokerUnavailable):
        await bench.broker.place_order(an_order())
    with pytest.raises(BrokerUnavailable):
        await bench.broker.get_snapshot(ACCOUNT)


async def test_a_read_whose_fills_cannot_be_kept_is_not_answered() -> None:
    bench = PaperBench()
    bench.store.fail_next_save(keeping=False)
    with pytest.raises(BrokerUnavailable):
        await bench.broker.get_orders(ACCOUNT)


async def test_a_text_that_is_no_book_is_not_traded_on() -> None:
    bench = PaperBench()
    bench.store.states[ACCOUNT] = (1, '{"cash": 1}')
    with pytest.raises(BrokerUnavailable, match="not a paper book"):
        await bench.broker.place_order(an_order())


async def test_fifty_orders_at_once_from_two_processes_are_fifty_orders() -> None:
    bench = PaperBench(PaperSettings(save_attempts=100))
    brokers = (bench.broker, bench.another_broker())
    await asyncio.gather(
        *(brokers[n % 2].place_order(an_order(quantity="3", tag=n)) for n in range(50))
    )
    orders = await bench.broker.get_orders(ACCOUNT)
    assert len({order.broker_order_id for order in orders}) == 50
    assert sum(size for _, size in await bench.fills()) == 150
