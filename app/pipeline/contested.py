"""Refuse to open more of what broker and ledger disagree about; leaving it is never refused.

This tells a person before a card is made. What binds is the same look when an order is claimed for
sending, which the gate's own word on what only closes decides.
"""

from decimal import Decimal

from app.execution.claims import CONTESTED
from app.persistence import exceptions
from app.persistence.database import Session
from app.reconciliation.wording import in_words
from riskgate.contracts.orders import Product
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot
from tools.ports import ToolRefusal


async def contested_entry(
    session: Session, plan: TradePlan, snapshot: BrokerSnapshot
) -> ToolRefusal | None:
    """Return why a leg that opens something must wait until a person has looked."""
    for leg in plan.legs:
        if only_leaves(leg, plan.order_skeleton.product, snapshot):
            continue
        ref = leg.instrument.ref
        found = await exceptions.contested(session, plan.account_id, ref)
        if found is not None:
            return ToolRefusal(
                code=CONTESTED,
                message=(
                    f"broker and our books differ about {ref}: {in_words(found.body)}; it waits"
                    " under “Needs you” and nobody has decided on it yet"
                ),
                remedy=(
                    f"Open “Needs you” in the side panel, or say 'exceptions', decide on the one"
                    f" of {ref}, then ask again. Leaving {ref} is not held up. In the terminal:"
                    f" sigmatrader exception list (this one is {found.exception_id})."
                ),
            )
    return None


def only_leaves(leg: PlanLeg, product: Product, snapshot: BrokerSnapshot) -> bool:
    """Say whether a leg is no larger than what the broker holds on the other side."""
    held = sum(
        (
            item.quantity
            for item in (*snapshot.positions, *snapshot.holdings)
            if (item.instrument, item.product) == (leg.instrument.ref, product)
        ),
        Decimal(0),
    )
    return held * leg.side.sign < 0 and leg.quantity <= abs(held)
