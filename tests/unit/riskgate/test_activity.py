"""What went to the broker lately: true sliding windows, duplicates, and waiting."""

from decimal import Decimal
from typing import Any

import pytest

from riskgate.activity import Activity, after, also_sent
from riskgate.contracts.orders import Side
from riskgate.facts import Candidate, Rates
from tests.unit.riskgate.builders import NOW, Amount, a_candidate, seconds

SELL = Side.SELL
ORDER = a_candidate(10, limit=1000)


def an_activity(*ages: Amount, order: Candidate = ORDER, window: Amount = 30) -> Activity:
    """Return an activity in which an order went out so many seconds ago, in this order."""
    activity = Activity(duplicate_window_s=Decimal(window))
    for age in ages:
        activity.record_order(order, NOW - seconds(age))
    return activity


def counts(rates: Rates) -> tuple[int, ...]:
    return rates[:6]


@pytest.mark.parametrize(
    ("age", "in_a_minute", "in_a_second"),
    [
        ("0", 1, 1),
        ("0.999999", 1, 1),
        ("1", 1, 0),
        ("59.999999", 1, 0),
        ("60", 0, 0),
        ("60.000001", 0, 0),
        ("-5", 1, 1),
    ],
)
def test_an_order_counts_until_it_is_as_old_as_the_window(
    age: str, in_a_minute: int, in_a_second: int
) -> None:
    rates = an_activity(age).rates(ORDER, NOW)
    assert counts(rates) == (*[in_a_minute] * 3, in_a_second, in_a_minute, 1)


def test_the_window_slides_and_is_not_reset_at_full_minutes() -> None:
    activity = an_activity(59, 30, 1)
    assert activity.rates(ORDER, NOW).orders_global == 3
    assert activity.rates(ORDER, NOW + seconds(1)).orders_global == 2
    assert activity.rates(ORDER, NOW + seconds("29.999999")).orders_global == 2
    assert activity.rates(ORDER, NOW + seconds(30)).orders_global == 1


def test_strategies_and_instruments_are_counted_apart() -> None:
    activity = an_activity(1)
    activity.record_order(a_candidate(symbol="TCS"), NOW)
    activity.record_order(a_candidate(strategy_id="beta"), NOW)
    rates = activity.rates(ORDER, NOW)
    assert (rates.orders_global, rates.orders_strategy, rates.orders_symbol) == (3, 2, 2)
    nobody = activity.rates(a_candidate(symbol="SBIN", strategy_id="gamma"), NOW)
    assert (nobody.orders_global, nobody.orders_strategy, nobody.orders_symbol) == (3, 0, 0)


def test_changes_and_cancels_are_messages_and_no_orders() -> None:
    activity = an_activity(1)
    activity.record_message(NOW)
    rates = activity.rates(ORDER, NOW)
    assert (rates.orders_global, rates.messages_60s, rates.messages_1s) == (1, 2, 1)
    assert rates.orders_today == 1


def test_stamps_out_of_order_are_counted_by_their_times() -> None:
    rates = an_activity(1, 59, 30, 60).rates(ORDER, NOW)
    assert rates.orders_global == 3
    assert list(rates.global_us) == sorted(rates.global_us)


@pytest.mark.parametrize("ahead", ["0.000001", "3600"])
def test_a_stamp_of_the_future_counts_and_pushes_nothing_out(ahead: str) -> None:
    activity = an_activity(50, 20, f"-{ahead}")
    assert activity.rates(ORDER, NOW).orders_global == 3
    assert activity.rates(ORDER, NOW).same_order_age_s == 0


@pytest.mark.parametrize(("age", "expected"), [("29.999999", "29.999999"), ("30", None)])
def test_the_same_order_is_remembered_for_its_window(age: str, expected: str | None) -> None:
    found = an_activity(age).rates(ORDER, NOW).same_order_age_s
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    "other",
    [
        a_candidate(10, limit=1000, symbol="TCS"),
        a_candidate(10, SELL, limit=1000),
        a_candidate(11, limit=1000),
        a_candidate(10, limit="1000.05"),
        a_candidate(10),
    ],
)
def test_an_order_that_differs_in_anything_is_another(other: Candidate) -> None:
    assert an_activity(1).rates(other, NOW).same_order_age_s is None


def test_who_asks_does_not_make_it_another_order() -> None:
    other = ORDER._replace(strategy_id="beta")
    assert an_activity(1).rates(other, NOW).same_order_age_s == 1


def test_an_order_in_slices_is_the_same_as_each_of_its_slices() -> None:
    whole = ORDER._replace(quantity=Decimal(20), slices=(Decimal(10), Decimal(10)))
    assert an_activity(1).rates(whole, NOW).same_order_age_s == 1
    assert an_activity(1, order=whole).rates(whole, NOW).same_order_age_s == 1


def test_the_newest_of_several_is_the_one_that_counts() -> None:
    assert an_activity(5, 20).rates(ORDER, NOW).same_order_age_s == 5
    assert an_activity(5, 45).rates(ORDER, NOW).same_order_age_s == 5


def test_without_a_window_no_order_is_remembered() -> None:
    assert an_activity(0, window=0).rates(ORDER, NOW).same_order_age_s is None


def test_an_activity_that_is_asked_forgets_what_is_over() -> None:
    activity = an_activity(*[70] * 50, 1)
    rates = activity.rates(ORDER, NOW)
    assert len(rates.global_us) == len(rates.messages_us) == len(rates.symbol_us) == 1


# Waiting


@pytest.mark.parametrize(
    ("wait", "left"), [("29.999999", 2), ("30", 1), ("58.999999", 1), ("59", 0)]
)
def test_after_waiting_only_what_is_younger_than_the_window_counts(wait: str, left: int) -> None:
    rates = after(an_activity(30, 1).rates(ORDER, NOW), NOW, Decimal(wait))
    assert rates.orders_global == rates.orders_strategy == rates.orders_symbol == left
    assert rates.messages_60s == left
    assert rates.same_order_age_s == 1 + Decimal(wait)
    assert rates.orders_today == 2


@pytest.mark.parametrize(
    ("now", "wait", "expected"),
    [
        (None, "59.999999", (5, 0)),
        (None, "60", (0, 0)),
        (NOW, "0.999999", (5, 3)),
        (NOW, "1", (5, 0)),
    ],
)
def test_counts_without_stamps_last_for_the_whole_window(
    now: Any, wait: str, expected: tuple[int, int]
) -> None:
    rates = Rates(orders_global=5, messages_1s=3)
    waited = after(rates, now, Decimal(wait))
    assert (waited.orders_global, waited.messages_1s) == expected
    assert waited.same_order_age_s is None


def test_orders_that_go_out_now_are_counted_beside_those_before() -> None:
    rates = also_sent(an_activity(59, -1).rates(ORDER, NOW), NOW, 3, 2)
    assert counts(rates) == (5, 5, 4, 4, 5, 5)
    assert list(rates.global_us) == sorted(rates.global_us)
    assert len(rates.symbol_us) == 4
    assert counts(after(rates, NOW, Decimal(1)))[:3] == (4, 4, 3)
