"""When an order may be sent, from the clock times and days said."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from agents.intent.fields import Fields
from agents.intent.match import Match, Matches
from agents.intent.model import ParseContext
from agents.intent.problems import problem
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import Currency
from riskgate.contracts.intents import TimeWindow

INDIA: Final = timezone(timedelta(hours=5, minutes=30))
ZONES: Final = {Currency.INR: INDIA}
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOON: Final = 12 * 60
A_WEEK: Final = 7


def put_window(fields: Fields, matches: Matches, context: ParseContext) -> None:
    """Set when the order may be sent, in the market's own time zone; today if no day was said."""
    said = matches.of(Slot.BETWEEN, Slot.AFTER, Slot.UNTIL)
    days = matches.of(Slot.DAY)
    if not said:
        if days:
            quoted = _quote(fields, days[0])
            fields.problems.append(problem("TIME_UNCLEAR", "time_window", quoted))
        return
    zone = ZONES.get(context.currency)
    if zone is None or any(item.value is None for match in said for item in match.amounts):
        fields.problems.append(problem("TIME_UNCLEAR", "time_window", _quote(fields, said[0])))
        return
    window = window_of(said, days, context.now.astimezone(zone))
    words = sorted((*said, *days), key=lambda match: match.start)
    if window is None:
        fields.problems.append(problem("CONTRADICTORY", "time_window", _quote(fields, *words)))
        return
    fields.put("time_window", window, *words)


def window_of(said: tuple[Match, ...], days: tuple[Match, ...], now: datetime) -> TimeWindow | None:
    """Return the window that words say, None for one that ends before it starts."""
    day = _day_of(days, now)
    starts = [_at(day, now, match, 0) for match in said if match.slot is not Slot.UNTIL]
    ends = [_at(day, now, match, -1) for match in said if match.slot is not Slot.AFTER]
    if len(starts) > 1 or len(ends) > 1:
        return None
    start, end = next(iter(starts), None), next(iter(ends), None)
    if start is not None and end is not None and end <= start:
        return None
    return TimeWindow(start=start, end=end)


def on_its_day(window: TimeWindow) -> TimeWindow:
    """Return the window beginning with the day of its end where no start was said.

    "Before 11 tomorrow" may not be sent today; the label of the words keeps the end alone. Days
    are India's, as every window said is. Pure.
    """
    if window.start is not None or window.end is None:
        return window
    midnight = window.end.astimezone(INDIA).replace(hour=0, minute=0, second=0, microsecond=0)
    return TimeWindow(start=midnight, end=window.end)


def _day_of(days: tuple[Match, ...], now: datetime) -> date:
    if not days:
        return now.date()
    said = days[0].items[0].meanings[Tag.DAYWORD]
    if said.isdigit():
        return now.date() + timedelta(days=int(said))
    if said not in WEEKDAYS:
        return date.fromisoformat(said)
    ahead = (WEEKDAYS.index(said) - now.weekday()) % A_WEEK
    return now.date() + timedelta(days=ahead or A_WEEK)


def _at(day: date, now: datetime, match: Match, which: int) -> datetime:
    minutes = _minutes(match, which)
    return datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=now.tzinfo)


def _minutes(match: Match, which: int) -> int:
    """Return a time of day; in "between 1 and 2 pm" the first hour is of the half of the second."""
    item = match.amounts[which]
    value = item.value or Decimal(0)
    if item.has(Tag.TIME):
        return int(value)
    end = int(match.amounts[-1].value or 0)
    hour = int(value) * 60
    later = hour + NOON
    return later if end >= NOON and later < end and int(value) < A_WEEK + 5 else min(hour, end)


def _quote(fields: Fields, *matches: Match) -> str:
    return fields.message[matches[0].start : matches[-1].end]
