"""Desks on a market and a broker that the test holds in its hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.brokers.mock.client import MockBroker
from app.clock import RandomIds
from app.instruments.directory import Directory
from app.instruments.master import load_master
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import ExecutionMode
from tests.fakes.brokers import FragileBroker, OneBroker
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY, TCS
from tests.fakes.market import ScriptedMarket
from tests.integration.conftest import Desk, open_desk


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The outside world of a desk; it goes on while desks are closed and opened."""

    clock: FakeClock
    market: ScriptedMarket
    mock: MockBroker
    broker: FragileBroker

    def price(self, last: int, ref: InstrumentRef = INFY) -> None:
        """Show a price with plenty on both sides of it."""
        self.market.show(
            ref, bids=[(str(last), 100_000)], asks=[(str(last), 100_000)], last=str(last)
        )

    @asynccontextmanager
    async def desk(
        self, settings: Settings, location: DatabaseLocation, *, owner_key: str = ""
    ) -> AsyncIterator[Desk]:
        """Open a desk on this world."""
        mocked = settings.model_copy(update={"broker": BrokerName.MOCK})
        async with open_desk(
            mocked,
            location,
            clock=self.clock,
            market=self.market,
            brokers=OneBroker(self.broker),
            owner_key=owner_key,
        ) as running:
            yield running


def a_bench(mode: ExecutionMode = ExecutionMode.PAPER) -> Bench:
    """INFY at 1000 and TCS at 2000, and a broker that takes everything."""
    clock = FakeClock()
    market = ScriptedMarket(clock)
    mock = MockBroker(
        market=market, clock=clock, ids=RandomIds(), instruments=Directory(load_master())
    )
    bench = Bench(clock=clock, market=market, mock=mock, broker=FragileBroker(mock, mode=mode))
    bench.price(1000)
    bench.price(2000, TCS)
    return bench
