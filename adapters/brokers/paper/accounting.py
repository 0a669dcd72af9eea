"""What a fill does to positions and cash. Pure.

INVARIANT: over all fills, minus the signed value traded equals realised less cost held, and
cash less opening cash equals realised less the cost of CNC held less all charges. `realised` is
before charges.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from adapters.brokers.paper.matching import Fill
from adapters.brokers.paper.state import MICRO, PaperOrder, PaperPosition, PaperState
from riskgate.charges import Charges
from riskgate.contracts.orders import OrderTerms, Product, Side


def apply_fill(state: PaperState, row: PaperOrder, fill: Fill) -> PaperState:
    """Return the state after one fill of an order, the order itself unchanged.

    A CNC sale takes from holdings before today's purchases. Average prices stay where they were
    when a position shrinks.
    """
    order = row.order
    from_holdings = _sold_from_holdings(state, order, fill.quantity)
    holdings, realised_old = _trade(state.holdings, row, Fill(fill.price, from_holdings))
    rest = Fill(fill.price, fill.quantity - from_holdings)
    positions, realised_new = _trade(state.positions, row, rest)
    realised = realised_old + realised_new
    value = order.side.sign * fill.quantity * fill.price * row.multiplier
    return state.model_copy(
        update={
            "holdings": holdings,
            "positions": positions,
            "realised": state.realised + realised,
            "cash": state.cash + (-value if order.product is Product.CNC else realised),
        }
    )


def apply_charges(state: PaperState, row: PaperOrder, bill: Charges) -> PaperState:
    """Return the state with an order's row changed and charged up to `bill`, its whole bill.

    What the order had been charged before is not charged again.
    """
    more = bill.total - row.charges.total
    instrument = row.order.instrument
    bears_dp = bill.dp > 0 and instrument not in state.dp_charged
    return state.replace_row(row.model_copy(update={"charges": bill})).model_copy(
        update={
            "cash": state.cash - more,
            "charges": state.charges + more,
            "charges_today": state.charges_today + more,
            "dp_charged": (*state.dp_charged, instrument) if bears_dp else state.dp_charged,
        }
    )


def trade_position(
    position: PaperPosition, side: Side, quantity: Decimal, price: Decimal
) -> tuple[PaperPosition, Decimal]:
    """Return the position after a trade and the profit or loss it realised."""
    held = position.quantity
    signed = side.sign * quantity
    closing = min(quantity, abs(held)) if held * signed < 0 else Decimal(0)
    released = _share(position.cost, closing, abs(held))
    realised = -side.sign * closing * price * position.multiplier - released
    opened = side.sign * (quantity - closing) * price * position.multiplier
    changed = position.model_copy(
        update={
            "quantity": held + signed,
            "cost": position.cost - released + opened,
            "day_quantity": position.day_quantity + signed,
        }
    )
    return changed, realised


def _trade(
    rows: Sequence[PaperPosition], order: PaperOrder, fill: Fill
) -> tuple[tuple[PaperPosition, ...], Decimal]:
    if fill.quantity == 0:
        return tuple(rows), Decimal(0)
    terms = order.order
    before = next((row for row in rows if _is_of(row, terms)), None) or PaperPosition(
        instrument=terms.instrument,
        product=terms.product,
        multiplier=order.multiplier,
        quantity=Decimal(0),
        cost=Decimal(0),
    )
    after, realised = trade_position(before, terms.side, fill.quantity, fill.price)
    others = tuple(row for row in rows if not _is_of(row, terms))
    return (*others, after) if after.quantity != 0 else others, realised


def _sold_from_holdings(state: PaperState, terms: OrderTerms, quantity: Decimal) -> Decimal:
    if terms.product is not Product.CNC or terms.side is Side.BUY:
        return Decimal(0)
    held = sum((row.quantity for row in state.holdings if _is_of(row, terms)), Decimal(0))
    return min(quantity, held)


def _is_of(row: PaperPosition, terms: OrderTerms) -> bool:
    return row.instrument == terms.instrument and row.product is terms.product


def _share(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    if part == whole:
        return cost if part else Decimal(0)
    return (cost * part / whole).quantize(MICRO, ROUND_HALF_EVEN)
