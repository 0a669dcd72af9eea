"""What holds for every time that the calendars cover."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.calendars.sessions import UNKNOWN, Calendar
from app.calendars.table import load
from app.calendars.windows import windows_of
from riskgate.contracts.instruments import Exchange

CALENDARS = load()
MICROSECOND = timedelta(microseconds=1)

calendars = st.sampled_from(
    sorted({c.code: c for c in CALENDARS.by_exchange.values()}.values(), key=lambda c: c.code)
)


def between(earliest: str, latest: str) -> st.SearchStrategy[datetime]:
    ends = datetime.fromisoformat(earliest), datetime.fromisoformat(latest)
    return st.datetimes(*ends, timezones=st.just(UTC))


# The month before the first covered moment is known too, up to the end of the shorter table.
covered = between("2015-03-02", "2026-12-31")
uncovered = between("1900-01-01", "2014-12-31")
sets_of_exchanges = st.sets(st.sampled_from(sorted(CALENDARS.by_exchange)), min_size=1)


@given(calendars, covered)
def test_a_time_is_in_its_windows_and_the_moment_before_them_in_others(
    calendar: Calendar, at: datetime
) -> None:
    found = windows_of(calendar, at)
    assert found.month.starts_at <= found.day.starts_at <= at
    assert found.week.starts_at <= found.day.starts_at
    for length in ("day", "week", "month"):
        window = getattr(found, length)
        assert window.starts_at <= window.opens_at
        first = windows_of(calendar, window.starts_at)
        assert getattr(first, length) == window
        before = windows_of(calendar, window.starts_at - MICROSECOND)
        assert getattr(before, length).key < window.key


@given(calendars, covered)
def test_the_next_opening_opens_and_nothing_opens_before_it(
    calendar: Calendar, at: datetime
) -> None:
    state = calendar.state(at)
    if state.next_opens_at is None:
        assert calendar.local_day(at) >= calendar.last_day
        return
    assert state.next_opens_at > at
    assert calendar.state(state.next_opens_at).is_open
    just_before = calendar.state(state.next_opens_at - MICROSECOND)
    assert just_before.is_open is False
    if state.is_open:
        assert state.closes_at is not None
        assert at < state.closes_at < state.next_opens_at
        assert calendar.state(state.closes_at).is_open is False
    else:
        assert just_before.next_opens_at == state.next_opens_at


@given(sets_of_exchanges, covered)
def test_several_exchanges_are_open_exactly_when_each_is(
    exchanges: set[Exchange], at: datetime
) -> None:
    states = [CALENDARS.calendar_of(exchange).state(at) for exchange in exchanges]
    together = CALENDARS.state_of(exchanges, at)
    assert together.is_open is all(state.is_open for state in states)
    assert (together.closes_at is None) is (not together.is_open)


@given(calendars, uncovered)
def test_before_the_table_nothing_is_known(calendar: Calendar, at: datetime) -> None:
    assert calendar.state(at) == UNKNOWN
