"""A day of a month beside a clock time is when an order may be sent."""

from datetime import UTC, datetime

import pytest

from tests.unit.intent.talk import say

TEN_ON_FRIDAY = datetime(2026, 3, 13, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "buy 10 infy on 13 march at 10:00",
        "buy 10 infy on march 13 at 10 am",
        "on 13th march at 10 am buy 10 infy",
        "buy 10 infy on the 13th of march at 10:00",
        "buy 10 infy on 13 mar 2026 at 10:00",
        "13 march ko 10 baje 10 infy kharido",
    ],
)
def test_a_day_and_a_time_are_the_window(said: str) -> None:
    parsed = say(said)
    (trade,) = parsed.trades
    assert parsed.missing == ()
    assert trade.sizing is not None
    assert trade.sizing.value == 10
    assert trade.time_window is not None
    assert trade.time_window.start == TEN_ON_FRIDAY


@pytest.mark.parametrize(
    "said",
    [
        "buy 10 infy on 3 march at 10:00",
        "buy 10 infy on 31 april at 10:00",
        "buy 10 infy on 13 mar 2027 at 10:00",
        "buy 10 march 13 at 10:00 infy",
        "buy infy on 13 march at 10:00",
        "buy 10 infy on 13 march",
    ],
)
def test_a_day_that_is_past_or_unclear_makes_no_whole_order(said: str) -> None:
    parsed = say(said)
    assert not parsed.trades or parsed.missing
