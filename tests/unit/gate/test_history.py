"""Periods by the exchange's calendar or by UTC, and the equity that each began with."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.calendars.sessions import Calendars
from app.calendars.table import load
from app.gate.history import day_start_of, history_of, rolled
from app.gate.periods import Periods, periods_of
from riskgate.contracts.instruments import Currency
from riskgate.policy import ExecutionLimits, Limits, Override, Policy, longest_duplicate_window
from tests.unit.riskgate.builders import a_history, margins

SUNDAY = datetime(2026, 3, 29, 20, 0, tzinfo=UTC)
MONDAY = Periods("2026-03-30", "2026-W14", "2026-03", SUNDAY)


@pytest.mark.parametrize(
    ("currency", "at", "day", "starts"),
    [
        # 01:30 on Monday in India; in New York it is Sunday, which belongs to Monday.
        (Currency.INR, SUNDAY, "2026-03-30", datetime(2026, 3, 27, 18, 30, tzinfo=UTC)),
        (Currency.USD, SUNDAY, "2026-03-30", datetime(2026, 3, 28, 4, 0, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_the_midnight_after_the_last_session(
    currency: Currency, at: datetime, day: str, starts: datetime
) -> None:
    found = periods_of(load(), currency, at)
    assert (found.day, found.day_starts_at) == (day, starts)


@pytest.mark.parametrize("calendars", [Calendars({}), load()], ids=["none", "not covered"])
def test_where_no_calendar_reaches_the_periods_are_of_utc(calendars: Calendars) -> None:
    at = datetime(2035, 1, 1, 23, 30, tzinfo=UTC)
    assert periods_of(calendars, Currency.INR, at) == Periods(
        day="2035-01-01",
        week="2035-W01",
        month="2035-01",
        day_starts_at=datetime(2035, 1, 1, tzinfo=UTC),
    )


def test_a_first_look_begins_every_period_with_what_the_broker_says_of_the_day() -> None:
    record = rolled(None, MONDAY, margins(equity=990, start_of_day_equity=1000))
    assert {record.day_start, record.week_start, record.month_start, record.peak} == {Decimal(1000)}
    assert history_of(record) == a_history(1000)
    assert history_of(None) is None


def test_a_new_day_leaves_week_month_and_latch_and_no_peak_ever_falls() -> None:
    first = replace(rolled(None, MONDAY, margins(equity=1000)), spent_month="2026-03")
    tuesday = Periods("2026-03-31", "2026-W14", "2026-03", SUNDAY)
    record = rolled(first, tuesday, margins(equity=900))
    starts = [int(start) for start in (record.day_start, record.week_start, record.month_start)]
    assert (starts, int(record.peak), record.spent_month) == ([900, 1000, 1000], 1000, "2026-03")
    assert history_of(record) == a_history(1000, month_spent=True)
    assert rolled(record, MONDAY, margins(equity=900)) == record


def test_the_day_began_with_the_brokers_word_or_else_ours() -> None:
    record = rolled(None, MONDAY, margins(equity=1000))
    assert day_start_of(record, margins(equity=900, start_of_day_equity=950)) == 950
    assert day_start_of(record, margins(equity=900)) == 1000
    assert day_start_of(None, None) is None


def test_repeats_are_remembered_for_the_longest_window_of_any_override() -> None:
    longer = Override(limits=Limits(execution=ExecutionLimits(duplicate_window_s=Decimal(90))))
    assert longest_duplicate_window(Policy()) == 0
    assert longest_duplicate_window(Policy(symbols={"INFY": longer})) == 90
    assert longest_duplicate_window(Policy(strategies={"manual": longer})) == 90
