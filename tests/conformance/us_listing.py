"""The suite's instruments as a US broker lists them.

The suite trades INFY of NSE; a US broker has the share of the same name on NYSE. Everything else
about an order and its answer stays.
"""

from collections.abc import Sequence
from typing import TypeVar

from adapters.ports import BrokerAdapter, BrokerCapabilities
from riskgate.contracts.base import Contract
from riskgate.contracts.instruments import Currency, Exchange, InstrumentKind, InstrumentRef
from riskgate.contracts.orders import BrokerOrder, BrokerOrderAck, BrokerTrade, OrderIntent
from riskgate.contracts.snapshots import BrokerSnapshot
from tests.fakes.instruments import MemoryInstruments, an_instrument

Row = TypeVar("Row", bound=Contract)


def in_new_york(symbol: str) -> InstrumentRef:
    """Return the share of a name on NYSE."""
    return InstrumentRef(exchange=Exchange.NYSE, tradingsymbol=symbol)


US_INSTRUMENTS = MemoryInstruments(
    an_instrument(in_new_york("INFY"), currency=Currency.USD),
    an_instrument(
        in_new_york("NIFTY 50"), kind=InstrumentKind.INDEX, currency=Currency.USD, tick_size=None
    ),
)


class UsListing:
    """Gives a US broker the suite's orders, and the suite the broker's answers."""

    def __init__(self, broker: BrokerAdapter) -> None:
        self._broker = broker

    @property
    def capabilities(self) -> BrokerCapabilities:
        return self._broker.capabilities

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        snapshot = await self._broker.get_snapshot(account_id)
        moved = {
            name: tuple(_to(Exchange.NSE, row) for row in getattr(snapshot, name))
            for name in ("holdings", "positions", "orders")
        }
        return snapshot.model_copy(update=moved)

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        return await self._broker.place_order(_to(Exchange.NYSE, intent))

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        await self._broker.cancel_order(account_id, broker_order_id)

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        return [_to(Exchange.NSE, row) for row in await self._broker.get_orders(account_id)]

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        return [_to(Exchange.NSE, row) for row in await self._broker.get_trades(account_id)]

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        found = await self._broker.find_orders_by_tag(account_id, tag)
        return [_to(Exchange.NSE, row) for row in found]


def _to(exchange: Exchange, row: Row) -> Row:
    old: InstrumentRef = getattr(row, "instrument")  # noqa: B009
    new = InstrumentRef(exchange=exchange, tradingsymbol=old.tradingsymbol)
    return row.model_copy(update={"instrument": new})
