"""Runs of orders, pairs, cancels and displays through the paper broker's kernel."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from adapters.brokers.paper.book import accept, accept_pair, advance, cancel
from adapters.brokers.paper.day import ist_day
from adapters.brokers.paper.filling import World
from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.paper.state import PaperState, open_account
from adapters.errors import OrderRejected
from adapters.tariffs import indian_tariff
from riskgate.contracts.instruments import Currency
from riskgate.contracts.orders import BrokerTrade, OrderIntent, Product, Side, Validity
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource
from tests.fakes.clock import MORNING
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, MemoryInstruments
from tests.fakes.orders import ACCOUNT, an_order

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


@dataclass(frozen=True)
class Pair:
    """A stop and a target placed as one."""

    stop: OrderIntent
    target: OrderIntent


Step = Display | OrderIntent | Pair | int


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


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    side = draw(st.sampled_from(Side))
    quantity = str(draw(st.integers(1, 150)))
    product = draw(st.sampled_from((Product.CNC, Product.MIS)))
    limit, trigger = str(draw(ticks)), str(draw(ticks))
    stop = an_order(side=side, quantity=quantity, product=product, trigger=trigger)
    target = an_order(side=side, quantity=quantity, product=product, limit=limit)
    return Pair(stop, target)


# A new display, an order, a pair, or the cancel of the n-th order.
steps: st.SearchStrategy[list[Step]] = st.lists(
    displays() | orders() | pairs() | st.integers(0, 5), min_size=1, max_size=25
)

hardships: st.SearchStrategy[PaperSettings] = st.builds(
    PaperSettings,
    seed=st.integers(0, 2**32),
    latency_ms=st.sampled_from(((0, 0), (1, 900), (500, 3_000))),
    participation=st.sampled_from((Decimal(1), Decimal("0.5"), Decimal("0.07"))),
)
EASY = PaperSettings()


@dataclass(frozen=True)
class Traded:
    """One fill and the display it was made on."""

    trade: BrokerTrade
    quote: Quote
    at: datetime


class Run:
    """A run of steps through the kernel, keeping each fill with the display it met."""

    def __init__(self, settings: PaperSettings = EASY) -> None:
        self.settings = settings
        self.state = open_account(
            ACCOUNT, currency=Currency.INR, opening_cash=OPENING, day=ist_day(MORNING)
        )
        self.traded: list[Traded] = []
        self._ids = CountingIds()
        self._number = 0
        self._quote = self._display(Display([], [], Decimal(100)))

    @property
    def _now(self) -> datetime:
        return MORNING + timedelta(seconds=self._number)

    def play(self, script: list[Step]) -> "Run":
        for step in script:
            self._number += 1
            match step:
                case OrderIntent():
                    self._order(step)
                case Pair():
                    self._pair(step)
                case int():
                    self._cancel(step)
                case Display():
                    self._quote = self._display(step)
                    self._keep(advance(self.state, self._world()))
        return self

    def _order(self, intent: OrderIntent) -> None:
        with suppress(OrderRejected):
            self._keep(accept(self.state, intent, self._world())[0])

    def _pair(self, pair: Pair) -> None:
        with suppress(OrderRejected):
            self._keep(accept_pair(self.state, pair.stop, pair.target, self._world())[0])

    def _cancel(self, index: int) -> None:
        if index < len(self.state.orders):
            order_id = self.state.orders[index].order.broker_order_id
            with suppress(OrderRejected):
                self._keep(cancel(self.state, order_id, self._now))

    def _keep(self, state: PaperState) -> None:
        fresh = state.trades[len(self.state.trades) :]
        self.traded += [Traded(trade, self._quote, self._now) for trade in fresh]
        self.state = state

    def _world(self) -> World:
        return World(
            now=self._now,
            quotes={INFY: self._quote},
            instruments=MemoryInstruments(),
            ids=self._ids,
            settings=self.settings,
            tariff=indian_tariff(),
        )

    def _display(self, book: Display) -> Quote:
        return Quote(
            instrument=INFY,
            source=QuoteSource.SIMULATED,
            as_of=self._now,
            market_time=self._now,
            last=book.last,
            bids=tuple(DepthLevel(price=p, quantity=Decimal(q)) for p, q in book.bids),
            asks=tuple(DepthLevel(price=p, quantity=Decimal(q)) for p, q in book.asks),
        )
