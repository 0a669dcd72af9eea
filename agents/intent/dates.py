"""The day and month beside a clock time: "on 13 march at 10:00" is a day, and no contract's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from agents.intent.tag import Item
from agents.intent.vocabulary.tags import Tag

LAST_DAY: Final = 31
# A day said without its year lies at most this far ahead.
FARTHEST_DAYS: Final = 183
OF_A_CONTRACT: Final = (Tag.CALL, Tag.PUT, Tag.FUTURE, Tag.STRATEGY, Tag.OPTION, Tag.EXPIRY)
# What may stand between a day and its month, or behind them.
ENDINGS: Final = frozenset({"th", "st", "nd", "rd", "of"})
YEARS: Final = range(2000, 2100)
COUNTED: Final = (Tag.UNIT, Tag.LOT)


def with_day(items: Sequence[Item], now: datetime) -> tuple[Item, ...]:
    """Join the one day and month of a message that says a clock time, in the zone of `now`.

    With two numbers that may be the day, a contract, or a day that is past, nothing is joined.
    """
    months = [at for at, item in enumerate(items) if item.has(Tag.MONTH)]
    timed = any(item.has(Tag.TIME) for item in items)
    if len(months) != 1 or not timed or any(item.has(*OF_A_CONTRACT) for item in items):
        return tuple(items)
    at = months[0]
    before = at - 1
    while before > 0 and items[before].folded in ENDINGS:
        before -= 1
    days = [near for near in (before, at + 1) if _is_day(items, near)]
    if len(days) != 1:
        return tuple(items)
    start, end = min(at, days[0]), _end(items, max(at, days[0]) + 1)
    said = _ahead(int(items[at].meanings[Tag.MONTH]), int(items[days[0]].value or 0), now.date())
    if said is None or not _is_of_year(items[start:end], said.year):
        return tuple(items)
    return (*items[:start], _joined(items[start:end], said), *items[end:])


def _is_day(items: Sequence[Item], at: int) -> bool:
    if not 0 <= at < len(items) or not items[at].has(Tag.NUM):
        return False
    value = items[at].value
    counted = at + 1 < len(items) and items[at + 1].has(*COUNTED)
    return value is not None and value == int(value) and 1 <= value <= LAST_DAY and not counted


def _end(items: Sequence[Item], end: int) -> int:
    """Return where a day ends that a "th" or a year follows."""
    while end < len(items) and (items[end].folded in ENDINGS or _is_year(items[end])):
        end += 1
    return end


def _is_year(item: Item) -> bool:
    return item.has(Tag.NUM) and item.value is not None and item.value in YEARS


def _is_of_year(words: Sequence[Item], year: int) -> bool:
    return all(item.value == year for item in words if _is_year(item))


def _joined(words: Sequence[Item], day: date) -> Item:
    return replace(
        words[0],
        meanings={Tag.DAYWORD: day.isoformat()},
        end=words[-1].end,
        text=" ".join(word.text for word in words),
        folded=" ".join(word.folded for word in words),
        value=None,
    )


def _ahead(month: int, day: int, today: date) -> date | None:
    """Return the next such day, None where it is too far ahead to be meant or there is none."""
    for year in (today.year, today.year + 1):
        try:
            said = date(year, month, day)
        except ValueError:
            continue
        if 0 <= (said - today).days <= FARTHEST_DAYS:
            return said
    return None
