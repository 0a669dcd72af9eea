"""The trading day, week and month that an account's losses and orders are counted in."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final

from app.calendars.sessions import Calendars, CalendarUnknown
from app.calendars.windows import windows_of
from riskgate.contracts.instruments import Currency, Exchange

# The exchange whose days an account's are.
HOME: Final = {Currency.INR: Exchange.NSE, Currency.USD: Exchange.NYSE}


@dataclass(frozen=True, slots=True)
class Periods:
    """The names of a time's day, week and month, and when that day began; later ones sort after."""

    day: str
    week: str
    month: str
    day_starts_at: datetime


def periods_of(calendars: Calendars, currency: Currency, at: datetime) -> Periods:
    """Return the periods of an account's own exchange.

    Where its calendar does not cover the time, they are the day, ISO week and month of UTC.
    """
    try:
        windows = windows_of(calendars.calendar_of(HOME[currency]), at)
    except CalendarUnknown:
        return _utc_periods(at)
    return Periods(
        day=windows.day.key,
        week=windows.week.key,
        month=windows.month.key,
        day_starts_at=windows.day.starts_at,
    )


def _utc_periods(at: datetime) -> Periods:
    day = at.astimezone(UTC).date()
    year, week, _weekday = day.isocalendar()
    return Periods(
        day=day.isoformat(),
        week=f"{year:04d}-W{week:02d}",
        month=f"{day:%Y-%m}",
        day_starts_at=datetime.combine(day, time.min, UTC),
    )
