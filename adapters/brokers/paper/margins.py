"""How much of the cash may be spent, and what the account is worth. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from adapters.brokers.paper.pairs import open_quantity
from adapters.brokers.paper.state import PaperOrder, PaperPosition, PaperState
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import Product, Side

Marks = Mapping[InstrumentRef, Decimal]


def blocked(state: PaperState, margin_rate: Decimal) -> Decimal:
    """Return the money that positions and open orders block.

    An open CNC purchase blocks its full value. MIS and NRML block the margin of the larger of
    what is held and what could be held once the open orders of either side were all filled.
    """
    purchases = sum(
        (
            _value(row)
            for row in state.open_orders
            if row.order.product is Product.CNC and row.order.side is Side.BUY
        ),
        Decimal(0),
    )
    return purchases + margin_rate * sum(
        (_exposure(state, *key) for key in _leveraged(state)), Decimal(0)
    )


def available(state: PaperState, margin_rate: Decimal, marks: Marks) -> Decimal:
    """Return the money that may be spent: cash less what is blocked and less open losses."""
    losses = min(_open_profit(state, marks), Decimal(0))
    return state.cash - blocked(state, margin_rate) + losses


def equity(state: PaperState, marks: Marks) -> Decimal | None:
    """Return what the account is worth, or None when something held has no price."""
    rows = (*state.holdings, *state.positions)
    if any(row.instrument not in marks for row in rows):
        return None
    owned = (row for row in rows if row.product is Product.CNC)
    value = sum((_worth(row, marks) for row in owned), Decimal(0))
    return state.cash + value + _open_profit(state, marks)


def _leveraged(state: PaperState) -> Iterable[tuple[InstrumentRef, Product]]:
    held = ((row.instrument, row.product) for row in state.positions)
    waiting = ((row.order.instrument, row.order.product) for row in state.open_orders)
    return (key for key in dict.fromkeys((*held, *waiting)) if key[1] is not Product.CNC)


def _exposure(state: PaperState, instrument: InstrumentRef, product: Product) -> Decimal:
    orders = [
        row
        for row in state.open_orders
        if row.order.instrument == instrument and row.order.product is product
    ]
    positions = (
        row for row in state.positions if row.instrument == instrument and row.product is product
    )
    net = state.held(instrument, product)
    most = max(
        abs(net), abs(net + _waiting(orders, Side.BUY)), abs(net - _waiting(orders, Side.SELL))
    )
    dearest = max((row.block_price * row.multiplier for row in orders), default=Decimal(0))
    return sum((abs(row.cost) for row in positions), Decimal(0)) + (most - abs(net)) * dearest


def _waiting(orders: Iterable[PaperOrder], side: Side) -> Decimal:
    return open_quantity(row for row in orders if row.order.side is side)


def _open_profit(state: PaperState, marks: Marks) -> Decimal:
    rows = (row for row in state.positions if row.product is not Product.CNC)
    return sum(
        (_worth(row, marks) - row.cost for row in rows if row.instrument in marks), Decimal(0)
    )


def _worth(row: PaperPosition, marks: Marks) -> Decimal:
    return row.quantity * marks[row.instrument] * row.multiplier


def _value(row: PaperOrder) -> Decimal:
    return row.order.open_quantity * row.block_price * row.multiplier
