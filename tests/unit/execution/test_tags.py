"""The tag that names an order, and the orders that a plan means."""

import re
from decimal import Decimal

from app.execution.derive import derive_orders
from app.execution.tags import order_tag
from riskgate.contracts.orders import OrderIntent, OrderType, Product, Side, Validity
from riskgate.contracts.plans import OrderSkeleton
from tests.fakes.ids import CountingIds
from tests.unit.riskgate.builders import ACCOUNT, a_leg, a_plan, a_ref


def test_a_tag_is_twenty_capitals_and_digits_and_the_same_at_every_look() -> None:
    tag = order_tag(plan_id="plan-1", leg=0, slice_no=0)
    assert tag == order_tag(plan_id="plan-1", leg=0, slice_no=0) == "4U35DDTQMPGRVNDBKLGO"
    assert re.fullmatch("[A-Z2-7]{20}", tag)


def test_every_plan_leg_and_slice_has_a_tag_of_its_own() -> None:
    tags = {
        order_tag(plan_id=plan_id, leg=leg, slice_no=number)
        for plan_id in ("plan-1", "plan-11", "plan")
        for leg in range(12)
        for number in range(20)
    }
    assert len(tags) == 3 * 12 * 20


def test_a_plan_means_one_order_for_each_slice_of_each_leg_in_the_order_they_are_sent() -> None:
    legs = (
        a_leg(25, slices=(Decimal(20), Decimal(5)), trigger_price=Decimal(995)),
        a_leg(3, "TCS", leg=1, side=Side.SELL),
    )
    plan = a_plan(
        *legs,
        order_skeleton=OrderSkeleton(
            order_type=OrderType.SL, product=Product.MIS, validity=Validity.IOC
        ),
    ).model_copy(update={"legs": (legs[0], legs[1].model_copy(update={"trigger_price": 995}))})
    ids = CountingIds()

    def order(
        number: int, leg: int, part: int, side: Side, quantity: int, symbol: str
    ) -> OrderIntent:
        return OrderIntent(
            order_id=f"ord_{number}",
            account_id=ACCOUNT,
            plan_id="plan-1",
            leg=leg,
            slice=part,
            tag=order_tag(plan_id="plan-1", leg=leg, slice_no=part),
            instrument=a_ref(symbol),
            side=side,
            quantity=Decimal(quantity),
            product=Product.MIS,
            order_type=OrderType.SL,
            validity=Validity.IOC,
            limit_price=Decimal(1000),
            trigger_price=Decimal(995),
        )

    assert derive_orders(plan, new_id=lambda: ids.new("ord")) == (
        order(1, 0, 0, Side.BUY, 20, "INFY"),
        order(2, 0, 1, Side.BUY, 5, "INFY"),
        order(3, 1, 0, Side.SELL, 3, "TCS"),
    )
