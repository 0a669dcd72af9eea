"""What the parts of one plan mean for each other: pure."""

from collections.abc import Sequence
from typing import Final

from app.persistence.orders import OrderRecord
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.orders import OrderState
from riskgate.contracts.plans import TradePlan

STOPPED: Final = "BASKET_STOPPED"
FAILED: Final = frozenset({OrderState.REJECTED, OrderState.NOT_SENT, OrderState.EXPIRED})
IN_DOUBT: Final = frozenset({OrderState.SENDING, OrderState.UNKNOWN})


def legs_hang_together(plan: TradePlan) -> bool:
    """Say whether a leg that fails stops the legs after it.

    Legs with a derivative among them are one position (a spread, a hedge) that is worse half
    built. Shares asked for in one sentence are separate wishes.
    """
    return len(plan.legs) > 1 and any(
        leg.instrument.kind is not InstrumentKind.EQUITY for leg in plan.legs
    )


def why_not_now(plan: TradePlan, before: Sequence[OrderRecord], order: OrderRecord) -> str | None:
    """Say what keeps an order back, given the plan's orders before it; None when nothing does.

    A part of the same leg that failed stops the leg's rest: the broker would refuse it too, or
    the leg would be larger than what is known to have worked.
    """
    together = legs_hang_together(plan)
    mattering = [o for o in before if together or o.intent.leg == order.intent.leg]
    failed = next((o for o in mattering if o.state in FAILED), None)
    if failed is None:
        return None
    part = f"leg {failed.intent.leg}, part {failed.intent.slice}"
    return f"{STOPPED}: {part} of the plan is {failed.state}, so the rest is not sent"


def in_doubt(plan: TradePlan, before: Sequence[OrderRecord], order: OrderRecord) -> bool:
    """Say whether an order waits until it is known what became of one before it."""
    together = legs_hang_together(plan)
    return any(o.state in IN_DOUBT for o in before if together or o.intent.leg == order.intent.leg)


def half_sent(orders: Sequence[OrderRecord]) -> bool:
    """Say whether some of a plan went out while some still waits."""
    waiting = any(order.state is OrderState.PLANNED for order in orders)
    return waiting and any(order.sent_at is not None for order in orders)
