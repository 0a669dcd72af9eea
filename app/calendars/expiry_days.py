"""On which days an exchange trades, for what has only the exchange and the day."""

from collections.abc import Callable
from datetime import date

from app.calendars.sessions import Calendars
from riskgate.contracts.instruments import Exchange


def trading_days(calendars: Calendars) -> Callable[[Exchange, date], bool]:
    """Return a predicate over the calendars; it raises CalendarUnknown for an uncovered day."""

    def trades_on(exchange: Exchange, day: date) -> bool:
        return calendars.calendar_of(exchange).session_on(day) is not None

    return trades_on
