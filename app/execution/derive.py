"""From an approved plan to the orders it means: pure."""

from collections.abc import Callable

from app.execution.tags import order_tag
from riskgate.contracts.orders import OrderIntent
from riskgate.contracts.plans import TradePlan


def derive_orders(plan: TradePlan, *, new_id: Callable[[], str]) -> tuple[OrderIntent, ...]:
    """Return one order for each slice of each leg, in the order they are sent."""
    return tuple(
        OrderIntent(
            order_id=new_id(),
            account_id=plan.account_id,
            plan_id=plan.plan_id,
            leg=leg.leg,
            slice=number,
            tag=order_tag(plan_id=plan.plan_id, leg=leg.leg, slice_no=number),
            instrument=leg.instrument.ref,
            side=leg.side,
            quantity=quantity,
            product=plan.order_skeleton.product,
            order_type=plan.order_skeleton.order_type,
            validity=plan.order_skeleton.validity,
            limit_price=leg.limit_price,
            trigger_price=leg.trigger_price,
        )
        for leg in plan.legs
        for number, quantity in enumerate(leg.slices)
    )
