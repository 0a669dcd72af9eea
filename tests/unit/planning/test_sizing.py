"""How many: every way to say a size, at its edges."""

from decimal import Decimal
from typing import Any

import pytest

from app.planning.inputs import PlanningInputs, PlanProblem
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.orders import OrderType, Product, Side
from riskgate.contracts.plans import RiskModel
from riskgate.contracts.snapshots import Position
from tests.builders import (
    a_planning_input,
    a_trade_intent,
    offset,
    sizing,
    the_leg,
    the_problem,
)
from tests.unit.riskgate.builders import (
    Amount,
    a_position,
    a_ref,
    a_snapshot,
    an_instrument,
    margins,
)

FUTURE = an_instrument("NIFTYFUT", kind=InstrumentKind.FUTURE, lot_size=65, multiplier=2)


def asked(
    method: str, value: Amount, *, side: Side = Side.BUY, stop: Amount | None = None, **changes: Any
) -> PlanningInputs:
    """Return an input for INFY at a limit of 1000; `stop` is a price."""
    intent = a_trade_intent(
        side=side,
        sizing=sizing(method, value),
        product=changes.pop("product", Product.CNC),
        order_type=OrderType.LIMIT,
        limit_price=Decimal(changes.pop("limit", 1000)),
        stop_loss=None if stop is None else offset("price", stop),
    )
    return a_planning_input(intent, **changes)


def holding(*positions: Position, **changes: Any) -> Any:
    return a_snapshot(positions=positions, **changes)


def size(inputs: PlanningInputs) -> tuple[Decimal, str]:
    leg = the_leg(inputs)
    return leg.quantity, leg.sizing_note


# By quantity and lots


def test_a_stated_quantity_is_taken_as_it_is() -> None:
    assert size(asked("quantity", 40)) == (Decimal(40), "as stated")


@pytest.mark.parametrize("value", ["0", "-1", "0.5", "10.5", "-0"])
def test_a_quantity_that_is_not_a_whole_number_above_zero_is_refused(value: str) -> None:
    shown = "0" if value == "-0" else value
    assert the_problem(asked("quantity", value)) == PlanProblem(
        code="QUANTITY_INVALID",
        field="size",
        message=f"quantity was {shown}",
        remedy="Give a whole number above zero.",
    )


@pytest.mark.parametrize(
    ("value", "remedy"), [(64, "Use 65."), (66, "Use 130 or 65."), (1, "Use 65.")]
)
def test_a_quantity_off_the_lot_is_refused_with_its_neighbours(value: int, remedy: str) -> None:
    in_lots = asked("quantity", value, instruments=(an_instrument(lot_size=65),))
    assert the_problem(in_lots) == PlanProblem(
        code="QUANTITY_OFF_LOT",
        field="size",
        message=f"NSE:INFY trades in lots of 65, the quantity was {value}",
        remedy=remedy,
    )


def test_lots_are_multiplied_by_the_lot_size() -> None:
    in_lots = asked("lots", 3, instruments=(an_instrument(lot_size=65),))
    assert size(in_lots) == (Decimal(195), "3 lots of 65")


@pytest.mark.parametrize("value", ["0", "-2", "1.5"])
def test_lots_that_are_not_a_whole_number_above_zero_are_refused(value: str) -> None:
    problem = the_problem(asked("lots", value))
    assert (problem.code, problem.message) == ("QUANTITY_INVALID", f"lots were {value}")


# By money


@pytest.mark.parametrize(
    ("value", "quantity"), [("1000", 1), ("1999.99", 1), ("2000", 2), ("50000", 50)]
)
def test_a_notional_buys_the_whole_shares_that_it_pays_for(value: str, quantity: int) -> None:
    assert size(asked("notional", value)) == (Decimal(quantity), f"notional {value} at 1000")


def test_a_notional_a_hair_below_a_share_is_not_rounded_up_to_it() -> None:
    hair_below = "8999999999." + "9" * 18
    assert size(asked("notional", hair_below, limit=3))[0] == 2_999_999_999


@pytest.mark.parametrize("value", ["999.99", "0.01"])
def test_a_notional_below_one_share_is_refused_and_never_rounded_up(value: str) -> None:
    assert the_problem(asked("notional", value)) == PlanProblem(
        code="SIZE_ZERO",
        field="size",
        message=f"notional {value} is less than one lot of NSE:INFY at 1000",
        remedy="Ask for a larger size.",
    )


@pytest.mark.parametrize("value", ["0", "-5000"])
def test_a_notional_of_nothing_gives_no_quantity(value: str) -> None:
    problem = the_problem(asked("notional", value))
    assert (problem.code, problem.message) == (
        "SIZE_ZERO",
        f"notional {value} gives no quantity to trade",
    )


def test_a_notional_counts_the_multiplier_and_whole_lots() -> None:
    inputs = asked("notional", 1000 * 2 * 65 * 3 - 1, instruments=(an_instrument_like(FUTURE),))
    assert size(inputs)[0] == 130


def an_instrument_like(instrument: Any) -> Any:
    return instrument.model_copy(update={"ref": a_ref()})


def test_a_share_of_equity_is_worked_out_from_the_brokers_equity() -> None:
    assert size(asked("equity_pct", 5)) == (Decimal(50), "equity_pct 5 of 1000000 at 1000")
    assert the_problem(asked("equity_pct", "0.09")).code == "SIZE_ZERO"
    assert the_problem(asked("equity_pct", -5)).code == "SIZE_ZERO"


