"""The kill switch."""

from decimal import Decimal

import pytest

from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.contracts.orders import Product, Side
from tests.unit.riskgate.builders import (
    a_gate_input,
    a_market_leg,
    a_position,
    an_open_order,
    codes,
    decide,
    only_violation,
    terms,
)

REDUCE_ONLY = KillSwitchLevel.REDUCE_ONLY
SELL = Side.SELL


def test_halted_stops_a_purchase() -> None:
    assert codes(a_gate_input(kill_switch=KillSwitchLevel.HALTED)) == ("KILL-001",)


def test_halted_stops_an_order_that_only_reduces() -> None:
    selling = a_market_leg(10, side=SELL)
    held = a_gate_input(selling, held=[a_position(10)], kill_switch=KillSwitchLevel.HALTED)
    assert codes(held) == ("KILL-001",)


def test_reduce_only_stops_a_purchase_and_says_what_to_do() -> None:
    violation = only_violation(decide(a_gate_input(kill_switch=REDUCE_ONLY)))
    assert violation.rule_id == "KILL-001"
    assert violation.remedy.startswith("Wait until the kill switch is off")


@pytest.mark.parametrize(
    ("held", "side", "quantity", "expected"),
    [
        (10, Side.SELL, 10, Verdict.ALLOW),
        (10, Side.SELL, 11, Verdict.DENY),
        (10, Side.BUY, 1, Verdict.DENY),
        (-10, Side.BUY, 10, Verdict.ALLOW),
        (-10, Side.BUY, 11, Verdict.DENY),
        (-10, Side.SELL, 1, Verdict.DENY),
        (0, Side.SELL, 1, Verdict.DENY),
    ],
)
def test_reduce_only_passes_what_is_opposite_to_the_position_and_no_larger(
    held: int, side: Side, quantity: int, expected: Verdict
) -> None:
    leg = a_market_leg(quantity, side=side)
    held_short = a_gate_input(
        leg,
        product=Product.MIS,
        held=[a_position(held, product=Product.MIS)],
        kill_switch=REDUCE_ONLY,
    )
    assert decide(held_short).verdict is expected


def test_a_partly_closing_order_is_told_how_much_would_close() -> None:
    leg = a_market_leg(11, side=SELL)
    flipping = a_gate_input(
        leg,
        product=Product.MIS,
        held=[a_position(10, product=Product.MIS)],
        kill_switch=REDUCE_ONLY,
    )
    violation = only_violation(decide(flipping))
    assert violation.remedy == "Sell at most 10, which only closes what is held"
    assert (violation.limit, violation.actual) == (Decimal(10), Decimal(11))


@pytest.mark.parametrize(("quantity", "expected"), [(4, ()), (5, ("KILL-001", "ORD-010"))])
def test_what_is_already_being_sold_cannot_be_sold_again(
    quantity: int, expected: tuple[str, ...]
) -> None:
    gate_input = a_gate_input(
        a_market_leg(quantity, side=SELL),
        held=[a_position(10)],
        orders=[an_open_order(SELL, 4)],
        reserved=(terms(SELL, 2),),
        kill_switch=REDUCE_ONLY,
    )
    assert codes(gate_input) == expected


def test_legs_of_one_plan_share_what_can_be_closed() -> None:
    legs = (a_market_leg(6, side=SELL), a_market_leg(6, side=SELL, leg=1))
    gate_input = a_gate_input(*legs, held=[a_position(10)], kill_switch=REDUCE_ONLY)
    decision = decide(gate_input)
    assert [(v.rule_id, v.leg) for v in decision.violations] == [("KILL-001", 1), ("ORD-010", 1)]


def test_a_position_of_another_product_is_not_closed_by_the_order() -> None:
    leg = a_market_leg(10, side=SELL)
    gate_input = a_gate_input(
        leg, product=Product.MIS, held=[a_position(10)], kill_switch=REDUCE_ONLY
    )
    assert codes(gate_input) == ("KILL-001",)


def test_without_a_snapshot_nothing_is_known_to_reduce() -> None:
    leg = a_market_leg(10, side=SELL)
    assert codes(a_gate_input(leg, broker=None, kill_switch=REDUCE_ONLY)) == (
        "KILL-001",
        "SYS-003",
        "SYS-004",
        "ORD-010",
    )
