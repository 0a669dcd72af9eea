"""The exchange calendars that ship with the app, written from `exchange_calendars`.

`python -m tests.calendars` (or `make calendars`) writes app/calendars/data again, all but the
circulars. Only this and the tests import `exchange_calendars`, because it brings pandas.
"""

import csv
import io
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Final

from app.calendars.table import CALENDAR_COLUMNS, CALENDARS_FILE, DAY_COLUMNS

FOLDER: Final = Path(__file__).resolve().parents[1] / "app" / "calendars" / "data"


@dataclass(frozen=True, slots=True)
class Source:
    """One calendar of `exchange_calendars` and what we take from it."""

    code: str
    zone: str
    opens: time
    closes: time
    first_day: date
    last_day: date
    exchanges: tuple[str, ...]


SOURCES: Final = (
    Source(
        code="XBOM",
        zone="Asia/Kolkata",
        opens=time(9, 15),
        closes=time(15, 30),
        first_day=date(2015, 1, 1),
        # The last year whose holidays are listed; a later one is refused below.
        last_day=date(2026, 12, 31),
        exchanges=("NSE", "BSE", "NFO", "BFO"),
    ),
    Source(
        code="XNYS",
        zone="America/New_York",
        opens=time(9, 30),
        closes=time(16),
        first_day=date(2015, 1, 1),
        # The rules go on for ever; NYSE has published the holidays up to 2028.
        last_day=date(2028, 12, 31),
        exchanges=("NYSE", "NASDAQ", "ARCA"),
    ),
)


def upstream(source: Source) -> Any:
    """Return the calendar of `exchange_calendars`, over the days that we take."""
    # It warns of pandas' own deprecations, on import and on use.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import exchange_calendars

        return exchange_calendars.get_calendar(
            source.code, start=source.first_day.isoformat(), end=source.last_day.isoformat()
        )


def upstream_hours(source: Source) -> dict[date, tuple[time, time]]:
    """Return the local opening and closing time of each trading day that upstream knows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schedule = upstream(source).schedule
        opens = schedule["open"].dt.tz_convert(source.zone)
        closes = schedule["close"].dt.tz_convert(source.zone)
        return {
            day.date(): (opens[day].to_pydatetime().time(), closes[day].to_pydatetime().time())
            for day in schedule.index
        }


def calendar_files() -> dict[str, str]:
    """Return each file's name and text, as `exchange_calendars` is now."""
    files = {f"{source.code}.csv": _csv(DAY_COLUMNS, _days(source)) for source in SOURCES}
    return {CALENDARS_FILE: _csv(CALENDAR_COLUMNS, map(_header, SOURCES)), **files}


def days_of(source: Source) -> Iterator[date]:
    """Go through every day that the table covers."""
    for number in range((source.last_day - source.first_day).days + 1):
        yield source.first_day + timedelta(days=number)


def write() -> None:
    """Write the tables again; the circulars, which are kept by hand, stay."""
    for name, text in calendar_files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _header(source: Source) -> list[str]:
    return [
        source.code,
        source.zone,
        _hm(source.opens),
        _hm(source.closes),
        source.first_day.isoformat(),
        source.last_day.isoformat(),
        "|".join(source.exchanges),
    ]


def _days(source: Source) -> Iterator[list[str]]:
    hours, names = upstream_hours(source), _names(source)
    for day in days_of(source):
        today = hours.get(day)
        weekend = day.weekday() >= 5
        name = names.get(day, "")
        if today is None and not weekend:
            yield [source.code, day.isoformat(), "closed", "", "", name]
        elif today is not None and (weekend or today != (source.opens, source.closes)):
            yield [source.code, day.isoformat(), "session", *map(_hm, today), name]


def _names(source: Source) -> dict[date, str]:
    calendar = upstream(source)
    rules = [calendar.regular_holidays, *(rule for _time, rule in calendar.special_closes)]
    names: dict[date, str] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for rule in filter(None, rules):
            found = rule.holidays(
                source.first_day.isoformat(), source.last_day.isoformat(), return_name=True
            )
            names |= {day.date(): str(name) for day, name in found.items()}
    return names


def _hm(local: time) -> str:
    return local.isoformat(timespec="minutes")


def _csv(columns: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


if __name__ == "__main__":
    write()
