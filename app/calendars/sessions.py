"""When an exchange trades: sessions, and what is open at a given time.

Pure values. Days are days of the exchange's own time zone, times are aware and in UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from riskgate.contracts.instruments import Exchange

A_DAY: Final = timedelta(days=1)
SATURDAY: Final = 5


class CalendarUnknown(LookupError):
    """No table and no circular says whether the exchange trades then; act as if it were closed."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The opening and closing time of a day, in the exchange's own time zone."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Session:
    """One day's trading; open from `opens_at`, no longer open at `closes_at`."""

    calendar: str
    day: date
    opens_at: datetime
    closes_at: datetime

    def is_open(self, at: datetime) -> bool:
        """Say whether the session is running."""
        return self.opens_at <= at < self.closes_at


@dataclass(frozen=True, slots=True)
class MarketState:
    """What is known of a market at one time; None is "not known", never "no".

    `day` is the trading day that the time belongs to. `closes_at` is the end of the running
    session, None also while the market is closed. `next_opens_at` is the next opening after now.
    """

    is_open: bool | None = None
    closes_at: datetime | None = None
    next_opens_at: datetime | None = None
    day: date | None = None


UNKNOWN: Final = MarketState()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The trading days of one calendar from `first_day` to `last_day`.

    `special` holds the days that are not as their weekday says: other hours, or None for a day
    without trading. A special day outside the range is known too; its neighbours are not.
    """

    code: str
    zone: ZoneInfo
    regular: Hours
    first_day: date
    last_day: date
    special: Mapping[date, Hours | None] = field(repr=False)

    def session_on(self, day: date) -> Session | None:
        """Return the session of a day, None where there is no trading.

        Raises CalendarUnknown for a day that the calendar does not cover.
        """
        hours = self._hours_on(day)
        if hours is None:
            return None
        return Session(
            calendar=self.code,
            day=day,
            opens_at=self.instant(day, hours.opens),
            closes_at=self.instant(day, hours.closes),
        )

    def session_from(self, day: date) -> Session:
        """Return the session of the day, or else the first one after it.

        Raises CalendarUnknown when an uncovered day comes first.
        """
        while (session := self.session_on(day)) is None:
            day += A_DAY
        return session

    def session_before(self, day: date) -> Session:
        """Return the last session before the day.

        Raises CalendarUnknown when an uncovered day comes first.
        """
        day -= A_DAY
        while (session := self.session_on(day)) is None:
            day -= A_DAY
        return session

    def trading_session(self, at: datetime) -> Session:
        """Return the session of the trading day that a time belongs to.

        That is the session of the local date, also after its close; on a date without trading it
        is the coming one. Raises CalendarUnknown.
        """
        return self.session_from(self.local_day(at))

    def state(self, at: datetime) -> MarketState:
        """Return what is known of the market at a time; all None where the day is not covered."""
        try:
            today = self.session_on(self.local_day(at))
        except CalendarUnknown:
            return UNKNOWN
        is_open = today is not None and today.is_open(at)
        return MarketState(
            is_open=is_open,
            closes_at=today.closes_at if today is not None and is_open else None,
            next_opens_at=self._next_opening(at),
            day=self._trading_day(at),
        )

    def local_day(self, at: datetime) -> date:
        """Return the date in the exchange's time zone. Raises ValueError for a naive time."""
        if at.tzinfo is None:
            raise ValueError(f"a time needs a time zone, was {at.isoformat()}")
        return at.astimezone(self.zone).date()

    def instant(self, day: date, local: time) -> datetime:
        """Return a local time of a day in UTC."""
        return datetime.combine(day, local, self.zone).astimezone(UTC)

    def _hours_on(self, day: date) -> Hours | None:
        if day in self.special:
            return self.special[day]
        if not self.first_day <= day <= self.last_day:
            raise CalendarUnknown(
                f"{self.code} is known from {self.first_day} to {self.last_day}, was asked {day}"
            )
        return None if day.weekday() >= SATURDAY else self.regular

    def _next_opening(self, at: datetime) -> datetime | None:
        day = self.local_day(at)
        try:
            session = self.session_from(day)
            if session.opens_at <= at:
                session = self.session_from(day + A_DAY)
        except CalendarUnknown:
            return None
        return session.opens_at

    def _trading_day(self, at: datetime) -> date | None:
        try:
            return self.trading_session(at).day
        except CalendarUnknown:
            return None


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendar of each exchange that has one."""

    by_exchange: Mapping[Exchange, Calendar]

    def calendar_of(self, exchange: Exchange) -> Calendar:
        """Return an exchange's calendar. Raises CalendarUnknown where there is none."""
        if exchange not in self.by_exchange:
            raise CalendarUnknown(f"{exchange} has no calendar")
        return self.by_exchange[exchange]

    def state_of(self, exchanges: Iterable[Exchange], at: datetime) -> MarketState:
        """Return the state of several exchanges as one; unknown when any is, or none is named.

        Open only when all are. Before `next_opens_at` they cannot all be open (again): it is the
        latest opening of those that are closed, or of all when all are open. `day` is None when
        they are not on the same trading day.
        """
        calendars = [self.by_exchange.get(exchange) for exchange in exchanges]
        states = [calendar.state(at) if calendar else UNKNOWN for calendar in calendars]
        if not states or any(state.is_open is None for state in states):
            return UNKNOWN
        closed = [state for state in states if not state.is_open]
        days = {state.day for state in states}
        return MarketState(
            is_open=not closed,
            closes_at=None if closed else min(_known(state.closes_at for state in states)),
            next_opens_at=_latest(state.next_opens_at for state in closed or states),
            day=days.pop() if len(days) == 1 else None,
        )


def _known(times: Iterable[datetime | None]) -> list[datetime]:
    return [each for each in times if each is not None]


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    given = list(times)
    known = _known(given)
    return max(known) if len(known) == len(given) else None
