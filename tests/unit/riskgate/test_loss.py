"""What has been lost today, and what a trade may lose. Start of day and equity: 1,000,000."""

from decimal import Decimal
from typing import Any

import pytest

from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import Product, Side
from riskgate.contracts.plans import RiskModel
from riskgate.policy import DEFAULT_POLICY
from tests.unit.riskgate.builders import (
    a_gate_input,
    a_leg,
    a_market_leg,
    a_plan,
    a_policy,
    a_position,
    a_quote,
    an_instrument,
    codes,
    compared,
    decide,
    figures,
    margins,
    only_violation,
    quotes_of,
)

BUY, SELL = Side.BUY, Side.SELL
RISK_1_PCT = a_policy(exposure={"max_position_pct": 1}, order={"max_order_value": 10**9})


def risking(quantity: int, **leg: Any) -> Any:
    return a_gate_input(a_market_leg(quantity, **leg))


@pytest.mark.parametrize(
    ("equity", "expected"),
    [("980000.01", ()), ("980000", ("LOSS-001",)), ("979999.99", ("LOSS-001",)), ("2000000", ())],
)
def test_the_day_ends_for_new_trades_when_its_loss_reaches_the_limit(
    equity: str, expected: tuple[str, ...]
) -> None:
    gate_input = a_gate_input(money=margins(equity=Decimal(equity)))
    assert codes(gate_input, DEFAULT_POLICY) == expected


def test_an_exit_passes_on_a_day_that_lost_too_much() -> None:
    leg = a_market_leg(10, side=SELL)
    gate_input = a_gate_input(leg, held=[a_position(10)], money=margins(equity=Decimal(500_000)))
    decision = decide(gate_input, DEFAULT_POLICY)
    assert decision.verdict is Verdict.ALLOW
    assert figures(decision)["daily_return"] == Decimal("-0.5")
    assert [v.rule_id for v in decision.waived] == [f"LOSS-00{n}" for n in range(1, 5)]


def test_a_trade_may_lose_the_cap_at_its_stop_and_is_reduced_to_it() -> None:
    assert codes(risking(500, stop=980), RISK_1_PCT) == ()
    decision = decide(risking(501, stop=980), RISK_1_PCT)
    assert decision.codes == ("LOSS-005",)
    assert [leg.quantity for leg in decision.modified_quantities] == [500]
    assert compared(only_violation(decision)) == (10_000, 10_020)


def test_the_stop_of_a_short_lies_above_and_its_entry_is_the_lower_price() -> None:
    leg = a_leg(100, side=SELL, stop=1090, limit_price=1000)
    quotes = (a_quote(bid=990, ask=1001),)
    gate_input = a_gate_input(leg, product=Product.MIS, quotes=quotes)
    assert figures(decide(gate_input, RISK_1_PCT))["loss_at_stop[0]"] == 10_000


def test_the_stop_of_the_whole_plan_counts_when_the_leg_has_none() -> None:
    plan = a_plan(a_market_leg(501), risk_model=RiskModel(stop_price=Decimal(980)))
    assert codes(a_gate_input(plan=plan), RISK_1_PCT) == ("LOSS-005",)


def test_the_multiplier_counts() -> None:
    leg = a_market_leg(51, stop=980, instrument=an_instrument(multiplier=10))
    assert codes(a_gate_input(leg), RISK_1_PCT) == ("LOSS-005",)


def test_legs_risk_together() -> None:
    legs = (a_market_leg(300, stop=980), a_market_leg(300, "TCS", stop=980, leg=1))
    gate_input = a_gate_input(*legs, quotes=quotes_of(["INFY", "TCS"]))
    decision = decide(gate_input, RISK_1_PCT)
    assert only_violation(decision).leg == 1
    assert compared(only_violation(decision)) == (10_000, 12_000)
    assert [leg.quantity for leg in decision.modified_quantities] == [200]


def test_a_trade_without_a_stop_is_not_measured() -> None:
    assert codes(risking(900), RISK_1_PCT) == ()


@pytest.mark.parametrize(("side", "stop"), [(BUY, 1000), (BUY, 1010), (SELL, 1000), (SELL, 990)])
def test_a_stop_that_the_market_has_passed_denies(side: Side, stop: int) -> None:
    leg = a_market_leg(1, side=side, stop=stop)
    decision = decide(a_gate_input(leg, product=Product.MIS), RISK_1_PCT)
    assert decision.verdict is Verdict.DENY
    assert only_violation(decision).message.startswith("STOP_PASSED")


def test_only_the_part_that_opens_is_at_risk() -> None:
    leg = a_market_leg(600, side=SELL, stop=1020)
    gate_input = a_gate_input(leg, product=Product.MIS, held=[a_position(100, product=Product.MIS)])
    assert codes(gate_input, RISK_1_PCT) == ()
