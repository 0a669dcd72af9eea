"""What the decision does in each situation of one protected entry."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.protection.desired import (
    TARGET_AGAIN,
    TARGET_WAIT,
    Action,
    Cancel,
    Kind,
    Nothing,
    Place,
    Protective,
    Raise,
    Trouble,
    View,
    Wanted,
    Why,
    desired,
    is_over,
)
from app.protection.shares import Entry, Exit, shares
from riskgate.contracts.orders import OrderState, Side

NOW = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)
TEN, ZERO = Decimal(10), Decimal(0)


def a_stop(**changes: object) -> Protective:
    stop = Protective(
        order_id="ord-stop-1",
        entry_id="e1",
        kind=Kind.STOP,
        generation=1,
        state=OrderState.OPEN,
        open=TEN,
        filled=ZERO,
        limit_price=Decimal(975),
        created_at=NOW - timedelta(minutes=10),
    )
    return replace(stop, **changes)  # type: ignore[arg-type]


def a_view(*orders: Protective, **changes: object) -> View:
    view = View(
        side=Side.BUY,
        entries=(Entry(order_id="e1", filled=TEN, created_at=NOW - timedelta(minutes=20)),),
        exits=(),
        wanted=(Wanted(entry_id="e1", stop=Decimal(980), target=Decimal(1030)),),
        orders=orders,
        held=TEN,
        leaving=ZERO,
        last=Decimal(1000),
        now=NOW,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def only(view: View) -> Action:
    (action,) = desired(view)
    return action


def test_an_unprotected_entry_gets_a_stop_at_its_price() -> None:
    assert only(a_view()) == Place(entry_id="e1", kind=Kind.STOP, quantity=TEN, price=Decimal(980))


def test_a_protected_entry_is_left_alone() -> None:
    assert only(a_view(a_stop())) == Nothing(entry_id="e1")


@pytest.mark.parametrize(
    "state", [OrderState.PLANNED, OrderState.SENDING, OrderState.UNKNOWN, OrderState.ACKED]
)
def test_nothing_is_done_while_a_stop_is_on_its_way(state: OrderState) -> None:
    more = Entry(order_id="e1", filled=Decimal(20), created_at=NOW)
    view = a_view(a_stop(state=state), entries=(more,), held=Decimal(20))
    assert isinstance(only(view), Nothing)


def test_more_that_filled_gets_a_stop_for_the_difference() -> None:
    more = Entry(order_id="e1", filled=Decimal(15), created_at=NOW)
    action = only(a_view(a_stop(), entries=(more,), held=Decimal(15)))
    assert isinstance(action, Place)
    assert action.quantity == 5


def test_a_stop_for_more_than_is_held_is_taken_back() -> None:
    assert only(a_view(a_stop(), held=Decimal(6))) == Cancel(
        entry_id="e1", order_id="ord-stop-1", why=Why.TOO_MUCH
    )


def test_what_another_order_may_close_is_not_protected_twice() -> None:
    action = only(a_view(leaving=Decimal(4)))
    assert isinstance(action, Place)
    assert action.quantity == 6


def test_a_stop_that_was_reached_before_it_was_placed_is_an_exit_at_once() -> None:
    action = only(a_view(last=Decimal(979)))
    assert isinstance(action, Place)
    assert (action.at_once, action.price) == (True, Decimal(979))


def test_a_broker_without_stop_orders_has_the_stop_held_by_us() -> None:
    quiet = only(a_view(stop_rests=False))
    hit = only(a_view(stop_rests=False, last=Decimal(980)))
    assert quiet == Nothing(entry_id="e1")
    assert isinstance(hit, Place)
    assert hit.at_once


def test_the_target_takes_the_stop_back_before_anything_is_sent() -> None:
    action = only(a_view(a_stop(), last=Decimal(1030)))
    assert action == Cancel(entry_id="e1", order_id="ord-stop-1", why=Why.TARGET_REACHED)


def test_with_the_stop_gone_the_exit_is_sent_at_the_target() -> None:
    gone = a_stop(state=OrderState.CANCELLED, open=ZERO, taken_back=Why.TARGET_REACHED)
    action = only(a_view(gone, last=Decimal(1030)))
    assert action == Place(entry_id="e1", kind=Kind.TARGET, quantity=TEN, price=Decimal(1030))


def test_a_target_exit_too_long_unfilled_is_taken_back_and_not_tried_again_at_once() -> None:
    resting = a_stop(kind=Kind.TARGET, created_at=NOW - TARGET_WAIT)
    gone = a_stop(
        kind=Kind.TARGET,
        created_at=NOW - TARGET_WAIT,
        state=OrderState.CANCELLED,
        open=ZERO,
        taken_back=Why.TARGET_NOT_FILLED,
    )
    taken_back = only(a_view(resting, last=Decimal(1030)))
    put_back = only(a_view(gone, last=Decimal(1030)))
    later = replace(gone, created_at=NOW - TARGET_WAIT - TARGET_AGAIN)
    again = only(a_view(later, last=Decimal(1030)))

    assert isinstance(taken_back, Cancel)
    assert isinstance(put_back, Place)
    assert isinstance(again, Place)
    assert (taken_back.why, put_back.kind, again.kind) == (
        Why.TARGET_NOT_FILLED,
        Kind.STOP,
        Kind.TARGET,
    )


def test_a_halt_never_takes_a_stop_away_for_a_target() -> None:
    view = a_view(a_stop(), last=Decimal(1030), cannot_send="stopped: HALTED")
    assert only(view) == Nothing(entry_id="e1")


def test_a_halt_still_takes_back_a_stop_that_would_open_the_other_side() -> None:
    action = only(a_view(a_stop(), held=ZERO, cannot_send="stopped: HALTED"))
    assert isinstance(action, Cancel)


def test_a_stop_cancelled_by_others_is_raised_and_placed_in_the_next_session() -> None:
    gone = a_stop(state=OrderState.CANCELLED, open=ZERO)
    today = only(a_view(gone))
    tomorrow = only(a_view(replace(gone, of_this_session=False)))
    assert isinstance(today, Raise)
    assert today.trouble is Trouble.STOP_CANCELLED
    assert isinstance(tomorrow, Place)


def test_refusals_are_tried_again_ever_later() -> None:
    def failed(number: int, seconds: int) -> Protective:
        return a_stop(
            order_id=f"f{number}",
            generation=number,
            state=OrderState.REJECTED,
            open=ZERO,
            created_at=NOW - timedelta(seconds=seconds),
        )

    assert isinstance(only(a_view(failed(1, 29))), Raise)
    assert isinstance(only(a_view(failed(1, 30))), Place)
    assert isinstance(only(a_view(failed(1, 90), failed(2, 59))), Raise)
    assert isinstance(only(a_view(failed(1, 90), failed(2, 60))), Place)


def test_a_short_is_protected_by_buying_above() -> None:
    wanted = Wanted(entry_id="e1", stop=Decimal(1020), target=Decimal(950))
    quiet = only(a_view(side=Side.SELL, wanted=(wanted,)))
    hit = only(a_view(side=Side.SELL, wanted=(wanted,), last=Decimal(1021)))
    target = only(a_view(side=Side.SELL, wanted=(wanted,), last=Decimal(950)))
    assert isinstance(quiet, Place)
    assert isinstance(hit, Place)
    assert isinstance(target, Place)
    assert (quiet.at_once, hit.at_once, target.kind) == (False, True, Kind.TARGET)


def test_it_is_over_when_nothing_is_held_and_nothing_rests() -> None:
    (wanted,) = a_view().wanted
    assert is_over(a_view(held=ZERO), wanted)
    assert not is_over(a_view(a_stop(), held=ZERO), wanted)
    assert not is_over(a_view(), wanted)


def test_an_exit_leaves_the_oldest_entry_that_was_there_before_it() -> None:
    def minute(number: int) -> datetime:
        return NOW + timedelta(minutes=number)

    entries = [
        Entry(order_id="a", filled=TEN, created_at=minute(1)),
        Entry(order_id="b", filled=TEN, created_at=minute(3)),
    ]
    before = [Exit(order_id="x", filled=TEN, created_at=minute(0))]
    between = [Exit(order_id="x", filled=Decimal(15), created_at=minute(2))]
    after = [Exit(order_id="x", filled=Decimal(15), created_at=minute(4))]
    held = Decimal(20)
    assert shares(entries, before, {}, ["a", "b"], held) == {"a": TEN, "b": TEN}
    assert shares(entries, between, {}, ["a", "b"], held) == {"a": ZERO, "b": TEN}
    assert shares(entries, after, {}, ["a", "b"], held) == {"a": ZERO, "b": Decimal(5)}
    assert shares(entries, [], {"b": Decimal(4)}, ["a", "b"], Decimal(9)) == {
        "a": Decimal(3),
        "b": Decimal(6),
    }
