"""What a comparison knows beside the two books: trades, our orders and fills, what was adopted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from adapters.ports import ReachBack
from app.ledger.sessions import forgotten
from app.persistence.orders import OrderRecord
from riskgate.contracts.orders import BrokerOrder, BrokerTrade
from riskgate.contracts.snapshots import Margins

# Brokers name a trade within its order; two orders may share a trade number.
TradeName: TypeAlias = tuple[str, str]
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def name_of(trade: BrokerTrade) -> TradeName:
    """Return what makes a trade that trade."""
    return trade.broker_order_id, trade.trade_id


@dataclass(frozen=True, kw_only=True)
class Known:
    """The broker's trades and what we stored, as read with the two books.

    `trades` are the broker's, with repeats left out. `orders` are ours: those not over, and those
    that the broker's book or trades name, whatever their state. `fills` are what we booked of
    them or booked lately; `adopted` what a person took over into the ledger, by trade.
    """

    trades: tuple[BrokerTrade, ...] = ()
    orders: tuple[OrderRecord, ...] = ()
    fills: tuple[BrokerTrade, ...] = ()
    adopted: Mapping[TradeName, Decimal] = field(default_factory=dict)
    margins_before: Margins | None = None
    at: datetime = LONG_AGO
    settle: timedelta = timedelta(0)
    reach_back: ReachBack | None = None

    @cached_property
    def booked(self) -> frozenset[TradeName]:
        """The trades that the ledger has, by its own booking or by a person's."""
        return frozenset(map(name_of, self.fills)) | self.adopted.keys()

    @cached_property
    def accounted(self) -> Mapping[str, Decimal]:
        """How much of each broker order the ledger has, by the broker's order id."""
        found: defaultdict[str, Decimal] = defaultdict(Decimal)
        for fill in self.fills:
            if name_of(fill) not in self.adopted:
                found[fill.broker_order_id] += fill.quantity
        for (broker_order_id, _), quantity in self.adopted.items():
            found[broker_order_id] += quantity
        return found

    @cached_property
    def unbooked(self) -> tuple[BrokerTrade, ...]:
        """The broker's trades that the ledger has not, ours and others'."""
        return tuple(trade for trade in self.trades if name_of(trade) not in self.booked)

    def order(self, order_id: str | None) -> OrderRecord | None:
        """Return our order of this id, where the comparison knows it."""
        return next((one for one in self.orders if one.intent.order_id == order_id), None)

    def has_forgotten(self, order_id: str, seen: Iterable[BrokerOrder]) -> bool:
        """Say whether our order is from before what the broker's book covers, and not in it."""
        order = self.order(order_id)
        return order is not None and forgotten(order, seen, self.reach_back, at=self.at)

    def is_settled(self, seen: BrokerOrder) -> bool:
        """Say whether nothing of a broker's order is open and all it filled is in the ledger."""
        return not self.open_or_unbooked(seen)

    def open_or_unbooked(self, seen: BrokerOrder) -> Decimal:
        """Return what a broker's order may still change in the ledger."""
        missing = seen.filled_quantity - self.accounted.get(seen.broker_order_id, Decimal(0))
        return seen.open_quantity + max(missing, Decimal(0))

    def is_recent(self, moment: datetime | None) -> bool:
        """Say whether the broker may not show yet what happened at a moment."""
        return moment is not None and moment + self.settle > self.at


def without_repeats(trades: Iterable[BrokerTrade]) -> tuple[BrokerTrade, ...]:
    """Return each trade once, oldest first: brokers repeat them."""
    once = {name_of(trade): trade for trade in trades}
    return tuple(sorted(once.values(), key=lambda trade: (trade.traded_at, *name_of(trade))))


NOTHING_KNOWN = Known()
