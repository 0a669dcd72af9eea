"""The bundled data is upstream's plus the circulars, and a circular file wins over it."""

import subprocess
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from app.calendars.sessions import Calendar, Calendars, CalendarUnknown
from app.calendars.table import CIRCULARS_FILE, CalendarInvalid, DayKind, load, parse_days
from riskgate.contracts.instruments import Exchange
from tests.calendars import FOLDER, SOURCES, Source, calendar_files, days_of, upstream_hours

BUNDLED = load()
HEADER = "calendar,day,kind,opens,closes,name\n"
REPUBLIC_DAY = date(2026, 1, 26)


def calendar(code: str, calendars: Calendars = BUNDLED) -> Calendar:
    return next(each for each in calendars.by_exchange.values() if each.code == code)


def local_hours(of: Calendar, day: date) -> tuple[time, time] | None:
    session = of.session_on(day)
    if session is None:
        return None
    opens_at, closes_at = session.opens_at, session.closes_at
    return opens_at.astimezone(of.zone).time(), closes_at.astimezone(of.zone).time()


def overridden(path: Path, rows: str) -> Calendars:
    path.write_text(HEADER + rows, encoding="utf-8")
    return load(path)


def test_the_bundled_tables_are_what_the_generator_writes() -> None:
    bundled = {
        path.name: path.read_text(encoding="utf-8")
        for path in FOLDER.glob("*.csv")
        if path.name != CIRCULARS_FILE
    }
    assert bundled == calendar_files(), "make calendars"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.code)
def test_every_covered_day_is_as_upstream_or_a_circular_says(source: Source) -> None:
    hours = upstream_hours(source)
    expected = {day: hours.get(day) for day in days_of(source)}
    for row in parse_days(CIRCULARS_FILE, (FOLDER / CIRCULARS_FILE).read_text(encoding="utf-8")):
        if row.calendar == source.code:
            assert row.name
            assert row.hours
            expected[row.day] = (row.hours.opens, row.hours.closes)
    ours = calendar(source.code)
    assert {day: local_hours(ours, day) for day in expected} == expected
    assert len(expected) > 4000


@pytest.mark.parametrize(
    ("code", "exchanges"),
    [("XBOM", {"NSE", "BSE", "NFO", "BFO"}), ("XNYS", {"NYSE", "NASDAQ", "ARCA"})],
)
def test_exchanges_of_one_country_share_a_calendar(code: str, exchanges: set[str]) -> None:
    assert {str(e) for e, each in BUNDLED.by_exchange.items() if each.code == code} == exchanges


def test_an_exchange_without_a_table_is_unknown() -> None:
    with pytest.raises(CalendarUnknown, match="MCX has no calendar"):
        BUNDLED.calendar_of(Exchange.MCX)
    assert set(Exchange) - set(BUNDLED.by_exchange) == {Exchange.MCX}


def test_the_app_reads_its_calendars_without_pandas() -> None:
    code = (
        "import sys; from app.calendars import table, windows; table.load(); "
        "print(sorted({'pandas', 'numpy', 'exchange_calendars'} & set(sys.modules)))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert outcome.stdout == "[]\n"


def test_a_circular_closes_a_trading_day_and_no_other(tmp_path: Path) -> None:
    calendars = overridden(tmp_path / "a.csv", "XBOM,2026-11-23,closed,,,Election\n")
    ours = calendar("XBOM", calendars)
    assert ours.session_on(date(2026, 11, 23)) is None
    assert local_hours(ours, date(2026, 11, 20)) == (time(9, 15), time(15, 30))
    assert calendars.by_exchange[Exchange.NFO] is ours
    assert calendar("XNYS", calendars) == calendar("XNYS")


def test_a_circular_opens_a_holiday_and_gives_a_day_other_hours(tmp_path: Path) -> None:
    ours = calendar(
        "XBOM",
        overridden(
            tmp_path / "a.csv",
            "XBOM,2026-01-26,session,10:00,11:00,Drill\n"
            "XBOM,2025-10-21,session,18:00,19:00,Muhurat trading moved\n",
        ),
    )
    assert local_hours(ours, REPUBLIC_DAY) == (time(10), time(11))
    assert local_hours(ours, date(2025, 10, 21)) == (time(18), time(19))


def test_of_a_folder_of_circulars_the_last_name_wins(tmp_path: Path) -> None:
    for name, closes in (("2.csv", "12:00"), ("1.csv", "11:00")):
        (tmp_path / name).write_text(f"{HEADER}XBOM,2026-01-26,session,10:00,{closes},Drill\n")
    (tmp_path / "notes.txt").write_text("not a circular")
    assert local_hours(calendar("XBOM", load(tmp_path)), REPUBLIC_DAY) == (time(10), time(12))


def test_an_empty_folder_changes_nothing_and_a_missing_path_is_refused(tmp_path: Path) -> None:
    assert load(tmp_path) == BUNDLED
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "absent")


