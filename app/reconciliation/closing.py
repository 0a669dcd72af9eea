"""What closes a position that should not be there, said as a person would: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.persistence.orders import OrderRecord
from app.reconciliation.diff import totals
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import Product, Side
from riskgate.contracts.snapshots import BrokerSnapshot
from riskgate.contracts.traces import ReconciliationDelta


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A trade that leaves a part of a position or all of it."""

    instrument: InstrumentRef
    product: Product
    held: Decimal
    quantity: Decimal

    @property
    def words(self) -> str:
        """The request; leaving all of it can never open anything, however it moves meanwhile."""
        what = f"{self.instrument} {self.product.value.lower()} at market"
        if self.quantity == abs(self.held):
            return f"exit {what}"
        side = Side.SELL if self.held > 0 else Side.BUY
        return f"{side.value.lower()} {decimal_text(self.quantity)} {what}"


def closings(delta: ReconciliationDelta) -> Sequence[Closing]:
    """Return what brings the broker's position back to what was expected, or to nothing.

    A position on the other side than was expected is closed whole: nobody decided on it.
    """
    mine, truth = delta.expected or Decimal(0), delta.actual or Decimal(0)
    if delta.instrument is None or delta.product is None or not truth:
        return ()
    excess = truth - mine if mine * truth > 0 else truth
    return (
        Closing(
            instrument=delta.instrument,
            product=delta.product,
            held=truth,
            quantity=abs(excess),
        ),
    )


def half_built(parts: Iterable[OrderRecord], broker: BrokerSnapshot) -> Sequence[Closing]:
    """Return what closes the filled legs of a plan, never more than is still held."""
    held = totals((*broker.positions, *broker.holdings))
    built: dict[tuple[InstrumentRef, Product], Decimal] = {}
    for part in parts:
        key = (part.intent.instrument, part.intent.product)
        filled = part.intent.side.sign * part.filled_quantity
        built[key] = built.get(key, Decimal(0)) + filled
    found = []
    for (instrument, product), quantity in built.items():
        now = held.get((instrument, product), Decimal(0))
        if quantity * now > 0:
            least = min(abs(quantity), abs(now))
            found.append(Closing(instrument=instrument, product=product, held=now, quantity=least))
    return tuple(found)
