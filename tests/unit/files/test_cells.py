"""What cells are: numbers as they are written in India and abroad, days, and all else text."""

from datetime import date
from decimal import Decimal

import pytest

from app.files.cells import day, number


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("0", "0", ""),
        ("-5", "-5", ""),
        ("1,00,000", "100000", ""),
        ("1,480.50", "1480.50", ""),
        ("(1,200)", "-1200", ""),
        ("₹ 12.5", "12.5", "INR"),
        ("Rs. 1,00,000.25", "100000.25", "INR"),
        ("-$3", "-3", "USD"),
        ("$-3", "-3", "USD"),
        ("+7", "7", ""),
        (".5", "0.5", ""),
        ("1e3", "1000", ""),
        ("−4", "-4", ""),
    ],
)
def test_numbers_are_read_exactly(text: str, value: str, currency: str) -> None:
    found = number(text)
    assert found is not None
    assert (found.value, found.currency) == (Decimal(value), currency)


@pytest.mark.parametrize(
    "text",
    ["", "007", "1,00", "12,34,5", "12%", "INFY", "1 2", "=1+1", "--5", "1٠", "٣", "nan", "inf",
     "1e999", "(5", "5)", "9" * 60, "0x10", "1.480,50", "+-1"],
)  # fmt: skip
def test_what_may_mean_something_else_is_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "is_day", "which"),
    [
        ("2026-11-30", True, date(2026, 11, 30)),
        ("2026-11-30 09:15:00", True, date(2026, 11, 30)),
        ("2026-11-30T09:15:00+05:30", True, date(2026, 11, 30)),
        ("30-Nov-2026", True, date(2026, 11, 30)),
        ("3 December 2026", True, date(2026, 12, 3)),
        ("03/04/2026", True, None),
        ("2026-13-01", False, None),
        ("30-Xyz-2026", False, None),
        ("tomorrow", False, None),
    ],
)
def test_a_day_is_told_where_it_is_certain(text: str, is_day: bool, which: date | None) -> None:
    assert day(text) == (is_day, which)
