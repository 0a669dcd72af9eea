"""The trading day, week and month that a time belongs to; what daily and weekly limits count in.

A window runs from the local midnight after the last session before it. So every time is in exactly
one window of each length: what happens after the close counts to the day that just ended until
midnight, and from then, and over a weekend or a holiday, to the next session's day.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.calendars.sessions import A_DAY, Calendar, Session


@dataclass(frozen=True, slots=True)
class Window:
    """One trading day, week or month.

    `key` names it (`2026-11-20`, `2026-W47`, `2026-11`); `first_day` is the day of its first
    session, which opens at `opens_at`. The window itself begins at `starts_at`, at or before that.
    """

    key: str
    first_day: date
    starts_at: datetime
    opens_at: datetime


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows that one time belongs to; week and month are those of its trading day."""

    day: Window
    week: Window
    month: Window


def windows_of(calendar: Calendar, at: datetime) -> Windows:
    """Return the trading day, ISO week and calendar month of a time.

    Raises CalendarUnknown where the sessions they need are not covered, ValueError for a naive
    time.
    """
    session = calendar.trading_session(at)
    day = session.day
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    return Windows(
        day=_window(calendar, day.isoformat(), session),
        week=_window(calendar, f"{year:04d}-W{week:02d}", calendar.session_from(monday)),
        month=_window(calendar, f"{day:%Y-%m}", calendar.session_from(day.replace(day=1))),
    )


def _window(calendar: Calendar, key: str, first: Session) -> Window:
    previous = calendar.session_before(first.day)
    return Window(
        key=key,
        first_day=first.day,
        starts_at=calendar.instant(previous.day + A_DAY, time.min),
        opens_at=first.opens_at,
    )
