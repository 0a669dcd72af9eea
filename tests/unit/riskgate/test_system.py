"""Missing, old or contradictory facts deny."""

from decimal import Decimal
from typing import Any

import pytest

from riskgate.contracts.decisions import Verdict, Violation
from riskgate.contracts.instruments import Currency, Exchange, InstrumentKind
from riskgate.contracts.orders import Product, Side
from riskgate.engine import GateInput
from tests.unit.riskgate.builders import (
    NOW,
    a_gate_input,
    a_ledger,
    a_leg,
    a_market_leg,
    a_plan,
    a_position,
    a_quote,
    a_snapshot,
    an_instrument,
    an_open_order,
    codes,
    decide,
    figures,
    margins,
    only_violation,
    seconds,
    terms,
)


def messages(**changes: Any) -> list[str]:
    return [f"{v.rule_id} {v.message.split(':')[0]}" for v in violations(**changes)]


def violations(**changes: Any) -> tuple[Violation, ...]:
    return decide(a_gate_input(**changes)).violations


def an_exit(**changes: Any) -> GateInput:
    leg = a_market_leg(10, side=Side.SELL)
    held = [a_position(10), *changes.pop("held", ())]
    return a_gate_input(leg, held=held, **changes)


def test_a_missing_quote_denies() -> None:
    assert messages(quotes=()) == ["SYS-001 QUOTE_MISSING"]


def test_a_price_of_zero_denies() -> None:
    unusable = a_quote().model_copy(update={"last": Decimal(0)})
    assert messages(quotes=(unusable,)) == ["SYS-001 QUOTE_NONPOSITIVE"]


def test_without_a_price_no_figure_is_made_up() -> None:
    assert set(figures(decide(a_gate_input(quotes=())))) == {
        "equity",
        "daily_return_pct",
        "margin_needed",
        "margin_available",
    }


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("10", []),
        ("10.000001", ["SYS-002 QUOTE_STALE"]),
        ("-5", []),
        ("-5.000001", ["SYS-002 QUOTE_FROM_FUTURE"]),
    ],
)
def test_a_quote_passes_up_to_its_age_and_the_skew_of_clocks(age: str, expected: list[str]) -> None:
    assert messages(quotes=(a_quote(age=age),)) == expected


def test_a_stale_quote_says_how_old_it_is() -> None:
    violation = only_violation(decide(a_gate_input(quotes=(a_quote(age="10.5"),))))
    assert (violation.limit, violation.actual) == (Decimal(10), Decimal("10.5"))


def test_a_missing_snapshot_denies_even_an_exit() -> None:
    selling = a_market_leg(10, side=Side.SELL)
    assert codes(a_gate_input(selling, broker=None)) == ("SYS-003", "SYS-004")


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("30", []),
        ("30.000001", ["SYS-003 SNAPSHOT_STALE"]),
        ("-5", []),
        ("-5.000001", ["SYS-003 SNAPSHOT_FROM_FUTURE"]),
    ],
)
def test_a_snapshot_passes_up_to_its_age_and_the_skew_of_clocks(
    age: str, expected: list[str]
) -> None:
    assert messages(broker=a_snapshot(as_of=NOW - seconds(age))) == expected


def test_a_snapshot_of_another_account_denies_and_its_money_is_not_used() -> None:
    decision = decide(a_gate_input(broker=a_snapshot(account_id="paper-2")))
    assert decision.codes == ("SYS-003", "SYS-004")
    assert "equity" not in figures(decision)


def test_a_ledger_of_another_account_denies() -> None:
    assert messages(ledger=a_ledger(account_id="paper-2")) == ["SYS-003 LEDGER_OF_ANOTHER_ACCOUNT"]


def test_a_missing_ledger_is_no_fault_because_the_broker_is_the_truth() -> None:
    assert messages(ledger=None) == []


def test_missing_margins_deny() -> None:
    assert messages(money=None) == ["SYS-004 EQUITY_MISSING"]


@pytest.mark.parametrize("equity", ["0", "-1"])
def test_equity_that_is_not_positive_denies_and_nothing_is_divided_by_it(equity: str) -> None:
    assert messages(money=margins(equity=Decimal(equity))) == ["SYS-004 EQUITY_NONPOSITIVE"]


@pytest.mark.parametrize("start", [None, Decimal(0), Decimal(-1)])
def test_an_unknown_start_of_day_equity_denies_a_purchase(start: Decimal | None) -> None:
    expected = ["SYS-004 START_OF_DAY_EQUITY_MISSING"]
    assert messages(start_of_day_equity=start) == expected


def test_an_exit_needs_no_start_of_day_equity() -> None:
    assert decide(an_exit(start_of_day_equity=None)).verdict is Verdict.ALLOW


def test_an_instrument_in_another_currency_than_the_account_denies() -> None:
    foreign = a_leg(instrument=an_instrument(currency=Currency.USD))
    assert codes(a_gate_input(foreign)) == ("SYS-005",)


def test_a_plan_in_another_currency_than_the_account_denies() -> None:
    assert codes(a_gate_input(plan=a_plan(currency=Currency.USD))) == ("SYS-005",)


@pytest.mark.parametrize("quotes", [(a_quote(),), (a_quote(), a_quote("TCS", age=11))])
def test_a_held_symbol_without_a_current_price_denies_a_purchase(quotes: object) -> None:
    decision = decide(a_gate_input(held=[a_position(1, "TCS")], quotes=quotes))
    assert decision.codes == ("SYS-006",)
    assert "gross_exposure_after" not in figures(decision)


def test_a_held_symbol_without_a_price_does_not_hold_up_an_exit_of_another() -> None:
    assert decide(an_exit(held=[a_position(1, "TCS")])).verdict is Verdict.ALLOW


def test_a_symbol_with_an_order_in_flight_needs_a_price_too() -> None:
    assert codes(a_gate_input(orders=[an_open_order(symbol="TCS")])) == ("SYS-006",)
    assert codes(a_gate_input(reserved=(terms(symbol="TCS"),))) == ("SYS-006",)


def test_a_position_closed_today_needs_no_price() -> None:
    assert codes(a_gate_input(held=[a_position(0, "TCS")])) == ()


def test_a_held_derivative_is_valued_only_with_its_row_of_the_master() -> None:
    future = an_instrument(
        "GOLDM26APRFUT", exchange=Exchange.MCX, kind=InstrumentKind.FUTURE, multiplier=10
    )
    held = [a_position(1, "GOLDM26APRFUT", Product.NRML, exchange=Exchange.MCX)]
    quotes = (a_quote(), a_quote("GOLDM26APRFUT", 7000, exchange=Exchange.MCX))
    assert codes(a_gate_input(held=held, quotes=quotes)) == ("SYS-006",)
    known = decide(a_gate_input(held=held, quotes=quotes, instruments=(future,)))
    assert known.verdict is Verdict.ALLOW
    assert figures(known)["gross_exposure_before"] == 70_000


@pytest.mark.parametrize(
    "changes",
    [
        {"quotes": (a_quote(), a_quote())},
        {"instruments": (an_instrument(), an_instrument())},
        {"plan": a_plan(a_leg(), a_leg())},
    ],
)
def test_facts_given_twice_are_refused_because_either_could_be_meant(
    changes: dict[str, object],
) -> None:
    with pytest.raises(ValueError, match="was given two"):
        a_gate_input(**changes)
