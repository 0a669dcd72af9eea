"""From an approved plan to the orders it means: pure."""

from collections.abc import Callable
from typing import Final

from app.execution.tags import order_tag
from riskgate.contracts.orders import OrderIntent, OrderType
from riskgate.contracts.plans import TradePlan

# What a plan says of itself when its one leg goes out twice, as a stop and as a target.
PAIR_MARK: Final = "Sent as a pair of stop and target; a fill of one comes off the other."


def is_pair(plan: TradePlan) -> bool:
    """Say whether a plan is one exit sent as a stop and a target of which only one may fill."""
    if PAIR_MARK not in plan.notes or len(plan.legs) != 1:
        return False
    leg = plan.legs[0]
    return (
        leg.reduce_only
        and len(leg.slices) == 1
        and leg.risk_model.target_price is not None
        and plan.order_skeleton.order_type.has_trigger_price
    )


def derive_orders(plan: TradePlan, *, new_id: Callable[[], str]) -> tuple[OrderIntent, ...]:
    """Return one order for each slice of each leg, in the order they are sent.

    A pair is its stop and, as the slice after it and of the same quantity, its target.
    """
    orders = tuple(
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
    return (*orders, _target_of(plan, orders[0], new_id())) if is_pair(plan) else orders


def _target_of(plan: TradePlan, stop: OrderIntent, order_id: str) -> OrderIntent:
    number = stop.slice + 1
    return OrderIntent.model_validate(
        stop.model_dump()
        | {
            "order_id": order_id,
            "slice": number,
            "tag": order_tag(plan_id=plan.plan_id, leg=stop.leg, slice_no=number),
            "order_type": OrderType.LIMIT,
            "limit_price": plan.legs[0].risk_model.target_price,
            "trigger_price": None,
        }
    )
