"""The one suite, run against every broker that needs no network."""

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.settings import PaperSettings
from tests.conformance.broker_suite import Bench, BrokerSuite
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import MemoryInstruments
from tests.fakes.market import ScriptedMarket
from tests.fakes.paper_store import MemoryPaperStore


class TestPaperBroker(BrokerSuite):
    def make_bench(self) -> Bench:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        store, ids = MemoryPaperStore(), CountingIds()
        first, second = (
            PaperBroker(
                market=market,
                store=store,
                clock=clock,
                ids=ids,
                instruments=MemoryInstruments(),
                settings=PaperSettings(),
            )
            for _ in range(2)
        )
        return Bench(first, market, clock, elsewhere=second)


class TestMockBroker(BrokerSuite):
    def make_bench(self) -> Bench:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        broker = MockBroker(
            market=market, clock=clock, ids=CountingIds(), instruments=MemoryInstruments()
        )
        return Bench(broker, market, clock)
