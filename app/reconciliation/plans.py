"""What to say of a plan of several legs that ended half-built: pure."""

from collections.abc import Sequence

from app.persistence.orders import OrderRecord
from app.reconciliation.severities import SEVERITY
from riskgate.contracts.base import decimal_text
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.traces import CauseProof, DeltaCause, DeltaKind, ReconciliationDelta


def incomplete(plan: TradePlan, orders: Sequence[OrderRecord]) -> ReconciliationDelta:
    """Return the difference between what was to be built and what is."""
    kind = DeltaKind.PLAN_INCOMPLETE
    filled = [order for order in orders if order.filled_quantity]
    parts = ", ".join(
        f"{order.intent.instrument} {decimal_text(order.filled_quantity)} of"
        f" {decimal_text(order.intent.quantity)} ({order.state})"
        for order in orders
    )
    return ReconciliationDelta(
        kind=kind,
        severity=SEVERITY[kind],
        key=f"plan:{plan.plan_id}",
        message=f"only a part of plan {plan.plan_id} is in the book: {parts}"[:500],
        plan_id=plan.plan_id,
        cause=DeltaCause.UNKNOWN,
        proof=CauseProof(
            evidence="its legs are one position, and some ended without filling",
            broker_order_ids=tuple(o.broker_order_id for o in filled if o.broker_order_id)[:20],
        ),
    )
