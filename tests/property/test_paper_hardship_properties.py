"""What no run may win from the paper broker, however slow, crowded or paired its orders are."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.paper.state import state_text
from adapters.errors import OrderRejected
from riskgate.contracts.orders import BrokerOrderStatus, OrderIntent, Product, Side
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, MemoryInstruments
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT, an_order
from tests.fakes.paper_store import MemoryPaperStore
from tests.property.paper_runs import (
    OPENING,
    Display,
    Run,
    Step,
    hardships,
    orders,
    steps,
)


@given(steps, hardships)
def test_all_our_orders_together_get_at_most_their_part_of_a_display(
    script: list[Step], rules: PaperSettings
) -> None:
    filled: defaultdict[tuple[object, Side, Decimal], Decimal] = defaultdict(Decimal)
    shown: dict[tuple[object, Side, Decimal], Decimal] = {}
    for row in Run(rules).play(script).traded:
        side = row.trade.side
        for level in row.quote.asks if side is Side.BUY else row.quote.bids:
            shown[row.quote.market_time, side, level.price] = level.quantity
        filled[row.quote.market_time, side, row.trade.price] += row.trade.quantity
    assert all(quantity <= rules.participation * shown[key] for key, quantity in filled.items())


@given(steps, hardships)
def test_no_hardship_makes_a_fill_better_than_the_touch_or_worse_than_its_limit(
    script: list[Step], rules: PaperSettings
) -> None:
    run = Run(rules).play(script)
    limits = {r.order.broker_order_id: r.order.limit_price for r in run.state.orders}
    for row in run.traded:
        trade, sign = row.trade, row.trade.side.sign
        touch = row.quote.ask if trade.side is Side.BUY else row.quote.bid
        limit = limits[trade.broker_order_id]
        assert touch is not None
        assert trade.price * sign >= touch * sign
        assert limit is None or trade.price * sign <= limit * sign


@given(steps, hardships)
def test_nothing_fills_before_it_reached_the_book_or_on_data_to_come(
    script: list[Step], rules: PaperSettings
) -> None:
    run = Run(rules).play(script)
    reaches = {r.order.broker_order_id: r.reaches_at for r in run.state.orders}
    placed = {r.order.broker_order_id: r.order.placed_at for r in run.state.orders}
    shortest, longest = (timedelta(milliseconds=each) for each in rules.latency_ms)
    for row in run.traded:
        order_id = row.trade.broker_order_id
        reached = reaches[order_id] or placed[order_id]
        assert placed[order_id] + shortest <= reached <= placed[order_id] + longest
        assert row.trade.traded_at == row.at >= reached
        assert row.quote.as_of <= row.at
        assert row.quote.market_time <= row.at


@given(steps, hardships)
def test_one_seed_and_one_run_give_one_book_to_the_byte(
    script: list[Step], rules: PaperSettings
) -> None:
    first, second = (state_text(Run(rules).play(script).state) for _ in range(2))
    assert first == second


@given(steps, hardships)
def test_cash_is_opening_cash_and_realised_less_cost_less_charges(
    script: list[Step], rules: PaperSettings
) -> None:
    state = Run(rules).play(script).state
    rows = (*state.holdings, *state.positions)
    delivered = sum(row.cost for row in rows if row.product is Product.CNC)
    bills = [row.charges.total for row in state.orders]
    assert state.cash - OPENING == state.realised - delivered - state.charges
    assert state.charges == state.charges_today == sum(bills)
    assert all(
        (bill > 0) == (row.order.filled_quantity > 0)
        for row, bill in zip(state.orders, bills, strict=True)
        if row.order.filled_quantity == 0 or row.order.filled_quantity >= 10
    )
    assert all(row.charges.brokerage <= 20 for row in state.orders)
    assert sum(row.charges.dp > 0 for row in state.orders) <= 1


@given(steps, hardships)
def test_filled_open_and_cancelled_are_what_was_ordered_whatever_the_hardship(
    script: list[Step], rules: PaperSettings
) -> None:
    state = Run(rules).play(script).state
    for row in state.orders:
        order = row.order
        traded = [t.quantity for t in state.trades if t.broker_order_id == order.broker_order_id]
        assert sum(traded) == order.filled_quantity
        assert (
            order.filled_quantity + order.open_quantity + order.cancelled_quantity == order.quantity
        )
        finished = order.status in {BrokerOrderStatus.COMPLETE, BrokerOrderStatus.CANCELLED}
        assert finished == (order.open_quantity == 0)


@given(steps, hardships)
def test_a_pair_never_fills_more_than_its_quantity(
    script: list[Step], rules: PaperSettings
) -> None:
    state = Run(rules).play(script).state
    rows = {row.order.broker_order_id: row for row in state.orders}
    for row in rows.values():
        if row.paired_with is None:
            continue
        order, other = row.order, rows[row.paired_with].order
        assert rows[row.paired_with].paired_with == order.broker_order_id
        assert order.filled_quantity + other.filled_quantity <= order.quantity
        assert order.filled_quantity + other.open_quantity <= order.quantity
    assert state.held(INFY, Product.CNC) >= 0


@given(
    st.integers(0, 200), st.integers(1, 150), st.lists(st.integers(1, 80), min_size=1, max_size=8)
)
def test_an_order_gets_what_is_offered_at_its_price_less_all_that_stood_in_front(
    in_front: int, quantity: int, offered: list[int]
) -> None:
    price, above, below = Decimal("99.90"), Decimal("100.10"), Decimal("99.80")
    script: list[Step] = [
        Display([(price, in_front), (below, 10)], [(above, 10)], above),
        an_order(limit=str(price), quantity=str(quantity)),
        *(Display([(below, 10)], [(price, size)], price) for size in offered),
    ]
    (row,) = Run().play(script).state.orders
    assert row.order.filled_quantity == min(quantity, max(0, sum(offered) - in_front))


# Through the client, which chooses the quotes


@dataclass(frozen=True)
class Shown:
    """A deep book given as of some seconds from now, past or to come."""

    price: int
    seconds: int


@dataclass(frozen=True)
class Wait:
    seconds: int


Event = Shown | Wait | OrderIntent

events: st.SearchStrategy[list[Event]] = st.lists(
    st.builds(Shown, st.integers(95, 105), st.integers(-15, 15))
    | st.builds(Wait, st.integers(0, 12))
    | orders(),
    min_size=1,
    max_size=20,
)


@given(events, hardships)
async def test_only_a_quote_that_is_neither_old_nor_to_come_is_ever_traded_on(
    script: list[Event], rules: PaperSettings
) -> None:
    clock = FakeClock()
    market = ScriptedMarket(clock)
    broker = PaperBroker(
        market=market,
        store=MemoryPaperStore(),
        clock=clock,
        ids=CountingIds(),
        instruments=MemoryInstruments(),
        settings=rules,
    )
    seen = 0
    for event in script:
        match event:
            case Shown():
                _show(market, clock, event)
            case Wait():
                clock.advance(seconds=event.seconds)
            case OrderIntent():
                with suppress(OrderRejected):
                    await broker.place_order(event)
        trades = await broker.get_trades(ACCOUNT)
        if len(trades) > seen:
            (quote,) = await market.get_quotes((INFY,))
            age = clock.now() - quote.as_of
            assert timedelta(0) <= age <= timedelta(seconds=rules.quote_max_age_s)
            assert quote.market_time <= clock.now()
        seen = len(trades)


def _show(market: ScriptedMarket, clock: FakeClock, event: Shown) -> None:
    market.show(
        INFY,
        bids=[(f"{event.price - 1}", 50)],
        asks=[(f"{event.price}", 50)],
        last=f"{event.price}",
        as_of=clock.now() + timedelta(seconds=event.seconds),
    )
