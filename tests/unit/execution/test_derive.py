"""What a plan means in orders: one a slice, or the two of a pair."""

from decimal import Decimal

from app.execution.derive import PAIR_MARK, derive_orders, is_pair
from riskgate.contracts.orders import OrderType, Product, Side, Validity
from riskgate.contracts.plans import OrderSkeleton, RiskModel, TradePlan
from tests.builders import a_planning_input, the_plan

STOP = OrderSkeleton(order_type=OrderType.SL, product=Product.MIS, validity=Validity.DAY)


def a_pair() -> TradePlan:
    plan = the_plan(a_planning_input())
    leg = plan.legs[0].model_copy(
        update={
            "side": Side.SELL,
            "reduce_only": True,
            "limit_price": Decimal(970),
            "trigger_price": Decimal(980),
            "risk_model": RiskModel(target_price=Decimal(1030)),
        }
    )
    return plan.model_copy(
        update={"legs": (leg,), "order_skeleton": STOP, "notes": ("a stop", PAIR_MARK)}
    )


def derived(plan: TradePlan) -> list[tuple[OrderType, int, Decimal | None, Decimal | None]]:
    orders = derive_orders(plan, new_id=lambda: "ord-1")
    return [(o.order_type, o.slice, o.limit_price, o.trigger_price) for o in orders]


def test_a_pair_is_a_stop_and_a_target_of_one_quantity_with_tags_of_their_own() -> None:
    plan = a_pair()
    stop, target = derive_orders(plan, new_id=lambda: "ord-1")
    assert derived(plan) == [
        (OrderType.SL, 0, Decimal(970), Decimal(980)),
        (OrderType.LIMIT, 1, Decimal(1030), None),
    ]
    assert stop.quantity == target.quantity == plan.legs[0].quantity
    assert (stop.side, stop.leg, stop.instrument) == (target.side, target.leg, target.instrument)
    assert stop.tag != target.tag


def test_a_target_price_alone_makes_no_pair() -> None:
    plan = a_pair().model_copy(update={"notes": ("a stop",)})
    assert not is_pair(plan)
    assert len(derived(plan)) == 1


def test_an_entry_is_never_a_pair() -> None:
    pair = a_pair()
    entry = pair.legs[0].model_copy(update={"reduce_only": False})
    sliced = pair.legs[0].model_copy(update={"slices": (Decimal(1), Decimal(1))})
    limit = STOP.model_copy(update={"order_type": OrderType.LIMIT})
    assert not is_pair(pair.model_copy(update={"legs": (entry,)}))
    assert not is_pair(pair.model_copy(update={"legs": (sliced,)}))
    assert not is_pair(pair.model_copy(update={"order_skeleton": limit}))
