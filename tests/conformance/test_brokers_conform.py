"""The one suite, run against every broker that needs no socket."""

from decimal import Decimal
from typing import ClassVar

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.script import AcceptAndLoseReply, LoseBeforeAccept, Partial, Reject
from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.settings import PaperSettings
from adapters.errors import PaperStoreUnavailable
from tests.conformance.bench import Bench
from tests.conformance.broker_suite import BrokerSuite
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import MemoryInstruments
from tests.fakes.market import ScriptedMarket
from tests.fakes.paper_store import MemoryPaperStore

NO_BYTES = "in process: an answer is an object, whole or lost"


class WatchedStore(MemoryPaperStore):
    """A paper store that counts what it is asked to keep, and can be down for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_to_save = 0
        self.down = False

    async def load(self, account_id: str) -> tuple[int, str] | None:
        if self.down:
            raise PaperStoreUnavailable("the store is down")
        return await super().load(account_id)

    async def save(self, account_id: str, *, expected_version: int, state: str) -> bool:
        self.asked_to_save += 1
        return await super().save(account_id, expected_version=expected_version, state=state)


class PaperFaults:
    """Troubles of the paper broker's store; implements BrokerFaults.

    An order is sent when the store is asked to keep it.
    """

    def __init__(self, store: WatchedStore) -> None:
        self._store = store

    @property
    def place_calls(self) -> int:
        return self._store.asked_to_save

    def lose_next_reply(self) -> None:
        self._store.fail_next_save(keeping=True)

    def lose_next_order(self) -> None:
        self._store.fail_next_save(keeping=False)

    def lose_next_cancel_reply(self) -> None:
        self._store.fail_next_save(keeping=True)

    def garble_next_reply(self) -> None:
        raise NotImplementedError(NO_BYTES)

    def refuse_next(self, reason: str) -> None:
        raise NotImplementedError(reason)

    def go_down(self) -> None:
        self._store.down = True

    def come_up(self) -> None:
        self._store.down = False


class TestPaperBroker(BrokerSuite):
    cannot: ClassVar[dict[str, str]] = {
        "BC-26": NO_BYTES,
        "BC-28": "refuses by its own rules only, as in BC-04 to BC-09",
    }

    def make_bench(self) -> Bench:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        store, ids = WatchedStore(), CountingIds()
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
        return Bench(first, market, clock, elsewhere=second, faults=PaperFaults(store))


class MockFaults:
    """The mock broker's script; implements BrokerFaults."""

    def __init__(self, broker: MockBroker) -> None:
        self._broker = broker

    @property
    def place_calls(self) -> int:
        return sum(call.method == "place_order" for call in self._broker.journal)

    def lose_next_reply(self) -> None:
        self._broker.script(AcceptAndLoseReply())

    def lose_next_order(self) -> None:
        self._broker.script(LoseBeforeAccept())

    def lose_next_cancel_reply(self) -> None:
        self._broker.lose_next_cancel_reply()

    def garble_next_reply(self) -> None:
        raise NotImplementedError(NO_BYTES)

    def refuse_next(self, reason: str) -> None:
        self._broker.script(Reject(reason))

    def go_down(self) -> None:
        self._broker.go_down()

    def come_up(self) -> None:
        self._broker.come_up()


class MockBench(Bench):
    """The mock fills whole whatever is displayed, so a part is scripted."""

    def __init__(self, broker: MockBroker, market: ScriptedMarket, clock: FakeClock) -> None:
        super().__init__(broker, market, clock, faults=MockFaults(broker))
        self._mock = broker

    def fill_next_partly(self, quantity: int, *, of: int) -> None:
        self._mock.script(Partial(Decimal(quantity) / of))


class TestMockBroker(BrokerSuite):
    cannot: ClassVar[dict[str, str]] = {"BC-26": NO_BYTES}

    def make_bench(self) -> Bench:
        clock = FakeClock()
        market = ScriptedMarket(clock)
        broker = MockBroker(
            market=market, clock=clock, ids=CountingIds(), instruments=MemoryInstruments()
        )
        return MockBench(broker, market, clock)
