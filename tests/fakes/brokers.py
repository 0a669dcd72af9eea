"""Brokers that outlive a desk, break at chosen moments, or answer with half a book."""

from collections.abc import Awaitable, Callable, Sequence

from adapters.errors import OrderRejected
from adapters.ports import BrokerAdapter, BrokerCapabilities, makes_ready, offers_oco
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
    OrderType,
)
from riskgate.contracts.snapshots import BrokerSnapshot


class Crash(BaseException):
    """The process ends here: nothing of ours catches it."""


class OneBroker:
    """Gives every account the same broker; implements Brokers."""

    def __init__(self, broker: BrokerAdapter) -> None:
        self._broker = broker

    def for_account(self, tenant_id: str, account_id: str) -> BrokerAdapter:
        return self._broker


async def nothing() -> None:
    """What happens around a call unless a test says otherwise."""


Moment = Callable[[], Awaitable[None]]


class FragileBroker:
    """A broker around another, with a moment before and after each order for a test to use."""

    def __init__(self, inner: BrokerAdapter, *, mode: ExecutionMode = ExecutionMode.PAPER) -> None:
        self._inner = inner
        self._mode = mode
        self.before_order: Moment = nothing
        self.after_order: Moment = nothing
        self.before_snapshot: Moment = nothing
        self.after_snapshot: Moment = nothing
        self.change_snapshot: Callable[[BrokerSnapshot], BrokerSnapshot] = lambda whole: whole
        self.change_trades: Callable[[Sequence[BrokerTrade]], Sequence[BrokerTrade]] = tuple
        self.placed: list[str] = []

    def become(self, mode: ExecutionMode) -> None:
        """Say from now on that orders are of another mode."""
        self._mode = mode

    @property
    def capabilities(self) -> BrokerCapabilities:
        return self._inner.capabilities.model_copy(update={"mode": self._mode})

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        await self.before_snapshot()
        snapshot = self.change_snapshot(await self._inner.get_snapshot(account_id))
        await self.after_snapshot()
        return snapshot

    async def make_ready(self, intent: OrderIntent) -> None:
        """Only for a broker inside that is made ready."""
        assert makes_ready(self._inner)
        await self._inner.make_ready(intent)

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        self.placed.append(intent.tag)
        await self.before_order()
        ack = await self._inner.place_order(intent)
        await self.after_order()
        return ack

    async def place_oco(
        self, stop: OrderIntent, target: OrderIntent
    ) -> tuple[BrokerOrderAck, BrokerOrderAck]:
        """Only for a broker inside that takes pairs."""
        assert offers_oco(self._inner)
        self.placed += [stop.tag, target.tag]
        await self.before_order()
        acks = await self._inner.place_oco(stop, target)
        await self.after_order()
        return acks

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        await self._inner.cancel_order(account_id, broker_order_id)

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        return await self._inner.get_orders(account_id)

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        return self.change_trades(await self._inner.get_trades(account_id))

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        return await self._inner.find_orders_by_tag(account_id, tag)


class LimitsOnlyBroker(FragileBroker):
    """A broker that takes limits and stop-limits alone, as Kite's MCP server does.

    What else it is sent it refuses, and keeps in `refused` for a test to find empty.
    """

    def __init__(self, inner: BrokerAdapter, *, mode: ExecutionMode = ExecutionMode.PAPER) -> None:
        super().__init__(inner, mode=mode)
        self.sent: list[OrderIntent] = []
        self.refused: list[OrderIntent] = []
        self.takes: frozenset[str] = frozenset({OrderType.LIMIT, OrderType.SL})

    @property
    def capabilities(self) -> BrokerCapabilities:
        return super().capabilities.model_copy(update={"order_types": self.takes})

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        if intent.order_type not in self.takes:
            self.refused.append(intent)
            raise OrderRejected(f"no {intent.order_type} order is taken here")
        self.sent.append(intent)
        return await super().place_order(intent)
