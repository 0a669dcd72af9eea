"""An exit leaves a position and never opens one."""

import pytest

from riskgate.contracts.orders import Product, Side
from tests.unit.riskgate.builders import a_gate_input, a_leg, a_position, codes


@pytest.mark.parametrize(("held", "expected"), [(10, ()), (9, ("PLAN-003",)), (0, ("PLAN-003",))])
def test_an_exit_of_ten_needs_ten_that_are_still_held(held: int, expected: tuple[str, ...]) -> None:
    leg = a_leg(10, side=Side.SELL, reduce_only=True)
    positions = [a_position(held, product=Product.MIS)] if held else []
    assert codes(a_gate_input(leg, held=positions, product=Product.MIS)) == expected


def test_the_same_sale_without_the_mark_may_go_short_where_that_is_allowed() -> None:
    leg = a_leg(10, side=Side.SELL)
    assert codes(a_gate_input(leg, product=Product.MIS)) == ()
