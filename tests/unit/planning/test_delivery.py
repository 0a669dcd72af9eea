"""Delivery sales of what the broker does not let go."""

from decimal import Decimal
from typing import Any

import pytest

from app.planning.inputs import PlanningInputs
from riskgate.contracts.orders import Product, Side
from riskgate.contracts.snapshots import Position
from tests.builders import a_planning_input, a_trade_intent, sizing, the_plan, the_problem
from tests.unit.riskgate.builders import a_position, a_snapshot, an_open_order

NOTE = "40 used or blocked at Kite already."


def part_blocked(sellable: int = 60) -> Position:
    """Make a holding of 100 of which some cannot be sold."""
    return a_position(100, sellable_quantity=Decimal(sellable), sale_note=NOTE)


def selling(
    quantity: int,
    *held: Position,
    side: Side = Side.SELL,
    product: Product = Product.CNC,
    **snapshot: Any,
) -> PlanningInputs:
    intent = a_trade_intent(side=side, product=product, sizing=sizing("quantity", quantity))
    return a_planning_input(intent, snapshot=a_snapshot(holdings=held, **snapshot))


def test_more_than_the_broker_lets_go_is_refused_with_the_reason() -> None:
    problem = the_problem(selling(61, part_blocked()))
    assert (problem.code, problem.field) == ("NOT_DELIVERABLE", "size")
    assert problem.message == f"60 of NSE:INFY may be sold now, 61 were asked: {NOTE}"
    assert problem.remedy == (
        "Do at the broker what it says, then ask again; or ask for at most 60."
    )


def test_what_the_broker_lets_go_is_planned_and_the_card_says_what_to_know() -> None:
    plan = the_plan(selling(60, part_blocked()))
    assert plan.legs[0].quantity == 60
    assert f"NSE:INFY: {NOTE}" in plan.notes


def test_what_is_being_sold_already_counts() -> None:
    orders = (an_open_order(Side.SELL, 50), an_open_order(Side.BUY, 50))
    assert the_plan(selling(10, part_blocked(), orders=orders)).legs[0].quantity == 10
    assert "10 of NSE:INFY" in the_problem(selling(11, part_blocked(), orders=orders)).message


def test_what_was_sold_today_counts() -> None:
    sold = (a_position(-50),)
    assert the_plan(selling(10, part_blocked(), positions=sold)).legs[0].quantity == 10
    assert "10 of NSE:INFY" in the_problem(selling(11, part_blocked(), positions=sold)).message


def test_nothing_to_let_go_offers_no_smaller_size() -> None:
    problem = the_problem(selling(1, part_blocked(sellable=0)))
    assert problem.remedy == "Do at the broker what it says, then ask again."


@pytest.mark.parametrize(("side", "product"), [(Side.BUY, Product.CNC), (Side.SELL, Product.MIS)])
def test_other_orders_are_not_asked_what_may_be_delivered(side: Side, product: Product) -> None:
    plan = the_plan(selling(100, part_blocked(), side=side, product=product))
    assert not any(NOTE in note for note in plan.notes)


def test_a_broker_that_tells_nothing_of_it_is_asked_nothing() -> None:
    plan = the_plan(selling(100, a_position(100)))
    assert plan == the_plan(selling(100, a_position(100, sale_note=None)))
    assert not any(note.startswith("NSE:INFY: ") for note in plan.notes)
