"""A calendar that ends soon is told of in time to write the next year's circular."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.calendars.endings import WARN_DAYS, ending_soon
from app.calendars.table import load

CALENDARS = load()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-10-31T18:29:59", None),
        ("2026-10-31T18:30:00", 60),
        ("2026-11-19T12:00:00", 42),
        ("2026-12-31T12:00:00", 0),
        ("2027-01-05T12:00:00", -5),
    ],
)
def test_it_is_told_from_sixty_days_before_the_end_by_the_exchanges_own_date(
    now: str, left: int | None
) -> None:
    found = [ending.days_left for ending in ending_soon(CALENDARS, at(now))]
    assert found == ([] if left is None else [left])
    assert WARN_DAYS == 60


def test_the_words_say_what_ends_and_what_to_do() -> None:
    (ending,) = ending_soon(CALENDARS, at("2026-11-20T12:00:00"))
    assert ending.last_day == date(2026, 12, 31)
    assert ending.text == (
        "The calendar XBOM (NSE, BSE, NFO, BFO) ends on 2026-12-31. After that day live orders"
        " there are refused. Add the next year's circular: docs/howto/calendars.md."
    )
    (past,) = ending_soon(CALENDARS, at("2027-02-01T12:00:00"))
    assert "ended on 2026-12-31" in past.text


def test_the_next_years_circular_ends_the_warning(tmp_path: Path) -> None:
    circular = tmp_path / "2027.csv"
    circular.write_text(
        "calendar,day,kind,opens,closes,name\nXBOM,2027-12-31,covered,,,every holiday is here\n"
    )
    assert ending_soon(load(circular), at("2026-11-20T12:00:00")) == ()
