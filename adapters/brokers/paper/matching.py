"""What one order gets from one displayed book. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from riskgate.contracts.instruments import round_down
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, OrderTerms, Side
from riskgate.contracts.snapshots import DepthLevel


class Fill(NamedTuple):
    """A quantity at a price."""

    price: Decimal
    quantity: Decimal


def is_triggered(order: BrokerOrder, last: Decimal) -> bool:
    """Say whether a stop order's trigger is reached; orders without one always are."""
    if order.status is not BrokerOrderStatus.TRIGGER_PENDING or order.trigger_price is None:
        return True
    return last >= order.trigger_price if order.side is Side.BUY else last <= order.trigger_price


def match_levels(
    terms: OrderTerms, open_quantity: Decimal, levels: Sequence[DepthLevel], lot_size: int = 1
) -> tuple[Fill, ...]:
    """Return the fills a triggered order gets, level by level from the touch outwards.

    Never more than a level displays, never outside the limit price, never better than the touch,
    always whole lots. What is left over stays open.
    """
    fills: list[Fill] = []
    for level in levels:
        if open_quantity <= 0 or not _within_limit(terms, level.price):
            break
        quantity = min(open_quantity, round_down(level.quantity, Decimal(lot_size)))
        if quantity > 0:
            fills.append(Fill(level.price, quantity))
            open_quantity -= quantity
    return tuple(fills)


def _within_limit(terms: OrderTerms, price: Decimal) -> bool:
    if terms.limit_price is None:
        return True
    return price <= terms.limit_price if terms.side is Side.BUY else price >= terms.limit_price
