"""The days and hours of the exchanges in India."""

from datetime import date, time
from functools import cache
from typing import Final

from app.calendars.sessions import SATURDAY, Calendar, CalendarUnknown
from app.calendars.table import load
from riskgate.contracts.instruments import Exchange

OPENS: Final = time(9, 15)
CLOSES: Final = time(15, 30)


def trades_on(exchange: Exchange, day: date) -> bool:
    """Say whether an exchange trades on a day; where no calendar reaches, on weekdays."""
    calendar = _calendars().get(exchange)
    try:
        if calendar is not None:
            return calendar.session_on(day) is not None
    except CalendarUnknown:
        pass
    return day.weekday() < SATURDAY


@cache
def _calendars() -> dict[Exchange, Calendar]:
    return dict(load().by_exchange)
