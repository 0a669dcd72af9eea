"""How much may be held, and whether there is money for it.

Equity is 1,000,000 and the price 1000, so one piece is 0.1 % of equity.
"""

from decimal import Decimal
from typing import Any

import pytest

from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import BrokerOrder, OrderType, Product, Side
from riskgate.policy import Policy
from tests.unit.riskgate.builders import (
    WIDE_POLICY,
    Amount,
    a_gate_input,
    a_leg,
    a_market_leg,
    a_policy,
    a_position,
    a_quote,
    an_open_order,
    codes,
    compared,
    decide,
    figures,
    margins,
    offered,
    only_violation,
    quotes_of,
    terms,
)

BUY, SELL, MIS = Side.BUY, Side.SELL, Product.MIS


def capped(**exposure: object) -> Policy:
    return a_policy(WIDE_POLICY, exposure=exposure)


POSITION_10_PCT = capped(max_position_pct="0.1")
GROSS_10_PCT = capped(max_gross_exposure_x="0.1")


def resting(side: Side, quantity: Amount) -> BrokerOrder:
    """Return an order too far from the market to trade with one of the other side."""
    return an_open_order(side, quantity, order_type=OrderType.LIMIT, limit_price=Decimal(1019))


def buying(quantity: Amount, **changes: Any) -> Any:
    return a_gate_input(a_leg(quantity), **changes)


def smaller(gate_input: Any, policy: Policy) -> list[Decimal]:
    return [leg.quantity for leg in decide(gate_input, policy).modified_quantities]


@pytest.mark.parametrize(
    ("policy", "rule"), [(POSITION_10_PCT, "EXP-001"), (GROSS_10_PCT, "EXP-002")]
)
def test_exposure_at_the_cap_passes_and_one_piece_more_is_reduced_to_it(
    policy: Policy, rule: str
) -> None:
    assert codes(buying(100), policy) == ()
    decision = decide(buying(101), policy)
    assert decision.verdict is Verdict.MODIFY
    assert decision.codes == (rule,)
    assert only_violation(decision).limit == 100_000
    assert only_violation(decision).actual == 101_000
    assert smaller(buying(101), policy) == [100]


@pytest.mark.parametrize(
    "in_flight",
    [
        {"held": [a_position(40)]},
        {"orders": [an_open_order(BUY, 40)]},
        {"reserved": (terms(BUY, 40),)},
        {"held": [a_position(10)], "orders": [an_open_order(BUY, 20)], "reserved": (terms(BUY),)},
        {"held": [a_position(-40, product=MIS)]},
        {"held": [a_position(40)], "orders": [resting(SELL, 40)]},
    ],
)
@pytest.mark.parametrize("policy", [POSITION_10_PCT, GROSS_10_PCT])
def test_what_is_held_and_in_flight_counts_and_no_order_is_relied_on_to_close(
    in_flight: dict[str, object], policy: Policy
) -> None:
    assert codes(buying(60, **in_flight), policy) == ()
    assert smaller(buying(61, **in_flight), policy) == [60]


def test_the_position_cap_looks_at_one_instrument_and_the_gross_cap_at_all() -> None:
    gate_input = buying(60, held=[a_position(50, "TCS")], quotes=quotes_of(["INFY", "TCS"]))
    assert codes(gate_input, POSITION_10_PCT) == ()
    assert smaller(gate_input, GROSS_10_PCT) == [50]


def test_a_purchase_is_valued_at_the_worse_of_limit_and_ask() -> None:
    quotes = (a_quote(bid=999, ask=1010),)
    above = a_gate_input(a_leg(100, limit_price=1015), quotes=quotes)
    below = a_gate_input(a_leg(100, limit_price=990), quotes=quotes)
    assert only_violation(decide(above, POSITION_10_PCT)).actual == 101_500
    assert only_violation(decide(below, POSITION_10_PCT)).actual == 101_000


def test_a_stop_order_is_valued_at_its_trigger() -> None:
    leg = a_market_leg(100, trigger_price=1100)
    assert only_violation(decide(a_gate_input(leg), POSITION_10_PCT)).actual == 110_000


