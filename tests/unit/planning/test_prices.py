"""Prices: on the tick, on the right side, and never guessed."""

from decimal import Decimal
from typing import Any

import pytest

from app.planning.inputs import PlanningInputs, PlanProblem
from riskgate.contracts.orders import OrderType, Side
from riskgate.contracts.plans import RiskModel
from tests.builders import a_planning_input, a_trade_intent, offset, the_leg, the_problem
from tests.unit.riskgate.builders import a_quote, an_instrument


def at_limit(price: str, **fields: Any) -> PlanningInputs:
    return a_planning_input(
        a_trade_intent(order_type=OrderType.LIMIT, limit_price=Decimal(price), **fields)
    )


# What a person stated


def test_a_limit_on_the_tick_is_the_price_the_size_is_worked_out_at() -> None:
    leg = the_leg(at_limit("1480.05"))
    assert (leg.limit_price, leg.trigger_price, leg.reference_price, leg.notional) == (
        Decimal("1480.05"),
        None,
        Decimal("1480.05"),
        Decimal("14800.50"),
    )


@pytest.mark.parametrize(
    ("price", "remedy"),
    [
        ("1480.02", "Use 1480 or 1480.05."),
        ("1480.049", "Use 1480 or 1480.05."),
        ("0.01", "Use 0.05."),
    ],
)
def test_a_price_off_the_tick_is_refused_with_its_two_neighbours(price: str, remedy: str) -> None:
    assert the_problem(at_limit(price)) == PlanProblem(
        code="PRICE_OFF_TICK",
        field="limit_price",
        message=f"limit_price {price} is not a multiple of the tick 0.05 of NSE:INFY",
        remedy=remedy,
    )


def test_a_trigger_off_the_tick_is_refused_too() -> None:
    inputs = a_planning_input(
        a_trade_intent(order_type=OrderType.SL_M, trigger_price=Decimal("1000.01"))
    )
    problem = the_problem(inputs)
    assert (problem.code, problem.field) == ("PRICE_OFF_TICK", "trigger_price")


@pytest.mark.parametrize("price", ["0", "-1480"])
def test_a_price_that_is_not_above_zero_is_refused(price: str) -> None:
    assert the_problem(at_limit(price)) == PlanProblem(
        code="PRICE_INVALID",
        field="limit_price",
        message=f"limit_price was {price}",
        remedy="Give a price above zero.",
    )


@pytest.mark.parametrize(
    ("order_type", "prices", "missing"),
    [
        (OrderType.LIMIT, {}, "limit_price"),
        (OrderType.SL, {"trigger_price": Decimal(990)}, "limit_price"),
        (OrderType.SL, {"limit_price": Decimal(990)}, "trigger_price"),
        (OrderType.SL_M, {}, "trigger_price"),
    ],
)
def test_an_order_without_a_price_of_its_type_is_refused(
    order_type: OrderType, prices: dict[str, Decimal], missing: str
) -> None:
    problem = the_problem(a_planning_input(a_trade_intent(order_type=order_type, **prices)))
    assert (problem.code, problem.field) == ("PRICE_MISSING", missing)


@pytest.mark.parametrize(
    ("order_type", "spare"),
    [
        (OrderType.MARKET, "limit_price"),
        (OrderType.MARKET, "trigger_price"),
        (OrderType.LIMIT, "trigger_price"),
        (OrderType.SL_M, "limit_price"),
    ],
)
def test_an_order_with_a_price_its_type_does_not_take_is_contradictory(
    order_type: OrderType, spare: str
) -> None:
    prices = {"limit_price": Decimal(1000), "trigger_price": Decimal(1000)}
    given = {
        name: value
        for name, value in prices.items()
        if name == spare or getattr(order_type, f"has_{name}")
    }
    assert the_problem(
        a_planning_input(a_trade_intent(order_type=order_type, **given))
    ) == PlanProblem(
        code="ORDER_CONTRADICTORY",
        field=spare,
        message=f"a {order_type} order takes no {spare}",
        remedy=f"Leave out the {spare}, or ask for another order type.",
    )


# What the market says


@pytest.mark.parametrize(
    ("side", "quote", "entry"),
    [
        (Side.BUY, a_quote(bid=999, ask=1001), 1001),
        (Side.SELL, a_quote(bid=999, ask=1001), 999),
        (Side.BUY, a_quote(bid=999), 1000),
        (Side.SELL, a_quote(ask=1001), 1000),
    ],
    ids=["buys at the ask", "sells at the bid", "no ask", "no bid"],
)
def test_a_market_order_is_sized_at_the_far_touch_else_at_the_last_price(
    side: Side, quote: Any, entry: int
) -> None:
    leg = the_leg(a_planning_input(a_trade_intent(side=side), quotes=(quote,)))
    assert (int(leg.reference_price), leg.quote_as_of) == (entry, quote.as_of)


def test_a_stop_market_order_is_sized_at_its_trigger() -> None:
    intent = a_trade_intent(order_type=OrderType.SL_M, trigger_price=Decimal(1010))
    assert the_leg(a_planning_input(intent)).reference_price == 1010


