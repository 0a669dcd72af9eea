"""A broker adapter to start from: it refuses everything until you fill it in.

Copy it to adapters/brokers/NAME/client.py and follow add-a-broker.md.
"""

from collections.abc import Sequence
from typing import NoReturn

from adapters.errors import BrokerUnavailable
from adapters.ports import BrokerCapabilities, Clock, IdFactory, InstrumentLookup
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
    OrderType,
    Product,
)
from riskgate.contracts.snapshots import BrokerSnapshot


class TemplateBroker:
    """Implements BrokerAdapter. Say here what the broker does that others do not."""

    def __init__(self, *, clock: Clock, ids: IdFactory, instruments: InstrumentLookup) -> None:
        self._clock = clock
        self._ids = ids
        self._instruments = instruments

    @property
    def capabilities(self) -> BrokerCapabilities:
        # Claim only what the conformance suite shows.
        return BrokerCapabilities(
            name="template",
            mode=ExecutionMode.PAPER,
            products=frozenset({Product.CNC}),
            order_types=frozenset({OrderType.MARKET, OrderType.LIMIT}),
            finds_orders_by_tag=True,
        )

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        """Stamp `as_of` first, then read the whole book."""
        _not_there(account_id)

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        """Refuse what the broker does not take; send once; sort what went wrong."""
        _not_there(intent.account_id)

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        """Ask once; an unknown or ended order is OrderRejected."""
        _not_there(f"{account_id} {broker_order_id}")

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        """Read every page; a status that is not known is an open order."""
        _not_there(account_id)

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        """Read every page; a fill keeps its id for ever."""
        _not_there(account_id)

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        """Say none only when the broker itself says none."""
        _not_there(f"{account_id} {tag}")


def _not_there(what: str) -> NoReturn:
    raise BrokerUnavailable(f"the template broker reaches nothing, was asked for {what}")
