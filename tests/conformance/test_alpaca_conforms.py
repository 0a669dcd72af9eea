"""The suite against Alpaca's adapter and the official client, with a local stand-in behind it."""

from typing import ClassVar

from pydantic import SecretStr

from adapters.brokers.alpaca.auth import PAPER_URL, AlpacaKeys
from adapters.brokers.alpaca.client import AlpacaBroker
from tests.conformance.bench import Bench
from tests.conformance.broker_suite import BrokerSuite
from tests.conformance.us_listing import US_INSTRUMENTS, UsListing
from tests.fakes.alpaca_server import AlpacaServer
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.market import ScriptedMarket

SECRETS = {"KEY1": "first-secret", "KEY2": "second-secret"}
ACCOUNTS = {
    account_id: AlpacaKeys(key_id=SecretStr(key), secret_key=SecretStr(SECRETS[key]))
    for account_id, key in (("acct-1", "KEY1"), ("acct-2", "KEY2"))
}


class AlpacaBench(Bench):
    """The stand-in gets its port when it starts, and the brokers are made for it then."""

    def __init__(self) -> None:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        self._server = AlpacaServer(market, clock, SECRETS)
        self._ids = CountingIds()
        self._made: list[AlpacaBroker] = []
        super().__init__(self._broker(clock, PAPER_URL), market, clock, faults=self._server)

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
        broker = AlpacaBroker(
            accounts=ACCOUNTS,
            url=url,
            clock=clock,
            ids=self._ids,
            instruments=US_INSTRUMENTS,
        )
        self._made.append(broker)
        return UsListing(broker)


class TestAlpaca(BrokerSuite):
    cannot: ClassVar[dict[str, str]] = {}

    def make_bench(self) -> Bench:
        return AlpacaBench()