@pytest.mark.parametrize(
    ("held", "side", "asked", "expected"),
    [
        (0, SELL, 150, 100),
        (50, SELL, 250, 150),
        (150, SELL, 400, 250),
        (-50, BUY, 250, 150),
        (-600, BUY, 800, 700),
        (150, BUY, 10, None),
    ],
)
def test_an_order_that_flips_is_reduced_to_what_closes_and_what_the_cap_leaves(
    held: int, side: Side, asked: int, expected: int | None
) -> None:
    gate_input = a_gate_input(
        a_market_leg(asked, side=side), product=MIS, held=[a_position(held, product=MIS)]
    )
    assert smaller(gate_input, POSITION_10_PCT) == ([expected] if expected else [])
    assert smaller(gate_input, GROSS_10_PCT) == ([expected] if expected else [])


@pytest.mark.parametrize(("held", "side", "asked"), [(600, SELL, 20), (-600, BUY, 20)])
def test_a_reduction_of_a_position_far_over_the_cap_is_allowed_as_it_is(
    held: int, side: Side, asked: int
) -> None:
    gate_input = a_gate_input(
        a_market_leg(asked, side=side),
        product=MIS,
        held=[a_position(held, product=MIS)],
        money=margins(available=Decimal(-1)),
        start_of_day_equity=Decimal(10**9),
    )
    decision = decide(gate_input, capped(max_position_pct="0.01", max_gross_exposure_x="0.01"))
    assert (decision.verdict, decision.modified_quantities) == (Verdict.ALLOW, ())
    assert figures(decision)["gross_exposure_x"] == Decimal("0.58")
    assert figures(decision)["new_position_pct[0]"] == Decimal("0.58")


def test_legs_of_a_plan_add_up_and_each_is_reduced_to_what_those_before_leave() -> None:
    legs = (a_market_leg(60), a_market_leg(60, "TCS", leg=1), a_market_leg(10, "SBIN", leg=2))
    gate_input = a_gate_input(*legs, quotes=quotes_of(["INFY", "TCS", "SBIN"]))
    decision = decide(gate_input, GROSS_10_PCT)
    assert [v.leg for v in decision.violations] == [1, 2]
    assert [v.actual for v in decision.violations] == [120_000, 130_000]
    assert decision.verdict is Verdict.DENY

    two = a_gate_input(*legs[:2], quotes=quotes_of(["INFY", "TCS"]))
    assert offered(decide(two, GROSS_10_PCT)) == {1: 40}


def test_two_legs_of_one_instrument_share_its_cap() -> None:
    gate_input = a_gate_input(a_market_leg(60), a_market_leg(41, leg=1))
    assert only_violation(decide(gate_input, POSITION_10_PCT)).leg == 1


def test_a_leg_that_closes_makes_no_room_for_another_before_it_has_filled() -> None:
    legs = (a_market_leg(100, side=SELL), a_market_leg(1, "TCS", leg=1))
    gate_input = a_gate_input(*legs, held=[a_position(100)], quotes=quotes_of(["INFY", "TCS"]))
    assert codes(gate_input, GROSS_10_PCT) == ("EXP-002",)


def test_no_quantity_fits_when_the_cap_is_used_up() -> None:
    decision = decide(buying(1, held=[a_position(100)]), POSITION_10_PCT)
    assert decision.verdict is Verdict.DENY
    assert only_violation(decision).remedy.startswith("No quantity fits")


@pytest.mark.parametrize(("symbols", "expected"), [(["TCS"], ()), (["TCS", "SBIN"], ("EXP-006",))])
def test_one_more_instrument_opens_up_to_the_count(
    symbols: list[str], expected: tuple[str, ...]
) -> None:
    gate_input = buying(
        1,
        held=[a_position(1, symbol) for symbol in symbols],
        quotes=quotes_of(["INFY", *symbols]),
    )
    assert codes(gate_input, capped(max_open_positions=2)) == expected


def test_adding_to_an_open_position_or_leaving_one_is_no_new_position() -> None:
    held = [a_position(1), a_position(1, "TCS")]
    quotes = quotes_of(["INFY", "TCS"])
    policy = capped(max_open_positions=1)
    assert codes(buying(1, held=held, quotes=quotes), policy) == ()
    leaving = a_gate_input(a_market_leg(1, side=SELL), held=held, quotes=quotes)
    assert codes(leaving, policy) == ()


def test_an_order_in_flight_is_an_open_position() -> None:
    gate_input = buying(1, orders=[an_open_order(symbol="TCS")], quotes=quotes_of(["INFY", "TCS"]))
    assert codes(gate_input, capped(max_open_positions=1)) == ("EXP-006",)


