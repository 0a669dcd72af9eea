"""Delivery sales: of what is held, what the broker lets go, and what to know before."""

from decimal import Decimal

from app.planning.inputs import PlanningInputs, impossible
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, round_down
from riskgate.contracts.orders import Product, Side
from riskgate.contracts.snapshots import Position


def refuse_undeliverable(inputs: PlanningInputs, instrument: Instrument, quantity: Decimal) -> None:
    """Refuse a sale of more than the broker lets go today, where the broker told how much.

    What is being sold already counts. Nothing is said of a sale of more than is held: whether that
    may be is the gate's to say.
    """
    held = _held(inputs, instrument)
    blocked = sum((row.blocked_quantity for row in held), Decimal(0))
    if not blocked:
        return
    total = sum((row.quantity for row in held), Decimal(0))
    free = max(total - blocked - _being_sold(inputs, instrument), Decimal(0))
    if quantity <= free:
        return
    most = decimal_text(round_down(free, Decimal(instrument.lot_size)))
    why = " ".join(row.sale_note for row in held if row.sale_note)
    raise impossible(
        "NOT_DELIVERABLE",
        "size",
        f"{most} of {instrument.ref} may be sold now, {decimal_text(quantity)} were asked: {why}",
        "Do at the broker what it says, then ask again"
        + (f"; or ask for at most {most}." if free else "."),
    )


def sale_notes(inputs: PlanningInputs, instrument: Instrument) -> tuple[str, ...]:
    """Return what a person must know before this delivery sale; nothing for any other order."""
    return tuple(
        f"{instrument.ref}: {row.sale_note}" for row in _held(inputs, instrument) if row.sale_note
    )


def _held(inputs: PlanningInputs, instrument: Instrument) -> tuple[Position, ...]:
    intent = inputs.intent
    if intent.side is not Side.SELL or intent.product is not Product.CNC:
        return ()
    return tuple(row for row in inputs.held(instrument.ref) if row.product is Product.CNC)


def _being_sold(inputs: PlanningInputs, instrument: Instrument) -> Decimal:
    return sum(
        (
            order.open_quantity
            for order in inputs.snapshot.orders
            if order.instrument == instrument.ref
            and order.side is Side.SELL
            and order.product is Product.CNC
        ),
        Decimal(0),
    )
