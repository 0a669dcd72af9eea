"""What no run of orders and quotes may make the paper broker do."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.day import roll_day
from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.paper.state import PaperPosition
from adapters.errors import OrderRejected
from adapters.market_data.simulated import SimulatedMarket
from riskgate.contracts.orders import BrokerTrade, OrderIntent, Product, Side
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, TCS, MemoryInstruments
from tests.fakes.orders import ACCOUNT
from tests.fakes.paper_store import MemoryPaperStore
from tests.property.paper_runs import OPENING, Run, Step, orders, steps


@given(steps)
def test_no_run_fills_more_than_each_display_showed(script: list[Step]) -> None:
    filled: defaultdict[tuple[object, Side, Decimal], Decimal] = defaultdict(Decimal)
    shown: dict[tuple[object, Side, Decimal], Decimal] = {}
    for row in Run().play(script).traded:
        side = row.trade.side
        for level in row.quote.asks if side is Side.BUY else row.quote.bids:
            shown[row.quote.market_time, side, level.price] = level.quantity
        filled[row.quote.market_time, side, row.trade.price] += row.trade.quantity
    assert all(quantity <= shown[key] for key, quantity in filled.items())


@given(steps)
def test_no_fill_is_better_than_the_touch_or_worse_than_its_limit(script: list[Step]) -> None:
    run = Run().play(script)
    limits = {r.order.broker_order_id: r.order.limit_price for r in run.state.orders}
    for row in run.traded:
        trade, sign = row.trade, row.trade.side.sign
        touch = row.quote.ask if trade.side is Side.BUY else row.quote.bid
        assert touch is not None
        assert trade.price * sign >= touch * sign
        limit = limits[trade.broker_order_id]
        assert limit is None or trade.price * sign <= limit * sign


@given(steps)
def test_every_share_ordered_is_filled_open_or_cancelled(script: list[Step]) -> None:
    state = Run().play(script).state
    for row in state.orders:
        order = row.order
        parts = order.filled_quantity + order.open_quantity + order.cancelled_quantity
        traded = [t.quantity for t in state.trades if t.broker_order_id == order.broker_order_id]
        assert parts == order.quantity
        assert sum(traded) == order.filled_quantity


@given(steps)
def test_shares_held_are_the_shares_traded_and_delivery_is_never_short(
    script: list[Step],
) -> None:
    state = Run().play(script).state
    for product in (Product.CNC, Product.MIS):
        traded = sum(t.side.sign * t.quantity for t in state.trades if t.product is product)
        assert state.held(INFY, product) == traded
    assert state.held(INFY, Product.CNC) >= 0


@given(steps)
def test_cash_and_cost_conserve_every_rupee_traded(script: list[Step]) -> None:
    state = Run().play(script).state
    rows: tuple[PaperPosition, ...] = (*state.holdings, *state.positions)
    spent = sum(t.side.sign * t.quantity * t.price for t in state.trades)
    cost = sum(row.cost for row in rows)
    delivered = sum(row.cost for row in rows if row.product is Product.CNC)
    assert -spent == state.realised - cost
    assert state.cash - OPENING == state.realised - delivered - state.charges
    assert state.charges == sum(row.charges.total for row in state.orders)


@given(steps, st.integers(1, 7))
def test_a_midnight_changes_no_trade_no_share_and_no_rupee(script: list[Step], days: int) -> None:
    before = Run().play(script).state
    after = roll_day(before, MORNING + timedelta(days=days), {})
    shown = {row.order.broker_order_id: row.order.filled_quantity for row in before.orders}
    assert after.trades == before.trades
    assert {r.order.broker_order_id: r.order.filled_quantity for r in after.orders} == shown
    assert (after.cash, after.realised) == (before.cash, before.realised)
    for product in (Product.CNC, Product.MIS):
        assert after.held(INFY, product) == before.held(INFY, product)
    assert not after.open_orders
    assert len({row.instrument for row in after.holdings}) == len(after.holdings)


@given(st.integers(0, 2**32), st.lists(orders(), min_size=1, max_size=6))
@settings(max_examples=30)
async def test_the_same_seed_gives_the_same_fills(seed: int, intents: list[OrderIntent]) -> None:
    assert await simulated_fills(seed, intents) == await simulated_fills(seed, intents)


async def simulated_fills(seed: int, intents: list[OrderIntent]) -> list[BrokerTrade]:
    clock, instruments = FakeClock(), MemoryInstruments()
    broker = PaperBroker(
        market=SimulatedMarket(seed=seed, clock=clock, instruments=instruments),
        store=MemoryPaperStore(),
        clock=clock,
        ids=CountingIds(),
        instruments=instruments,
        settings=PaperSettings(),
    )
    for intent in intents:
        clock.advance(seconds=1)
        try:
            await broker.place_order(intent.model_copy(update={"instrument": TCS}))
        except OrderRejected:
            continue
    return list(await broker.get_trades(ACCOUNT))
