"""Figures are written as people read them, and never say another value."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.insights import figures
from riskgate.contracts.decisions import Severity, Violation

CURRENCIES = st.sampled_from(["INR", "USD"])
AMOUNTS = st.decimals(min_value=-(10**14), max_value=10**14, places=4, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        ("0", "INR", "₹0.00"),
        ("999.5", "INR", "₹999.50"),
        ("100000", "INR", "₹1,00,000.00"),
        ("148050000.129", "INR", "₹14,80,50,000.13"),
        ("-1234567", "INR", "-₹12,34,567.00"),
        ("100000", "USD", "$100,000.00"),
        ("-0.004", "USD", "$0.00"),
        ("1234.5", "EUR", "EUR 1,234.50"),
    ],
)
def test_money_has_its_sign_and_its_groups(value: str, currency: str, written: str) -> None:
    assert figures.money(Decimal(value), currency) == written


@given(AMOUNTS, CURRENCIES)
def test_grouping_changes_no_digit(value: Decimal, currency: str) -> None:
    for written in (figures.count(value, currency), figures.price(value, currency)):
        plain = written.replace(",", "").replace("₹", "").replace("$", "")
        assert Decimal(plain) == value


def test_a_price_is_never_cut() -> None:
    assert figures.price(Decimal("1480.0575"), "INR") == "₹1,480.0575"


@pytest.mark.parametrize(
    ("rule_id", "message", "limit", "actual", "said"),
    [
        (
            "EXP-001",
            "POSITION_TOO_LARGE: the position in NSE:INFY would be 148050000, the cap is 250000",
            "250000",
            "148050000",
            "POSITION_TOO_LARGE: the position in NSE:INFY would be ₹14,80,50,000.00, the cap is"
            " ₹2,50,000.00",
        ),
        (
            "ORD-003",
            "ORDER_VALUE_TOO_LARGE: 100000 of NSE:INFY is 148050000, the cap is 1000000",
            "1000000",
            "148050000",
            "ORDER_VALUE_TOO_LARGE: 1,00,000 of NSE:INFY is ₹14,80,50,000.00, the cap is"
            " ₹10,00,000.00",
        ),
        (
            "ORD-004",
            "ORDER_QUANTITY_TOO_LARGE: 100000 of NFO:NIFTY26DEC25000CE, the cap is 50000",
            "50000",
            "100000",
            "ORDER_QUANTITY_TOO_LARGE: 1,00,000 of NFO:NIFTY26DEC25000CE, the cap is 50,000",
        ),
        (
            "SYS-010",
            "MARKET_CLOSED: it opens at 2026-12-01T03:45:00Z, order 20261201 of ord_123456",
            None,
            None,
            "MARKET_CLOSED: it opens at 2026-12-01T03:45:00Z, order 2,02,61,201 of ord_123456",
        ),
    ],
)
def test_a_rule_is_written_for_people_and_keeps_its_own_figures(
    rule_id: str, message: str, limit: str | None, actual: str | None, said: str
) -> None:
    violation = Violation.model_validate(
        {
            "rule_id": rule_id,
            "severity": Severity.HIGH,
            "message": message,
            "remedy": "Ask for at most 16800",
            "limit": limit,
            "actual": actual,
        }
    )
    written = figures.for_people(violation, "INR")
    assert (written.message, written.remedy) == (said, "Ask for at most 16,800")
    assert (written.limit, written.actual) == (violation.limit, violation.actual)


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("notional", "148050", "₹1,48,050.00"),
        ("gross_exposure_x", "0.148", "0.15x equity"),
        ("new_position_pct", "0.25", "25 %"),
        ("drawdown", "0.012345", "1.23 %"),
    ],
)
def test_a_figure_of_the_gate_has_its_unit(metric: str, value: str, said: str) -> None:
    assert figures.metric(metric, Decimal(value), "INR") == said