@pytest.mark.parametrize("money", [None, margins(equity=0), margins(equity=-1)])
@pytest.mark.parametrize("method", ["equity_pct", "risk_pct", "risk_amount"])
def test_without_equity_nothing_is_sized_from_it(method: str, money: object) -> None:
    blind = asked(method, 1, stop=990, snapshot=a_snapshot(margins=money))
    assert the_problem(blind) == PlanProblem(
        code="EQUITY_UNKNOWN",
        field="size",
        message="the broker gave no equity to size from",
        remedy="Give a quantity, or try again when the broker answers.",
    )


# By risk


def test_a_risk_is_divided_by_the_distance_to_the_stop_and_rounded_down() -> None:
    sized = asked("risk_amount", 1005, stop=990)
    assert size(sized) == (Decimal(100), "risk 1005 over 10 a unit")
    risk = the_leg(sized).risk_model
    assert risk == RiskModel(
        stop_price=Decimal(990), loss_at_stop=Decimal(1000), loss_at_stop_pct=Decimal("0.1")
    )


def test_a_risk_in_percent_is_of_the_equity() -> None:
    assert size(asked("risk_pct", "0.5", stop=990)) == (
        Decimal(500),
        "risk 5000 over 10 a unit",
    )


def test_a_sale_risks_what_lies_above_it() -> None:
    assert size(asked("risk_amount", 1000, side=Side.SELL, stop=1010))[0] == 100


def test_a_size_by_risk_is_capped_by_the_available_money() -> None:
    poor = asked(
        "risk_amount", 100_000, stop=990, snapshot=a_snapshot(margins=margins(available=7_500))
    )
    assert size(poor) == (Decimal(7), "risk 100000 over 10 a unit, capped by available money")


@pytest.mark.parametrize("available", [999, 0, -10])
def test_without_money_for_one_share_a_size_by_risk_is_refused(available: int) -> None:
    broke = asked(
        "risk_amount", 100_000, stop=990, snapshot=a_snapshot(margins=margins(available=available))
    )
    assert the_problem(broke).code == "SIZE_ZERO"


@pytest.mark.parametrize("method", ["risk_amount", "risk_pct"])
def test_a_size_by_risk_without_a_stop_is_refused(method: str) -> None:
    assert the_problem(asked(method, 1)) == PlanProblem(
        code="STOP_MISSING",
        field="stop_loss",
        message="a size by risk needs a stop",
        remedy="Say where the stop is, for example 'stop 2%'.",
    )


@pytest.mark.parametrize("value", ["0", "-100", "9.99"])
def test_a_risk_too_small_for_one_share_is_refused(value: str) -> None:
    assert the_problem(asked("risk_amount", value, stop=990)).code == "SIZE_ZERO"


# By fraction of what is held


@pytest.mark.parametrize(
    ("held", "side", "fraction", "quantity", "note"),
    [
        (10, Side.SELL, "0.5", 5, "50 % of 10 held"),
        (10, Side.SELL, "1", 10, "100 % of 10 held"),
        (7, Side.SELL, "0.5", 3, "50 % of 7 held"),
        (-10, Side.BUY, "0.25", 2, "25 % of 10 held"),
        (10, Side.BUY, "0.5", 5, "50 % of 10 held"),
    ],
    ids=["half", "all", "an odd half rounds down", "covers a short", "adds to a long"],
)
def test_a_fraction_is_of_the_position(
    held: int, side: Side, fraction: str, quantity: int, note: str
) -> None:
    inputs = asked("fraction", fraction, side=side, snapshot=holding(a_position(held)))
    assert size(inputs) == (Decimal(quantity), note)


@pytest.mark.parametrize(
    ("held", "side"), [(None, Side.SELL), (None, Side.BUY), (0, Side.SELL), (-10, Side.SELL)]
)
def test_a_fraction_without_a_position_to_take_it_from_is_refused(
    held: int | None, side: Side
) -> None:
    book = holding() if held is None else holding(a_position(held))
    assert the_problem(asked("fraction", 1, side=side, snapshot=book)) == PlanProblem(
        code="NO_POSITION",
        field="size",
        message=f"there is no CNC position in NSE:INFY that a {side} could use",
        remedy="Check 'positions', or give a quantity.",
    )


def test_a_fraction_counts_only_what_is_held_in_the_orders_product() -> None:
    book = holding(a_position(10), a_position(5, product=Product.MIS), holdings=(a_position(20),))
    everything = asked("fraction", 1, side=Side.SELL, snapshot=book)
    assert size(everything)[0] == 30
    intraday = asked("fraction", 1, side=Side.SELL, product=Product.MIS, snapshot=book)
    assert size(intraday)[0] == 5
    normal = asked("fraction", 1, side=Side.SELL, product=Product.NRML, snapshot=book)
    assert the_problem(normal).code == "NO_POSITION"


@pytest.mark.parametrize("fraction", ["0", "-0.5", "1.01", "50"])
def test_a_fraction_outside_the_position_is_refused(fraction: str) -> None:
    inputs = asked("fraction", fraction, side=Side.SELL, snapshot=holding(a_position(10)))
    assert the_problem(inputs) == PlanProblem(
        code="FRACTION_INVALID",
        field="size",
        message=f"the fraction was {fraction}",
        remedy="Give a share above 0 and up to 100 % of the position.",
    )


def test_a_fraction_smaller_than_a_share_is_refused() -> None:
    inputs = asked("fraction", "0.09", side=Side.SELL, snapshot=holding(a_position(10)))
    assert the_problem(inputs).code == "SIZE_ZERO"
