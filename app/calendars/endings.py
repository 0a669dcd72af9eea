"""Which calendars end soon: from then nobody knows when their exchanges trade."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from app.calendars.sessions import Calendars

WARN_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Ending:
    """A calendar whose last known day is near, or past."""

    calendar: str
    exchanges: tuple[str, ...]
    last_day: date
    days_left: int

    @property
    def text(self) -> str:
        """Say what ends, what that does, and what to do."""
        verb = "ends" if self.days_left >= 0 else "ended"
        return (
            f"The calendar {self.calendar} ({', '.join(self.exchanges)}) {verb} on {self.last_day}."
            " After that day live orders there are refused. Add the next year's circular:"
            " docs/howto/calendars.md."
        )


def ending_soon(calendars: Calendars, at: datetime) -> tuple[Ending, ...]:
    """Return the calendars that end within `WARN_DAYS` days of a time, by their own time zones."""
    found: dict[str, Ending] = {}
    for calendar in calendars.by_exchange.values():
        left = (calendar.last_day - calendar.local_day(at)).days
        if left <= WARN_DAYS:
            names = [e.value for e, its in calendars.by_exchange.items() if its is calendar]
            found[calendar.code] = Ending(
                calendar=calendar.code,
                exchanges=tuple(names),
                last_day=calendar.last_day,
                days_left=left,
            )
    return tuple(found[code] for code in sorted(found))
