"""The suite against Tradier's adapter, with a local stand-in behind it."""

from typing import ClassVar

from pydantic import SecretStr

from adapters.brokers.tradier.auth import SANDBOX_URL, TradierAccess
from adapters.brokers.tradier.client import TradierBroker
from tests.conformance.bench import Bench
from tests.conformance.broker_suite import BrokerSuite
from tests.conformance.us_listing import US_INSTRUMENTS, UsListing
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.market import ScriptedMarket
from tests.fakes.paper_store import MemoryPaperStore
from tests.fakes.tradier_server import TradierServer

TOKEN = "sandbox-token"


class TradierBench(Bench):
    """The stand-in gets its port when it starts, and the brokers are made for it then."""

    def __init__(self) -> None:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        self._server = TradierServer(market, clock, TOKEN)
        self._ids, self._store = CountingIds(), MemoryPaperStore()
        self._made: list[TradierBroker] = []
        super().__init__(self._broker(clock, SANDBOX_URL), market, clock, faults=self._server)

    async def open(self) -> None:
        await self._server.start()
        self.broker = self._broker(self.clock, self._server.url)
        self.elsewhere = self._broker(self.clock, self._server.url)

    async def close(self) -> None:
        for broker in self._made:
            await broker.close()
        await self._server.stop()

    def fill_next_partly(self, quantity: int, *, of: int) -> None:
        self._server.desk.fill_next_only(quantity)

    def _broker(self, clock: FakeClock, url: str) -> UsListing:
        broker = TradierBroker(
            access=TradierAccess(
                url=url,
                token=SecretStr(TOKEN),
                accounts={"acct-1": "VA00000001", "acct-2": "VA00000002"},
            ),
            clock=clock,
            ids=self._ids,
            instruments=US_INSTRUMENTS,
            store=self._store,
        )
        self._made.append(broker)
        return UsListing(broker)


class TestTradier(BrokerSuite):
    cannot: ClassVar[dict[str, str]] = {"BC-16": "has no IOC orders; they are refused"}

    def make_bench(self) -> Bench:
        return TradierBench()