def test_a_circular_covers_the_next_year(tmp_path: Path) -> None:
    rows = "XBOM,2027-01-26,closed,,,Republic Day\nXBOM,2027-12-31,covered,,,Circular of 2027\n"
    ours = calendar("XBOM", overridden(tmp_path / "2027.csv", rows))
    assert ours.session_on(date(2027, 1, 26)) is None
    assert local_hours(ours, date(2027, 12, 31)) == (time(9, 15), time(15, 30))
    with pytest.raises(CalendarUnknown):
        ours.session_on(date(2028, 1, 3))


def test_a_year_already_covered_is_not_cut_short(tmp_path: Path) -> None:
    ours = calendar("XNYS", overridden(tmp_path / "a.csv", "XNYS,2027-12-31,covered,,,2027\n"))
    assert ours.last_day == date(2028, 12, 31)


def test_a_single_day_beyond_the_table_is_known_and_its_neighbours_are_not(tmp_path: Path) -> None:
    rows = "XBOM,2027-10-29,session,18:00,19:00,Muhurat trading\n"
    ours = calendar("XBOM", overridden(tmp_path / "a.csv", rows))
    assert local_hours(ours, date(2027, 10, 29)) == (time(18), time(19))
    state = ours.state(datetime(2027, 10, 29, 13, tzinfo=UTC))
    assert (state.is_open, state.next_opens_at) == (True, None)
    with pytest.raises(CalendarUnknown):
        ours.session_on(date(2027, 10, 28))


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("XBOM,26/01/2026,closed,,,", "line 2: Invalid isoformat"),
        ("XBOM,2026-01-26,shut,,,", "line 2: 'shut' is not a valid DayKind"),
        ("XBOM,2026-01-26,closed,09:15,15:30,", "line 2: a closed day has no hours"),
        ("XBOM,2026-01-26,session,,,", "line 2: Invalid isoformat"),
        ("XBOM,2026-01-26,session,15:30,09:15,", "line 2: hours are local times in order"),
        ("XBOM,2026-01-26,session,09:15,09:15,", "line 2: hours are local times in order"),
        ("XBOM,2026-01-26,session,09:15Z,15:30Z,", "line 2: hours are local times in order"),
        ("XBOM,2026-01-26,closed,,", "line 2: has not as many fields"),
        ("XBOM,2026-01-26,closed,,,,", "line 2: has not as many fields"),
        ("XBOM,2026-01-26,closed,,,\nXBOM,2026-01-26,closed,,,", "line 3: XBOM 2026-01-26 comes"),
        ("XLON,2026-01-26,closed,,,", "XLON is no calendar, there are XBOM, XNYS"),
        ("XBOM,2028-12-31,covered,,,", "the year after 2026-12-31 is not covered"),
    ],
)
def test_a_bad_row_is_refused_and_named(tmp_path: Path, row: str, complaint: str) -> None:
    with pytest.raises(CalendarInvalid, match=complaint):
        overridden(tmp_path / "a.csv", row + "\n")


def test_a_file_without_its_columns_is_refused() -> None:
    with pytest.raises(CalendarInvalid, match=r"a.csv line 1: missing columns kind"):
        parse_days("a.csv", "calendar,day,opens,closes,name\n")


def test_a_row_is_read_as_it_stands() -> None:
    (row,) = parse_days("a.csv", f"{HEADER}XBOM,2026-01-26,closed,,,Republic Day\n")
    assert (row.calendar, row.day, row.kind) == ("XBOM", REPUBLIC_DAY, DayKind.CLOSED)
    assert (row.hours, row.name) == (None, "Republic Day")
