"""The time for a plan's orders."""

import pytest

from riskgate.contracts.intents import Comparison
from riskgate.contracts.plans import ValidityWindow
from tests.unit.riskgate.builders import (
    NOW,
    Amount,
    a_gate_input,
    a_plan,
    a_quote,
    an_entry_rule,
    codes,
    decide,
    only_violation,
    seconds,
)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("0", "0", ()),
        ("0.000001", "60", ("PLAN-001",)),
        ("-60", "-0.000001", ("PLAN-001",)),
    ],
)
def test_a_plan_is_valid_from_its_start_to_its_end_both_included(
    start: str, end: str, expected: tuple[str, ...]
) -> None:
    window = ValidityWindow(start=NOW + seconds(start), end=NOW + seconds(end))
    assert codes(a_gate_input(plan=a_plan(validity_window=window))) == expected


@pytest.mark.parametrize(
    ("comparison", "price", "expected"),
    [
        (Comparison.GT, 999, ()),
        (Comparison.GT, 1000, ("PLAN-002",)),
        (Comparison.GTE, 1000, ()),
        (Comparison.GTE, "1000.05", ("PLAN-002",)),
        (Comparison.LT, 1001, ()),
        (Comparison.LT, 1000, ("PLAN-002",)),
        (Comparison.LTE, 1000, ()),
        (Comparison.LTE, "999.95", ("PLAN-002",)),
    ],
)
def test_an_entry_rule_must_hold_at_the_last_price(
    comparison: Comparison, price: Amount, expected: tuple[str, ...]
) -> None:
    plan = a_plan(entry_rules=(an_entry_rule(comparison, price),))
    assert codes(a_gate_input(plan=plan)) == expected


@pytest.mark.parametrize("quotes", [(a_quote(),), (a_quote(), a_quote("NIFTY", 1, age=11))])
def test_an_entry_rule_that_cannot_be_checked_denies(quotes: object) -> None:
    plan = a_plan(entry_rules=(an_entry_rule(Comparison.GT, 1, "NIFTY"),))
    violation = only_violation(decide(a_gate_input(plan=plan, quotes=quotes)))
    assert violation.message.startswith("ENTRY_RULE_UNKNOWN")


@pytest.mark.parametrize(
    ("is_open", "expected"),
    [(True, ""), (False, "MARKET_CLOSED"), (None, "MARKET_UNKNOWN")],
)
def test_only_a_market_known_to_be_open_passes(is_open: bool | None, expected: str) -> None:
    decision = decide(a_gate_input(market_open=is_open))
    assert decision.codes == (("MKT-001",) if expected else ())
    assert [v.message.split(":")[0] for v in decision.violations] == [expected] * bool(expected)
