"""Named days and moments of both markets, as the exchanges held them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.calendars.sessions import UNKNOWN, CalendarUnknown, MarketState
from app.calendars.table import load
from riskgate.contracts.instruments import Exchange

CALENDARS = load()
INDIA = CALENDARS.calendar_of(Exchange.NSE)
AMERICA = CALENDARS.calendar_of(Exchange.NYSE)
MICROSECOND = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(exchange: Exchange, day: str) -> str | None:
    """Return the session of a day as `HH:MM-HH:MM` in UTC."""
    session = CALENDARS.calendar_of(exchange).session_on(date.fromisoformat(day))
    return None if session is None else f"{session.opens_at:%H:%M}-{session.closes_at:%H:%M}"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2015-02-28", "03:45-10:00"),  # Union Budget, Saturday
        ("2015-11-11", "12:15-13:15"),  # Muhurat
        ("2016-10-30", "13:00-14:00"),  # Muhurat, Sunday
        ("2019-04-29", None),  # General election, Mumbai
        ("2020-02-01", "03:45-10:00"),  # Union Budget, Saturday
        ("2020-03-23", "03:45-10:00"),  # A halt of 45 minutes is no holiday
        ("2020-11-14", "12:45-13:45"),  # Muhurat, Saturday
        ("2020-11-16", None),  # Diwali Balipratipada
        ("2022-10-24", "12:45-13:45"),  # Muhurat
        ("2023-11-12", "12:45-13:45"),  # Muhurat, Sunday
        ("2024-01-20", "03:45-10:00"),  # Saturday in place of the 22nd
        ("2024-01-22", None),  # Ram Mandir
        ("2024-05-20", None),  # General election, Mumbai
        ("2024-11-01", "12:30-13:30"),  # Muhurat
        ("2024-11-20", None),  # Maharashtra election
        ("2025-02-01", "03:45-10:00"),  # Union Budget, Saturday
        ("2025-10-20", "03:45-10:00"),  # The day before Diwali
        ("2025-10-21", "08:15-09:15"),  # Muhurat in the afternoon
        ("2025-10-22", None),  # Diwali Balipratipada
        ("2026-01-15", None),  # Municipal elections, Maharashtra
        ("2026-01-26", None),  # Republic Day
        ("2026-02-01", "03:45-10:00"),  # Union Budget, Sunday
        ("2026-03-03", None),  # Holi
        ("2026-05-01", None),  # Maharashtra Day
        ("2026-11-10", None),  # Diwali Balipratipada
        ("2026-11-20", "03:45-10:00"),  # An ordinary Friday
        ("2026-11-21", None),  # Saturday
        ("2026-11-22", None),  # Sunday
        ("2026-12-25", None),  # Christmas
    ],
)
def test_the_indian_exchanges_kept_these_hours(day: str, expected: str | None) -> None:
    indian = (Exchange.NSE, Exchange.BSE, Exchange.NFO, Exchange.BFO)
    assert [hours(exchange, day) for exchange in indian] == [expected] * 4


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2018-12-05", None),  # Mourning for President Bush
        ("2021-06-18", "13:30-20:00"),  # Juneteenth was not yet kept
        ("2022-06-20", None),  # Juneteenth, observed
        ("2021-12-31", "14:30-21:00"),  # New Year's Day on a Saturday is not observed
        ("2024-03-08", "14:30-21:00"),  # The Friday before the clocks change
        ("2024-03-11", "13:30-20:00"),  # The Monday after
        ("2024-07-03", "13:30-17:00"),  # Early close before Independence Day
        ("2024-11-28", None),  # Thanksgiving
        ("2024-11-29", "14:30-18:00"),  # Early close after Thanksgiving
        ("2024-12-24", "14:30-18:00"),  # Christmas Eve
        ("2025-01-09", None),  # Mourning for President Carter
        ("2025-10-31", "13:30-20:00"),  # The Friday before the clocks change back
        ("2025-11-03", "14:30-21:00"),  # The Monday after
        ("2026-04-03", None),  # Good Friday
        ("2026-07-03", None),  # Independence Day, observed
        ("2026-11-21", None),  # Saturday
        ("2026-11-27", "14:30-18:00"),  # Early close after Thanksgiving
        ("2027-12-24", None),  # Christmas, observed
        ("2028-07-03", "13:30-17:00"),  # Early close before Independence Day
    ],
)
def test_the_american_exchanges_kept_these_hours(day: str, expected: str | None) -> None:
    american = (Exchange.NYSE, Exchange.NASDAQ, Exchange.ARCA)
    assert [hours(exchange, day) for exchange in american] == [expected] * 3


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("2026-11-20T03:45", "2026-11-20T10:00"),
        ("2025-10-21T08:15", "2025-10-21T09:15"),
    ],
)
def test_a_market_is_open_at_its_opening_and_closed_at_its_close(opens: str, closes: str) -> None:
    for moment, is_open in (
        (utc(opens) - MICROSECOND, False),
        (utc(opens), True),
        (utc(opens) + MICROSECOND, True),
        (utc(closes) - MICROSECOND, True),
        (utc(closes), False),
        (utc(closes) + MICROSECOND, False),
    ):
        assert INDIA.state(moment).is_open is is_open, moment


def test_the_state_before_during_and_after_a_session_names_what_comes_next() -> None:
    friday = date(2026, 11, 20)
    monday_opening = utc("2026-11-23T03:45")
    assert INDIA.state(utc("2026-11-20T03:00")) == MarketState(
        is_open=False, closes_at=None, next_opens_at=utc("2026-11-20T03:45"), day=friday
    )
    assert INDIA.state(utc("2026-11-20T06:00")) == MarketState(
        is_open=True, closes_at=utc("2026-11-20T10:00"), next_opens_at=monday_opening, day=friday
    )
    assert INDIA.state(utc("2026-11-20T18:29")) == MarketState(
        is_open=False, closes_at=None, next_opens_at=monday_opening, day=friday
    )
    assert INDIA.state(utc("2026-11-20T18:30")).day == date(2026, 11, 23)


def test_a_time_in_any_zone_is_the_same_time() -> None:
    moment = utc("2026-11-20T06:00")
    assert INDIA.state(moment.astimezone(AMERICA.zone)) == INDIA.state(moment)


def test_the_session_hours_are_in_utc() -> None:
    session = AMERICA.session_on(date(2026, 11, 20))
    assert session is not None
    assert (session.opens_at.tzinfo, session.closes_at.tzinfo) == (UTC, UTC)
    assert (session.calendar, session.day) == ("XNYS", date(2026, 11, 20))


def test_a_naive_time_is_refused() -> None:
    naive = datetime(2026, 11, 20, 6)  # noqa: DTZ001
    with pytest.raises(ValueError, match="needs a time zone"):
        INDIA.state(naive)


@pytest.mark.parametrize("day", ["2014-12-31", "2027-01-01", "2027-01-02"])
def test_a_day_outside_the_table_is_unknown_also_at_a_weekend(day: str) -> None:
    with pytest.raises(CalendarUnknown, match="XBOM is known from 2015-01-01 to 2026-12-31"):
        INDIA.session_on(date.fromisoformat(day))
    assert INDIA.state(utc(f"{day}T06:00")) == UNKNOWN


def test_after_the_last_session_of_the_table_the_next_opening_is_unknown() -> None:
    after = INDIA.state(utc("2026-12-31T12:00"))
    assert (after.is_open, after.next_opens_at, after.day) == (False, None, date(2026, 12, 31))


def test_a_closed_day_at_the_end_of_the_table_is_closed_and_has_no_trading_day() -> None:
    sunday = AMERICA.state(utc("2028-12-31T15:00"))
    assert sunday == MarketState(is_open=False, closes_at=None, next_opens_at=None, day=None)


def test_exchanges_of_one_calendar_have_its_state() -> None:
    moment = utc("2026-11-20T06:00")
    assert CALENDARS.state_of([Exchange.NSE, Exchange.NFO], moment) == INDIA.state(moment)


def test_exchanges_of_two_calendars_are_open_only_together() -> None:
    both = [Exchange.NSE, Exchange.NYSE]
    assert CALENDARS.state_of(both, utc("2026-11-20T06:00")) == MarketState(
        is_open=False,
        closes_at=None,
        next_opens_at=utc("2026-11-20T14:30"),
        day=date(2026, 11, 20),
    )
    # In India it is Saturday already.
    late = CALENDARS.state_of(both, utc("2026-11-20T20:00"))
    assert (late.is_open, late.next_opens_at, late.day) == (False, utc("2026-11-23T03:45"), None)


@pytest.mark.parametrize(
    "exchanges",
    [[], [Exchange.MCX], [Exchange.NSE, Exchange.MCX], [Exchange.MCX, Exchange.NYSE]],
)
def test_one_unknown_exchange_or_none_at_all_makes_the_state_unknown(
    exchanges: list[Exchange],
) -> None:
    assert CALENDARS.state_of(exchanges, utc("2026-11-20T06:00")) == UNKNOWN


def test_when_one_table_has_ended_the_others_do_not_answer_for_it() -> None:
    moment = utc("2027-01-04T15:00")
    assert CALENDARS.state_of([Exchange.NYSE], moment).is_open is True
    assert CALENDARS.state_of([Exchange.NYSE, Exchange.NSE], moment) == UNKNOWN
