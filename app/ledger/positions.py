"""How one fill moves one position: pure arithmetic."""

from decimal import Decimal

from riskgate.contracts.orders import BrokerTrade
from riskgate.contracts.snapshots import Position

AVERAGE_PLACES = Decimal("0.000001")


def apply_fill(position: Position, trade: BrokerTrade) -> Position:
    """Return the position after a fill of the same instrument and product.

    Adding to a side averages the price; reducing keeps it; crossing zero starts at the fill's.
    """
    before = position.quantity
    after = before + trade.side.sign * trade.quantity
    return position.model_copy(
        update={"quantity": after, "average_price": _average(position, trade, after)}
    )


def _average(position: Position, trade: BrokerTrade, after: Decimal) -> Decimal:
    before = position.quantity
    if after == 0:
        return Decimal(0)
    if before == 0 or before * after < 0:
        return trade.price
    if abs(after) < abs(before):
        return position.average_price
    cost = abs(before) * position.average_price + trade.quantity * trade.price
    return (cost / abs(after)).quantize(AVERAGE_PLACES).normalize() + Decimal(0)
