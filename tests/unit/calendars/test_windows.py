"""Which trading day, week and month a time counts to."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.calendars.sessions import CalendarUnknown
from app.calendars.table import load
from app.calendars.windows import Windows, windows_of
from riskgate.contracts.instruments import Exchange

CALENDARS = load()
MICROSECOND = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def windows(text: str, exchange: Exchange = Exchange.NSE) -> Windows:
    return windows_of(CALENDARS.calendar_of(exchange), utc(text))


def keys(text: str, exchange: Exchange = Exchange.NSE) -> tuple[str, str, str]:
    found = windows(text, exchange)
    return found.day.key, found.week.key, found.month.key


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # Midnight in India is 18:30 in UTC.
        ("2026-11-20T06:00", ("2026-11-20", "2026-W47", "2026-11")),
        ("2026-11-20T18:29:59.999999", ("2026-11-20", "2026-W47", "2026-11")),
        ("2026-11-20T18:30", ("2026-11-23", "2026-W48", "2026-11")),
        ("2026-11-22T06:00", ("2026-11-23", "2026-W48", "2026-11")),
        ("2026-11-23T18:30", ("2026-11-25", "2026-W48", "2026-11")),  # The 24th is a holiday
        ("2026-10-31T06:00", ("2026-11-02", "2026-W45", "2026-11")),  # Saturday, next month
        ("2026-02-01T06:00", ("2026-02-01", "2026-W05", "2026-02")),  # Budget Sunday
        ("2026-01-01T06:00", ("2026-01-01", "2026-W01", "2026-01")),
        ("2020-12-31T18:30", ("2021-01-01", "2020-W53", "2021-01")),  # Friday of ISO week 53
    ],
)
def test_a_time_in_india_counts_to(at: str, expected: tuple[str, str, str]) -> None:
    assert keys(at) == expected


@pytest.mark.parametrize(
    ("at", "day"),
    [
        # Midnight in New York is 05:00 in winter, 04:00 in summer.
        ("2026-11-20T04:59:59.999999", "2026-11-19"),
        ("2026-11-20T05:00", "2026-11-20"),
        ("2026-11-21T04:59", "2026-11-20"),
        ("2026-11-21T05:00", "2026-11-23"),
        ("2026-07-01T03:59", "2026-06-30"),
        ("2026-07-01T04:00", "2026-07-01"),
        ("2026-07-03T12:00", "2026-07-06"),
    ],
)
def test_a_time_in_new_york_counts_to_its_local_trading_day(at: str, day: str) -> None:
    assert keys(at, Exchange.NASDAQ)[0] == day


def test_the_windows_of_a_day_begin_after_the_session_before_them() -> None:
    found = windows("2026-11-25T06:00")
    assert (found.day.first_day, found.week.first_day, found.month.first_day) == (
        date(2026, 11, 25),
        date(2026, 11, 23),
        date(2026, 11, 2),
    )
    assert found.day.starts_at == utc("2026-11-23T18:30")
    assert found.week.starts_at == utc("2026-11-20T18:30")
    assert found.month.starts_at == utc("2026-10-30T18:30")
    assert found.day.opens_at == utc("2026-11-25T03:45")
    assert found.week.opens_at == utc("2026-11-23T03:45")
    assert found.month.opens_at == utc("2026-11-02T03:45")


def test_a_week_whose_monday_is_a_holiday_begins_with_its_tuesday() -> None:
    week = windows("2026-01-29T06:00").week
    assert (week.key, week.first_day) == ("2026-W05", date(2026, 1, 27))
    assert week.starts_at == utc("2026-01-23T18:30")


def test_a_window_over_the_change_of_the_clocks_begins_at_the_old_midnight() -> None:
    monday = windows("2024-03-11T15:00", Exchange.NYSE).day
    assert monday.starts_at == utc("2024-03-09T05:00")
    assert monday.opens_at == utc("2024-03-11T13:30")


@pytest.mark.parametrize("at", ["2014-12-30T06:00", "2015-01-01T06:00", "2027-01-04T06:00"])
def test_where_the_sessions_are_not_known_there_is_no_window(at: str) -> None:
    with pytest.raises(CalendarUnknown):
        windows(at)


def test_the_first_whole_month_of_the_table_has_windows_and_the_last_day_too() -> None:
    assert keys("2015-02-02T06:00") == ("2015-02-02", "2015-W06", "2015-02")
    assert keys("2026-12-31T18:29") == ("2026-12-31", "2026-W53", "2026-12")