def test_an_instrument_without_a_known_tick_cannot_be_priced() -> None:
    no_tick = (an_instrument(tick_size=None),)
    stopped = a_planning_input(a_trade_intent(stop_loss=offset("pct", 2)), instruments=no_tick)
    limited = at_limit("1000").model_copy(update={"instruments": no_tick})
    unpriced = a_planning_input(instruments=no_tick)
    expected = PlanProblem(
        code="TICK_UNKNOWN",
        field="symbol",
        message="the tick size of NSE:INFY is not in the instrument master",
        remedy="Load the exchange's current master, or trade another instrument.",
    )
    assert [the_problem(inputs) for inputs in (stopped, limited, unpriced)] == [expected] * 3


# Stops and targets


@pytest.mark.parametrize(
    ("side", "stop", "target", "expected"),
    [
        (Side.BUY, ("price", 980), ("price", 1050), (980, 1050)),
        (Side.BUY, ("pct", 2), ("pct", 5), (980, 1050)),
        (Side.BUY, ("points", 20), ("points", 50), (980, 1050)),
        (Side.SELL, ("price", 1020), ("price", 950), (1020, 950)),
        (Side.SELL, ("pct", 2), ("pct", 5), (1020, 950)),
        (Side.SELL, ("points", 20), ("points", 50), (1020, 950)),
    ],
)
def test_stop_and_target_lie_on_their_sides_of_the_entry(
    side: Side, stop: tuple[str, int], target: tuple[str, int], expected: tuple[int, int]
) -> None:
    intent = a_trade_intent(side=side, stop_loss=offset(*stop), target=offset(*target))
    assert the_leg(a_planning_input(intent)).risk_model == RiskModel(
        stop_price=Decimal(expected[0]),
        target_price=Decimal(expected[1]),
        loss_at_stop=Decimal(200),
        loss_at_stop_pct=Decimal("0.02"),
    )


def test_a_target_alone_has_no_loss() -> None:
    intent = a_trade_intent(target=offset("pct", 5))
    assert the_leg(a_planning_input(intent)).risk_model == RiskModel(target_price=Decimal(1050))


@pytest.mark.parametrize("kind", ["pct", "points"])
def test_a_worked_out_stop_is_put_on_the_tick(kind: str) -> None:
    intent = a_trade_intent(stop_loss=offset(kind, "1.234"))
    stop = the_leg(a_planning_input(intent)).risk_model.stop_price
    assert stop == {"pct": Decimal("987.65"), "points": Decimal("998.75")}[kind]


@pytest.mark.parametrize(
    ("side", "name", "wrong", "must_be"),
    [
        (Side.BUY, "stop_loss", 1020, "below"),
        (Side.BUY, "stop_loss", 1000, "below"),
        (Side.BUY, "target", 990, "above"),
        (Side.SELL, "stop_loss", 980, "above"),
        (Side.SELL, "target", 1010, "below"),
        (Side.SELL, "target", 1000, "below"),
    ],
)
def test_a_stop_or_target_on_the_wrong_side_is_refused(
    side: Side, name: str, wrong: int, must_be: str
) -> None:
    intent = a_trade_intent(side=side, **{name: offset("price", wrong)})
    assert the_problem(a_planning_input(intent)) == PlanProblem(
        code=f"{name.upper()}_WRONG_SIDE",
        field=name,
        message=f"{name} {wrong} must be {must_be} the entry 1000",
        remedy=f"Give a {name} {must_be} 1000.",
    )


@pytest.mark.parametrize(("kind", "value"), [("pct", -2), ("pct", 0), ("pct", 100), ("points", -5)])
def test_a_distance_that_leaves_its_side_or_the_market_is_refused(kind: str, value: int) -> None:
    intent = a_trade_intent(stop_loss=offset(kind, value))
    assert the_problem(a_planning_input(intent)).code == "STOP_LOSS_WRONG_SIDE"


def test_a_stop_closer_than_half_a_tick_is_no_stop() -> None:
    intent = a_trade_intent(stop_loss=offset("points", "0.02"))
    assert the_problem(a_planning_input(intent)).code == "STOP_LOSS_WRONG_SIDE"


def test_a_stop_price_off_the_tick_is_refused() -> None:
    problem = the_problem(a_planning_input(a_trade_intent(stop_loss=offset("price", "980.01"))))
    assert (problem.code, problem.field) == ("PRICE_OFF_TICK", "stop_loss")


@pytest.mark.parametrize("name", ["stop_loss", "target"])
def test_a_distance_in_atr_is_refused_rather_than_guessed(name: str) -> None:
    assert the_problem(a_planning_input(a_trade_intent(**{name: offset("atr", 2)}))) == PlanProblem(
        code="ATR_UNAVAILABLE",
        field=name,
        message=f"{name} in ATR needs price history, which this account's market does not give",
        remedy="Give the distance in percent, points or as a price.",
    )
