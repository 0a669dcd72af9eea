"""The suite against Kite's recorded behaviour: over HTTP as in life, and in this process.

Over HTTP our own session is in between, with logins that people made; in this process there is
only the adapter and the tools.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from adapters.brokers.kite_mcp.client import KiteBroker
from adapters.ports import BrokerCapabilities
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerTrade,
    OrderIntent,
    OrderType,
    Side,
)
from riskgate.contracts.snapshots import BrokerSnapshot
from tests.conformance.bench import Bench
from tests.conformance.broker_suite import BrokerSuite
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import MemoryInstruments
from tests.fakes.kite_session import KiteDesk
from tests.fakes.kite_standin import KiteStandin
from tests.fakes.kite_upstream import KiteUpstream
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT

BUY_AT, SELL_AT = Decimal("1488.10"), Decimal("1487.90")
ROOM = Decimal(5)


class TwoLogins:
    """A Kite broker an account, as one login is one account; implements BrokerAdapter.

    Kite takes no market order through this server, so the cases that only want a fill get a
    limit at the touch, and a stop with a limit 5 rupees beyond its trigger.
    """

    def __init__(self, brokers: dict[str, KiteBroker]) -> None:
        self._brokers = brokers

    @property
    def capabilities(self) -> BrokerCapabilities:
        return self._brokers[ACCOUNT].capabilities

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        return await self._brokers[account_id].get_snapshot(account_id)

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        return await self._brokers[intent.account_id].place_order(priced(intent))

    async def send_plainly(self, intent: OrderIntent) -> BrokerOrderAck:
        """Send what the suite asked for without the limit that stands in."""
        return await self._brokers[intent.account_id].place_order(intent)

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        await self._brokers[account_id].cancel_order(account_id, broker_order_id)

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        return await self._brokers[account_id].get_orders(account_id)

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        return await self._brokers[account_id].get_trades(account_id)

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        return await self._brokers[account_id].find_orders_by_tag(account_id, tag)


def priced(intent: OrderIntent) -> OrderIntent:
    """Return the order with the limit that stands in for a market order's or a stop's."""
    if intent.order_type is OrderType.MARKET:
        touch = BUY_AT if intent.side is Side.BUY else SELL_AT
        return intent.model_copy(update={"order_type": OrderType.LIMIT, "limit_price": touch})
    if intent.order_type is OrderType.SL_M and intent.trigger_price is not None:
        limit = intent.trigger_price + intent.side.sign * ROOM
        return intent.model_copy(update={"order_type": OrderType.SL, "limit_price": limit})
    return intent


class KiteBench(Bench):
    """Places the priced order, so that the suite does not skip what Kite has no type for."""

    def __init__(
        self,
        first: TwoLogins,
        second: TwoLogins,
        market: ScriptedMarket,
        clock: FakeClock,
        logins: dict[str, KiteUpstream],
    ) -> None:
        super().__init__(first, market, clock, elsewhere=second, faults=logins[ACCOUNT])
        self._logins = logins
        self._plain = first

    def next_day(self) -> None:
        for login in self._logins.values():
            login.oms.begin_a_day()
        super().next_day()

    async def send_plainly(self, intent: OrderIntent) -> BrokerOrderAck:
        return await self._plain.send_plainly(intent)

    async def place(self, intent: OrderIntent) -> BrokerOrder:
        return await super().place(priced(intent))


USERS = {ACCOUNT: "AB1234", "acct-2": "CD5678"}


class KiteHttpBench(Bench):
    """Two people logged in to one server through sessions of ours, each in two processes."""

    def __init__(self) -> None:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        self._kite = KiteStandin(market=market, clock=clock)
        self._desks = {name: KiteDesk(self._kite, clock, name) for name in USERS}
        self._plain = TwoLogins({})
        super().__init__(self._in_a_process(), market, clock, faults=self._kite)

    async def open(self) -> None:
        await self._kite.start()
        # The address is known only now.
        self._desks = {name: KiteDesk(self._kite, self.clock, name) for name in USERS}
        for name, desk in self._desks.items():
            await desk.log_in(USERS[name])
        self.broker = self._plain = self._in_a_process()
        self.elsewhere = self._in_a_process()

    async def close(self) -> None:
        for desk in self._desks.values():
            await desk.close()
        await self._kite.stop()

    def next_day(self) -> None:
        super().next_day()
        for name, desk in self._desks.items():
            self._kite.account(USERS[name]).oms.begin_a_day()
            desk.be_logged_in(USERS[name])

    async def send_plainly(self, intent: OrderIntent) -> BrokerOrderAck:
        return await self._plain.send_plainly(intent)

    async def place(self, intent: OrderIntent) -> BrokerOrder:
        return await super().place(priced(intent))

    def _in_a_process(self) -> TwoLogins:
        return TwoLogins(
            {name: desk.broker(desk.another_process()) for name, desk in self._desks.items()}
        )


class TestKiteOverHttp(BrokerSuite):
    title: ClassVar[str] = "kite (stand-in over HTTP)"
    cannot: ClassVar[dict[str, str]] = {
        "BC-01": "has no MARKET; the other cases send a LIMIT at the touch, and SL for SL-M",
    }

    def make_bench(self) -> Bench:
        return KiteHttpBench()


class TestKiteRecordedBehaviour(BrokerSuite):
    title: ClassVar[str] = "kite (recorded)"
    cannot: ClassVar[dict[str, str]] = {
        "BC-01": "has no MARKET; the other cases send a LIMIT at the touch, and SL for SL-M",
    }

    def make_bench(self) -> Bench:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        ids = CountingIds()
        logins = {name: KiteUpstream(market=market, clock=clock) for name in (ACCOUNT, "acct-2")}
        first, second = (
            TwoLogins(
                {
                    name: KiteBroker(
                        account_id=name,
                        tools=tools,
                        clock=clock,
                        ids=ids,
                        instruments=MemoryInstruments(),
                    )
                    for name, tools in logins.items()
                }
            )
            for _ in range(2)
        )
        return KiteBench(first, second, market, clock, logins)
