"""The calendars as files: bundled tables, bundled circulars and the operator's own circulars."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from app.calendars.sessions import Calendar, Calendars, Hours
from riskgate.contracts.instruments import Exchange

CALENDAR_COLUMNS: Final = (
    "calendar",
    "zone",
    "opens",
    "closes",
    "first_day",
    "last_day",
    "exchanges",
)
DAY_COLUMNS: Final = ("calendar", "day", "kind", "opens", "closes", "name")
CALENDARS_FILE: Final = "calendars.csv"
CIRCULARS_FILE: Final = "circulars.csv"


class CalendarInvalid(ValueError):
    """A calendar file cannot be used; the message names the file and the line."""


class DayKind(StrEnum):
    """What a row says: no trading, trading from `opens` to `closes`, or that a year is complete."""

    CLOSED = "closed"
    SESSION = "session"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day that is not as its weekday says, or the last day that a circular's year covers."""

    calendar: str
    day: date
    kind: DayKind
    hours: Hours | None
    name: str


def load(overrides: Path | None = None) -> Calendars:
    """Read the bundled calendars, and over them circulars from a CSV file or a folder of them.

    In a folder the files are read in the order of their names, and a later row wins. Raises
    CalendarInvalid for a row that cannot be used, OSError for a path that cannot be read.
    """
    by_code, codes = _bundled_calendars()
    for name in (*(f"{code}.csv" for code in sorted(by_code)), CIRCULARS_FILE):
        by_code = _amended(by_code, parse_days(name, _bundled(name)))
    for path in _files(overrides):
        by_code = _amended(by_code, parse_days(str(path), path.read_text(encoding="utf-8")))
    return Calendars(
        MappingProxyType({exchange: by_code[code] for exchange, code in codes.items()})
    )


def parse_days(file: str, text: str) -> tuple[DayRow, ...]:
    """Read the rows of one file, whose name is for the messages.

    Raises CalendarInvalid for a missing column, a bad value or a day that comes twice.
    """
    rows: dict[tuple[str, date, bool], DayRow] = {}
    for line, record in _records(file, text, DAY_COLUMNS):
        try:
            row = _day_row(record)
        except ValueError as error:
            raise CalendarInvalid(f"{file} line {line}: {error}") from error
        key = (row.calendar, row.day, row.kind is DayKind.COVERED)
        if key in rows:
            raise CalendarInvalid(f"{file} line {line}: {row.calendar} {row.day} comes twice")
        rows[key] = row
    return tuple(rows.values())


def _bundled(name: str) -> str:
    return resources.files("app.calendars.data").joinpath(name).read_text(encoding="utf-8")


def _files(overrides: Path | None) -> list[Path]:
    if overrides is None:
        return []
    return sorted(overrides.glob("*.csv")) if overrides.is_dir() else [overrides]


def _bundled_calendars() -> tuple[dict[str, Calendar], dict[Exchange, str]]:
    by_code: dict[str, Calendar] = {}
    codes: dict[Exchange, str] = {}
    for _line, record in _records(CALENDARS_FILE, _bundled(CALENDARS_FILE), CALENDAR_COLUMNS):
        code = record["calendar"]
        by_code[code] = Calendar(
            code=code,
            zone=ZoneInfo(record["zone"]),
            regular=_hours(record["opens"], record["closes"]),
            first_day=date.fromisoformat(record["first_day"]),
            last_day=date.fromisoformat(record["last_day"]),
            special=MappingProxyType({}),
        )
        codes |= {Exchange(name): code for name in record["exchanges"].split("|")}
    return by_code, codes


def _amended(calendars: Mapping[str, Calendar], rows: tuple[DayRow, ...]) -> dict[str, Calendar]:
    amended = dict(calendars)
    for code in dict.fromkeys(row.calendar for row in rows):
        if code not in amended:
            raise CalendarInvalid(f"{code} is no calendar, there are {', '.join(sorted(amended))}")
        amended[code] = _with_rows(amended[code], [row for row in rows if row.calendar == code])
    return amended


def _with_rows(calendar: Calendar, rows: list[DayRow]) -> Calendar:
    last_day = calendar.last_day
    for row in sorted(rows, key=lambda row: row.day):
        if row.kind is not DayKind.COVERED:
            continue
        # A year that nobody covered would otherwise pass for one without holidays.
        if row.day.year > last_day.year + 1:
            raise CalendarInvalid(
                f"{calendar.code} covered {row.day}: the year after {last_day} is not covered"
            )
        last_day = max(last_day, row.day)
    special = {row.day: row.hours for row in rows if row.kind is not DayKind.COVERED}
    return replace(
        calendar,
        last_day=last_day,
        special=MappingProxyType({**calendar.special, **special}),
    )


def _records(
    file: str, text: str, columns: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise CalendarInvalid(f"{file} line 1: missing columns {', '.join(missing)}")
    for record in reader:
        if None in record or None in record.values():
            raise CalendarInvalid(
                f"{file} line {reader.line_num}: has not as many fields as the header"
            )
        yield reader.line_num, record


def _day_row(record: dict[str, str]) -> DayRow:
    kind = DayKind(record["kind"])
    if kind is not DayKind.SESSION and (record["opens"] or record["closes"]):
        raise ValueError(f"a {kind} day has no hours, was {record['opens']}-{record['closes']}")
    return DayRow(
        calendar=record["calendar"],
        day=date.fromisoformat(record["day"]),
        kind=kind,
        hours=_hours(record["opens"], record["closes"]) if kind is DayKind.SESSION else None,
        name=record["name"],
    )


def _hours(opens: str, closes: str) -> Hours:
    hours = Hours(opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))
    if hours.opens.tzinfo or hours.closes.tzinfo or hours.opens >= hours.closes:
        raise ValueError(f"hours are local times in order, was {opens}-{closes}")
    return hours
