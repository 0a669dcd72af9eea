"""The mock broker's book of one account."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from adapters.ports import IdFactory
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    BrokerTrade,
    OrderTerms,
    Product,
    Side,
)
from riskgate.contracts.snapshots import Position, Quote


@dataclass
class MockBook:
    """Orders and fills as they are, and what still hides them.

    An order hides from the number of reads in `hidden`, and until the time in `hidden_until`.
    `stuck` orders never fill further.
    """

    orders: dict[str, BrokerOrder] = field(default_factory=dict)
    trades: list[BrokerTrade] = field(default_factory=list)
    holdings: list[Position] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    hidden_until: dict[str, datetime] = field(default_factory=dict)
    stuck: set[str] = field(default_factory=set)

    def visible_orders(self, now: datetime) -> tuple[BrokerOrder, ...]:
        """Return the orders a read shows now."""
        return tuple(o for o in self.orders.values() if not self._hides(o.broker_order_id, now))

    def visible_trades(self, now: datetime) -> tuple[BrokerTrade, ...]:
        """Return the fills of the orders a read shows now."""
        return tuple(t for t in self.trades if not self._hides(t.broker_order_id, now))

    def count_read(self) -> None:
        """Bring hidden orders one read nearer to showing; call it after the read."""
        self.hidden = {key: left - 1 for key, left in self.hidden.items() if left > 1}

    def match(self, quotes: Mapping[InstrumentRef, Quote], now: datetime, ids: IdFactory) -> None:
        """Fill whole every open order that the quotes allow to trade."""
        for order in tuple(self.orders.values()):
            quote = quotes.get(order.instrument)
            if order.open_quantity == 0 or quote is None or order.broker_order_id in self.stuck:
                continue
            price = fill_price(order, quote)
            if price is not None:
                self.fill(order, order.open_quantity, price, now, ids)

    def fill(
        self, order: BrokerOrder, quantity: Decimal, price: Decimal, now: datetime, ids: IdFactory
    ) -> None:
        """Trade a quantity of an order at a price."""
        trade = BrokerTrade(
            trade_id=ids.new("mt"),
            broker_order_id=order.broker_order_id,
            instrument=order.instrument,
            side=order.side,
            product=order.product,
            quantity=quantity,
            price=price,
            traded_at=now,
        )
        self.trades.append(trade)
        filled = order.filled_quantity + quantity
        value = (order.average_price or Decimal(0)) * order.filled_quantity + price * quantity
        done = filled == order.quantity
        self.orders[order.broker_order_id] = order.model_copy(
            update={
                "filled_quantity": filled,
                "average_price": (value / filled).quantize(Decimal("0.000001"), ROUND_HALF_EVEN),
                "status": BrokerOrderStatus.COMPLETE if done else BrokerOrderStatus.OPEN,
                "updated_at": now,
            }
        )

    def cancel_rest(self, order: BrokerOrder, now: datetime, reason: str) -> None:
        """Cancel what is open of an order."""
        self.orders[order.broker_order_id] = order.model_copy(
            update={
                "status": BrokerOrderStatus.CANCELLED,
                "cancelled_quantity": order.open_quantity,
                "reason": reason,
                "updated_at": now,
            }
        )

    def _hides(self, broker_order_id: str, now: datetime) -> bool:
        until = self.hidden_until.get(broker_order_id, now)
        return self.hidden.get(broker_order_id, 0) > 0 or now < until


def fill_price(terms: OrderTerms, quote: Quote) -> Decimal | None:
    """Return the touch when the order may trade there, else None."""
    touch = quote.ask if terms.side is Side.BUY else quote.bid
    if touch is None or not _reached(terms.trigger_price, quote.last, terms.side):
        return None
    limit = terms.limit_price
    if limit is None:
        return touch
    within = touch <= limit if terms.side is Side.BUY else touch >= limit
    return touch if within else None


def net_positions(trades: Iterable[BrokerTrade]) -> tuple[Position, ...]:
    """Return what the fills add up to, one position an instrument and product."""
    quantities: dict[tuple[InstrumentRef, Product], Decimal] = {}
    values: dict[tuple[InstrumentRef, Product], Decimal] = {}
    for trade in trades:
        key = (trade.instrument, trade.product)
        signed = trade.side.sign * trade.quantity
        quantities[key] = quantities.get(key, Decimal(0)) + signed
        values[key] = values.get(key, Decimal(0)) + signed * trade.price
    return tuple(
        Position(
            instrument=instrument,
            product=product,
            quantity=quantity,
            average_price=_average(values[instrument, product], quantity),
            day_quantity=quantity,
        )
        for (instrument, product), quantity in quantities.items()
        if quantity != 0
    )


def _average(value: Decimal, quantity: Decimal) -> Decimal:
    average = max(value / quantity, Decimal(0))
    return average.quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


def _reached(trigger: Decimal | None, last: Decimal, side: Side) -> bool:
    if trigger is None:
        return True
    return last >= trigger if side is Side.BUY else last <= trigger
