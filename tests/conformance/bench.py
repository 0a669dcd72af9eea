"""A broker under test, the market it sees, and the trouble a test can make for it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from adapters.errors import OrderRejected
from adapters.ports import BrokerAdapter
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import BrokerOrder, BrokerOrderAck, OrderIntent
from riskgate.contracts.snapshots import Quote
from tests.conformance.faults import BrokerFaults
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT


class Bench:
    """A broker under test and the market it sees.

    `elsewhere` is another process's adapter of the same book, where the broker can have one.
    `faults` makes trouble for it, where it can have trouble.
    """

    def __init__(
        self,
        broker: BrokerAdapter,
        market: ScriptedMarket,
        clock: FakeClock,
        *,
        elsewhere: BrokerAdapter | None = None,
        faults: BrokerFaults | None = None,
    ) -> None:
        self.broker = broker
        self.elsewhere = elsewhere or broker
        self.market = market
        self.clock = clock
        self._faults = faults

    @property
    def faults(self) -> BrokerFaults:
        """The broker's faults; a suite without them lists each case that needs them in `cannot`."""
        assert self._faults is not None, "give the bench faults, or a reason in `cannot`"
        return self._faults

    async def open(self) -> None:
        """Start what the broker needs; override it for a broker behind a socket."""

    async def close(self) -> None:
        """Stop what `open` started."""

    def quote(self, bid: str, ask: str, *, last: str | None = None) -> None:
        """Display a new, deep book of INFY a second later."""
        self.clock.advance(seconds=1)
        self.market.show(INFY, bids=[(bid, 5_000)], asks=[(ask, 5_000)], last=last or bid)

    def next_day(self) -> None:
        """Let a day pass; override it where the broker forgets one."""
        self.clock.advance(seconds=86_400)
        self.quote("1487.90", "1488.10")

    async def send_plainly(self, intent: OrderIntent) -> BrokerOrderAck:
        """Send an order as it is; override it where the bench prices what the broker lacks."""
        return await self.broker.place_order(intent)

    def fill_next_partly(self, quantity: int, *, of: int) -> None:
        """Let the next buy of `of` INFY at 1488.10 fill this much and rest.

        Displays no more than that; override it for a broker that does not look at depth.
        """
        self.clock.advance(seconds=1)
        self.market.show(
            INFY, bids=[("1487.90", 5_000)], asks=[("1488.10", quantity)], last="1487.90"
        )

    async def order(self, broker_order_id: str) -> BrokerOrder:
        """Read one order back from the book."""
        orders = await self.broker.get_orders(ACCOUNT)
        return next(o for o in orders if o.broker_order_id == broker_order_id)

    async def place(self, intent: OrderIntent) -> BrokerOrder:
        """Place an order and read it back; skip the test when the broker has no such order."""
        offered = self.broker.capabilities
        if intent.order_type not in offered.order_types or intent.product not in offered.products:
            pytest.skip(f"has no {intent.order_type} {intent.product}")
        ack = await self.broker.place_order(intent)
        return await self.order(ack.broker_order_id)


def while_quotes_are_awaited(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[object]]
) -> None:
    """Let something happen, once, while the next reader of quotes waits a second for them."""
    answer, waiting = bench.market.get_quotes, [happens]

    async def get_quotes(instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        if waiting:
            await waiting.pop()()
            bench.clock.advance(seconds=1)
        return await answer(instruments)

    monkeypatch.setattr(bench.market, "get_quotes", get_quotes)


@contextmanager
def refused() -> Iterator[None]:
    """Expect OrderRejected with a reason a person can read."""
    with pytest.raises(OrderRejected) as caught:
        yield
    assert len(caught.value.message) > 10
