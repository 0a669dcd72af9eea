"""The one suite over HTTP: the mock broker behind a real listener on loopback."""

import time
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import ClassVar

import httpx

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.http_client import MockHttpBroker, mock_http_client
from adapters.brokers.mock.journal import Journal
from adapters.brokers.mock.listening import listener, serving
from adapters.brokers.mock.script import (
    AcceptAndGarbleReply,
    AcceptAndLoseReply,
    LoseBeforeAccept,
    Partial,
    Reject,
)
from adapters.brokers.mock.server import create_mock_app
from tests.conformance.bench import Bench
from tests.conformance.broker_suite import BrokerSuite
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import MemoryInstruments
from tests.fakes.market import ScriptedMarket
from tests.fakes.sleep import no_sleep

NOWHERE = "http://127.0.0.1:1"


class WireFaults:
    """Troubles that the mock broker's process makes on the wire; implements BrokerFaults."""

    def __init__(self, engine: MockBroker, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal

    @property
    def place_calls(self) -> int:
        return sum(entry.call == "place" for entry in self._journal.entries)

    def lose_next_reply(self) -> None:
        self._engine.script(AcceptAndLoseReply())

    def lose_next_order(self) -> None:
        self._engine.script(LoseBeforeAccept())

    def lose_next_cancel_reply(self) -> None:
        self._engine.lose_next_cancel_reply()

    def garble_next_reply(self) -> None:
        self._engine.script(AcceptAndGarbleReply())

    def refuse_next(self, reason: str) -> None:
        self._engine.script(Reject(reason))

    def go_down(self) -> None:
        self._engine.go_down()

    def come_up(self) -> None:
        self._engine.come_up()


class WireBench(Bench):
    """A mock broker served on a port of its own while the bench is open."""

    def __init__(self) -> None:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        self.engine = MockBroker(
            market=market, clock=clock, ids=CountingIds(), instruments=MemoryInstruments()
        )
        self.journal = Journal(monotonic_ns=time.monotonic_ns)
        self._http = mock_http_client(NOWHERE)
        self._opened = AsyncExitStack()
        super().__init__(
            MockHttpBroker(http=self._http, clock=clock, desk="main"),
            market,
            clock,
            faults=WireFaults(self.engine, self.journal),
        )

    async def open(self) -> None:
        app = create_mock_app(self.engine, self.journal, sleep=no_sleep)
        url = await self._opened.enter_async_context(serving(app, listener(0)))
        self._http.base_url = httpx.URL(url)
        await self._opened.enter_async_context(self._http)

    async def close(self) -> None:
        await self._opened.aclose()

    def fill_next_partly(self, quantity: int, *, of: int) -> None:
        self.engine.script(Partial(Decimal(quantity) / of))


class TestMockBrokerOverHttp(BrokerSuite):
    title: ClassVar[str] = "mock over HTTP"

    def make_bench(self) -> Bench:
        return WireBench()