def test_each_leg_that_opens_one_position_too_many_is_named() -> None:
    symbols = ["INFY", "TCS", "SBIN"]
    legs = [a_market_leg(1, symbol, leg=n) for n, symbol in enumerate(symbols)]
    gate_input = a_gate_input(*legs, quotes=quotes_of(symbols))
    decision = decide(gate_input, capped(max_open_positions=1))
    assert [v.leg for v in decision.violations] == [1, 2]
    assert [v.actual for v in decision.violations] == [2, 3]


def test_a_plan_opens_in_at_most_so_many_instruments() -> None:
    legs = (a_market_leg(1), a_market_leg(1, "TCS", leg=1), a_market_leg(1, "TCS", leg=2))
    gate_input = a_gate_input(*legs, quotes=quotes_of(["INFY", "TCS"]))
    assert codes(gate_input, capped(max_symbols_per_plan=2)) == ()
    assert codes(gate_input, capped(max_symbols_per_plan=1)) == ("EXP-008",)


def test_leaving_any_number_of_instruments_at_once_is_allowed() -> None:
    legs = (a_market_leg(1, side=SELL), a_market_leg(1, "TCS", side=SELL, leg=1))
    gate_input = a_gate_input(
        *legs, held=[a_position(1), a_position(1, "TCS")], quotes=quotes_of(["INFY", "TCS"])
    )
    assert codes(gate_input, capped(max_symbols_per_plan=1)) == ()


@pytest.mark.parametrize(
    ("product", "available", "expected"),
    [
        (Product.CNC, "100000", []),
        (Product.CNC, "99999.99", [99]),
        (MIS, "20000", []),
        (MIS, "19999.99", [99]),
        (Product.NRML, "20000", []),
        (Product.NRML, "19999.99", [99]),
    ],
)
def test_delivery_needs_all_the_money_and_the_others_their_margin(
    product: Product, available: str, expected: list[int]
) -> None:
    gate_input = buying(100, product=product, money=margins(available=Decimal(available)))
    assert codes(gate_input) == (("MARGIN-001",) if expected else ())
    assert smaller(gate_input, WIDE_POLICY) == expected


def test_legs_and_orders_in_flight_take_their_money_first() -> None:
    reserved = (terms(BUY, 50, product=MIS, order_type=OrderType.LIMIT, limit_price=Decimal(1000)),)
    gate_input = a_gate_input(
        a_market_leg(30),
        a_market_leg(30, leg=1),
        reserved=reserved,
        money=margins(available=Decimal(60_000)),
    )
    decision = decide(gate_input)
    assert only_violation(decision).leg == 1
    assert compared(only_violation(decision)) == (20_000, 30_000)
    assert offered(decision) == {1: 20}


def test_an_order_in_flight_that_closes_takes_no_money() -> None:
    gate_input = buying(
        10,
        held=[a_position(5)],
        reserved=(terms(SELL, 5, order_type=OrderType.LIMIT, limit_price=Decimal(1019)),),
        money=margins(available=Decimal(10_000)),
    )
    assert codes(gate_input) == ()


def test_money_that_is_already_owed_buys_nothing() -> None:
    decision = decide(buying(1, money=margins(available=Decimal(-5))))
    assert (decision.verdict, decision.codes) == (Verdict.DENY, ("MARGIN-001",))


def test_the_smallest_quantity_that_every_rule_allows_is_offered() -> None:
    gate_input = buying(200, money=margins(available=Decimal(70_000)))
    policy = capped(max_position_pct="0.1", max_gross_exposure_x="0.08")
    decision = decide(gate_input, policy)
    assert decision.codes == ("EXP-001", "EXP-002", "MARGIN-001")
    assert smaller(gate_input, policy) == [70]


def test_a_leg_without_a_price_leaves_the_others_judged() -> None:
    legs = (a_market_leg(10), a_market_leg(200, "TCS", leg=1))
    decision = decide(a_gate_input(*legs, quotes=quotes_of(["TCS"])), POSITION_10_PCT)
    assert [(v.rule_id, v.leg) for v in decision.violations] == [
        ("SYS-001", 0),
        ("SYS-001", 1),
        ("EXP-001", 1),
    ]
