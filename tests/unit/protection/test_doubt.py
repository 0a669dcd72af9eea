"""When an answer that leaves a position out is believed, and what is done until then."""

from datetime import timedelta
from decimal import Decimal

from app.protection.desired import Cancel, Kind, Nothing, Place, Why, desired, is_over
from app.protection.doubt import APART, LAPSE, agreed, go_on, returned, short_of
from app.protection.shares import Entry, Exit
from tests.unit.protection.test_desired import NOW, TEN, ZERO, a_stop, a_view, only

FOUR = Decimal(4)


def test_what_own_exits_and_stops_closed_is_not_short() -> None:
    exits = (Exit(order_id="x", filled=FOUR, created_at=NOW),)
    view = a_view(a_stop(open=ZERO, filled=Decimal(6)), exits=exits, held=ZERO)
    assert short_of(view) == 0
    assert is_over(view, view.wanted[0])


def test_what_nobody_of_us_closed_is_short() -> None:
    assert short_of(a_view(held=FOUR)) == 6


def test_two_answers_five_seconds_apart_agree() -> None:
    first = go_on(None, ZERO, NOW)
    assert not agreed(go_on(first, ZERO, NOW + APART - timedelta(seconds=1)))
    assert agreed(go_on(first, ZERO, NOW + APART))


def test_another_quantity_or_a_long_silence_begins_anew() -> None:
    first = go_on(None, ZERO, NOW)
    assert not agreed(go_on(first, FOUR, NOW + APART))
    assert not agreed(go_on(first, ZERO, NOW + LAPSE + timedelta(seconds=1)))


def test_in_doubt_nothing_is_taken_back_and_nothing_is_over() -> None:
    view = a_view(a_stop(), held=ZERO, doubted=TEN, last=Decimal(1030))
    assert isinstance(only(view), Nothing)
    assert not is_over(a_view(held=ZERO, doubted=TEN), view.wanted[0])


def test_in_doubt_a_stop_that_the_market_left_behind_rests_on() -> None:
    view = a_view(a_stop(), held=ZERO, doubted=TEN, last=Decimal(940))
    assert isinstance(only(view), Nothing)


def test_in_doubt_a_stop_is_placed_for_what_is_surely_held() -> None:
    action = only(a_view(held=FOUR, doubted=Decimal(6)))
    assert action == Place(entry_id="e1", kind=Kind.STOP, quantity=FOUR, price=Decimal(980))


def test_in_doubt_what_own_exits_closed_is_taken_back_all_the_same() -> None:
    exits = (Exit(order_id="x", filled=FOUR, created_at=NOW),)
    action = only(a_view(a_stop(), exits=exits, held=ZERO, doubted=Decimal(6)))
    assert isinstance(action, Cancel)
    assert action.why is Why.TOO_MUCH


def test_without_doubt_a_position_that_is_gone_takes_its_stop_along() -> None:
    (action,) = desired(a_view(a_stop(), held=ZERO))
    assert isinstance(action, Cancel)


def test_only_the_entry_whose_position_is_back_returns() -> None:
    old = Entry(order_id="old", filled=TEN, created_at=NOW - timedelta(days=1))
    new = Entry(order_id="new", filled=TEN, created_at=NOW)
    assert returned([old, new], [], {}, ["old"], TEN) == ()
    assert returned([old, new], [], {}, ["old"], Decimal(20)) == ("old",)
    assert returned([old], [], {"old": TEN}, ["old"], TEN) == ()
