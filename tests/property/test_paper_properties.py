"""What no run of orders and quotes may make the paper broker do."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.brokers.paper.book import World, accept, advance, cancel
from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.day import ist_day, roll_day
from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.paper.state import PaperPosition, PaperState, open_account
from adapters.errors import OrderRejected
from adapters.market_data.simulated import SimulatedMarket
from riskgate.contracts.instruments import Currency
from riskgate.contracts.orders import BrokerTrade, OrderIntent, Product, Side, Validity
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, TCS, MemoryInstruments
from tests.fakes.orders import ACCOUNT, an_order
from tests.fakes.paper_store import MemoryPaperStore

OPENING = Decimal(200_000)
TICK = Decimal("0.10")

ticks = st.integers(900, 1_100).map(lambda count: count * TICK)
sizes = st.integers(0, 60)


@dataclass(frozen=True)
class Display:
    """A book to show: (price, quantity) best first, and the last price."""

    bids: list[tuple[Decimal, int]]
    asks: list[tuple[Decimal, int]]
    last: Decimal


Step = Display | OrderIntent | int


@st.composite
def displays(draw: st.DrawFn) -> Display:
    bid = draw(ticks)
    ask = bid + draw(st.integers(1, 3)) * TICK
    bids = [(bid - step * TICK, draw(sizes)) for step in range(draw(st.integers(0, 3)))]
    asks = [(ask + step * TICK, draw(sizes)) for step in range(draw(st.integers(0, 3)))]
    return Display(bids, asks, draw(st.sampled_from((bid, ask))))


@st.composite
def orders(draw: st.DrawFn) -> OrderIntent:
    limit = draw(st.none() | ticks)
    trigger = draw(st.none() | ticks)
    return an_order(
        side=draw(st.sampled_from(Side)),
        quantity=str(draw(st.integers(1, 150))),
        product=draw(st.sampled_from((Product.CNC, Product.MIS))),
        limit=None if limit is None else str(limit),
        trigger=None if trigger is None else str(trigger),
        validity=draw(st.sampled_from(Validity)),
    )


# A new display, an order, or the cancel of the n-th order.
steps: st.SearchStrategy[list[Step]] = st.lists(
    displays() | orders() | st.integers(0, 5), min_size=1, max_size=25
)


@dataclass(frozen=True)
class Traded:
    """One fill and the display it was made on."""

    trade: BrokerTrade
    quote: Quote


class Run:
    """A run of steps through the kernel, keeping each fill with the display it met."""

    def __init__(self) -> None:
        self.state = open_account(
            ACCOUNT, currency=Currency.INR, opening_cash=OPENING, day=ist_day(MORNING)
        )
        self.traded: list[Traded] = []
        self._ids = CountingIds()
        self._number = 0
        self._quote = self._display(Display([], [], Decimal(100)))

    def play(self, script: list[Step]) -> "Run":
        for step in script:
            self._number += 1
            match step:
                case OrderIntent():
                    self._order(step)
                case int():
                    self._cancel(step)
                case Display():
                    self._quote = self._display(step)
                    self._keep(advance(self.state, self._world()))
        return self

    def _order(self, intent: OrderIntent) -> None:
        with suppress(OrderRejected):
            self._keep(accept(self.state, intent, self._world())[0])

    def _cancel(self, index: int) -> None:
        if index < len(self.state.orders):
            order_id = self.state.orders[index].order.broker_order_id
            with suppress(OrderRejected):
                self._keep(cancel(self.state, order_id, self._world().now))

    def _keep(self, state: PaperState) -> None:
        fresh = state.trades[len(self.state.trades) :]
        self.traded += [Traded(trade, self._quote) for trade in fresh]
        self.state = state

    def _world(self) -> World:
        return World(
            now=MORNING + timedelta(seconds=self._number),
            quotes={INFY: self._quote},
            instruments=MemoryInstruments(),
            ids=self._ids,
            margin_rate=Decimal("0.20"),
        )

    def _display(self, book: Display) -> Quote:
        moment = MORNING + timedelta(seconds=self._number)
        return Quote(
            instrument=INFY,
            source=QuoteSource.SIMULATED,
            as_of=moment,
            market_time=moment,
            last=book.last,
            bids=tuple(DepthLevel(price=p, quantity=Decimal(q)) for p, q in book.bids),
            asks=tuple(DepthLevel(price=p, quantity=Decimal(q)) for p, q in book.asks),
        )


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
    assert state.cash - OPENING == state.realised - delivered


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
