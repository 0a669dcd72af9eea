"""A paper broker with its market, clock and store in a test's hands."""

from decimal import Decimal

from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.settings import CurrencyOf, PaperSettings, indian_rupee
from riskgate.contracts.orders import BrokerOrder, OrderIntent
from riskgate.contracts.snapshots import Margins
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, MemoryInstruments
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT
from tests.fakes.paper_store import MemoryPaperStore


class PaperBench:
    """INFY is displayed with two levels of 100 a side at 99.90/99.80 and 100.10/100.20."""

    def __init__(
        self, settings: PaperSettings | None = None, currency_of: CurrencyOf = indian_rupee
    ) -> None:
        self.clock = FakeClock()
        self.market = ScriptedMarket(self.clock)
        self.store = MemoryPaperStore()
        self.settings = settings or PaperSettings()
        self.currency_of = currency_of
        self.ids = CountingIds()
        self.broker = self.another_broker()
        self.quote()

    def another_broker(self) -> PaperBroker:
        """Make a second process's broker on the same store."""
        return PaperBroker(
            market=self.market,
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            instruments=MemoryInstruments(),
            settings=self.settings,
            currency_of=self.currency_of,
        )

    def quote(self, centre: str = "100.00", *, size: int = 100) -> None:
        """Display a new book around a price, a second later."""
        self.clock.advance(seconds=1)
        middle = Decimal(centre)
        self.market.show(
            INFY,
            bids=[(str(middle - Decimal(d)), size) for d in ("0.10", "0.20")],
            asks=[(str(middle + Decimal(d)), size) for d in ("0.10", "0.20")],
            last=centre,
        )

    async def place(self, intent: OrderIntent) -> BrokerOrder:
        """Place an order and read it back."""
        ack = await self.broker.place_order(intent)
        return await self.order(ack.broker_order_id)

    async def order(self, broker_order_id: str) -> BrokerOrder:
        orders = await self.broker.get_orders(ACCOUNT)
        return next(o for o in orders if o.broker_order_id == broker_order_id)

    async def margins(self) -> Margins:
        margins = (await self.broker.get_snapshot(ACCOUNT)).margins
        assert margins is not None
        return margins

    async def fills(self) -> list[tuple[str, int]]:
        """Return today's fills as (price, quantity)."""
        trades = await self.broker.get_trades(ACCOUNT)
        return [(f"{trade.price:.2f}", int(trade.quantity)) for trade in trades]
