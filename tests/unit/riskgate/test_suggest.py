"""What would pass: every suggestion passes when applied, and one lot more is refused."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from riskgate.activity import Activity
from riskgate.book import Book
from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.contracts.orders import OrderType, Product, Side
from riskgate.facts import Candidate, DepthLevel, Market, Price, Rates, Situation
from riskgate.judge import Judge
from riskgate.policy import Policy
from riskgate.rules.base import Until
from riskgate.suggest import Suggestion, changed, later, suggest
from tests.unit.riskgate.builders import (
    NOW,
    WIDE_POLICY,
    a_book,
    a_candidate,
    a_listing,
    a_policy,
    a_price,
    a_situation,
    an_account,
    seconds,
)

BUY, SELL = Side.BUY, Side.SELL
CNC, MIS, NRML = Product.CNC, Product.MIS, Product.NRML
REDUCE_ONLY: Final = KillSwitchLevel.REDUCE_ONLY
CLOSED: Final = Market(is_open=False)


def limiting(**blocks: Mapping[str, object]) -> Policy:
    return a_policy(WIDE_POLICY, **blocks)


def suggested(
    order: Candidate,
    policy: Policy = WIDE_POLICY,
    *,
    held: int = 0,
    price: Price | None = None,
    **changes: Any,
) -> Suggestion | None:
    """Return what is suggested for a refused order, once it is known to be the most that passes."""
    book = a_book(order.listing, held=held, price=price)
    return passing(Judge(policy), order, book, a_situation(**changes))


def passing(judge: Judge, order: Candidate, book: Book, now: Situation) -> Suggestion | None:
    judgement = judge.judge(order, book, now)
    assert judgement.verdict is Verdict.DENY
    by = suggest(judge, judgement)
    if by is None:
        return None
    mended, then = changed(order, by), later(now, by)
    assert judge.judge(mended, book, then).verdict is Verdict.ALLOW
    lot = order.listing.lot
    if by.quantity is not None and by.quantity + lot <= order.quantity:
        one_lot_more = changed(order, by._replace(quantity=by.quantity + lot))
        assert judge.judge(one_lot_more, book, then).verdict is not Verdict.ALLOW
    return by


def at(limit: str | int, trigger: str | None = None, side: Side = BUY) -> Candidate:
    order = a_candidate(10, side, limit=limit)
    if trigger is None:
        return order
    return order._replace(trigger_price=Decimal(trigger), order_type=OrderType.SL)


# Prices


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (at("1020.05"), "1020"),
        (at("1020.04"), "1020"),
        (at(979, side=SELL), "980"),
        (at("999.97"), "999.95"),
        (at("1500", "1100"), "1122"),
    ],
)
def test_a_limit_is_moved_to_the_tick_nearest_to_where_it_may_be(
    order: Candidate, expected: str
) -> None:
    assert suggested(order) == Suggestion(limit_price=Decimal(expected))


def test_a_trigger_is_moved_into_its_collar() -> None:
    order = a_candidate(10, order_type=OrderType.SL_M, trigger_price=Decimal(1300))
    assert suggested(order) == Suggestion(trigger_price=Decimal(1200))


def test_a_limit_is_moved_into_the_days_band() -> None:
    band = {"low_band": Decimal(990), "high_band": Decimal(1010)}
    assert suggested(at(1015), price=a_price(**band)) == Suggestion(limit_price=Decimal(1010))
    assert suggested(at(950), price=a_price(**band)) == Suggestion(limit_price=Decimal(990))
    stop = at("1015", "1012", SELL)._replace(sign=1)
    moved = suggested(stop, price=a_price(**band))
    assert moved == Suggestion(limit_price=Decimal(1010), trigger_price=Decimal(1010))


def test_a_market_that_is_out_of_its_band_is_mended_by_nothing() -> None:
    band = {"low_band": Decimal(900), "high_band": Decimal(999)}
    assert suggested(a_candidate(10), price=a_price(**band)) is None


def test_an_unprotected_order_is_given_a_limit_and_becomes_a_limit_order() -> None:
    policy = limiting(order={"market_protection_pct": "0.01"})
    by = suggested(a_candidate(10), policy, price=a_price(ask=Decimal(1050)))
    assert by == Suggestion(limit_price=Decimal(1010))
    assert changed(a_candidate(10), by).order_type is OrderType.LIMIT
    sale = suggested(a_candidate(10, SELL), policy)
    assert sale == Suggestion(limit_price=Decimal(990))
    stop = a_candidate(10, order_type=OrderType.SL_M, trigger_price=Decimal(1005))
    assert changed(stop, by).order_type is OrderType.SL


def test_no_limit_is_suggested_where_limit_orders_are_not_allowed() -> None:
    only_market = {"market_protection_pct": "0.01", "allowed_order_types": {"MARKET"}}
    assert suggested(a_candidate(10), limiting(order=only_market)) is None


# Quantities


def test_the_size_and_the_price_are_mended_together() -> None:
    policy = limiting(exposure={"max_position_pct": "0.1"})
    by = suggested(at("1025")._replace(quantity=Decimal(200)), policy)
    assert by == Suggestion(quantity=Decimal(98), limit_price=Decimal(1020))


def test_a_size_that_fits_once_the_price_is_mended_stays_as_it_was_asked() -> None:
    policy = limiting(exposure={"max_position_pct": "0.102"})
    by = suggested(at("1025")._replace(quantity=Decimal(100)), policy)
    assert by == Suggestion(limit_price=Decimal(1020))


@pytest.mark.parametrize(
    ("asked", "lot", "expected"),
    [("26", 25, 25), ("10.5", 1, 10), ("99", 25, 75), ("24", 25, None)],
)
def test_a_size_off_the_lot_is_cut_to_whole_lots(
    asked: str, lot: int, expected: int | None
) -> None:
    by = suggested(a_candidate(asked, listing=a_listing(lot=Decimal(lot))))
    assert by == (None if expected is None else Suggestion(quantity=Decimal(expected)))


def test_the_size_that_the_depth_takes_and_the_wait_are_mended_together() -> None:
    policy = limiting(
        market={"max_slippage_pct": "0.01"}, execution={"max_orders_per_minute_by_symbol": 1}
    )
    price = a_price(asks=(DepthLevel(Decimal(1010), Decimal(4)),))
    by = suggested(a_candidate(10), policy, price=price, rates=Rates(orders_symbol=1))
    assert by == Suggestion(quantity=Decimal(4), wait_s=Decimal(60))


def test_only_the_part_that_closes_is_suggested_while_nothing_may_be_opened() -> None:
    by = suggested(a_candidate(15, SELL), held=10, kill_switch=REDUCE_ONLY)
    assert by == Suggestion(quantity=Decimal(10))


def test_the_part_that_closes_is_left_when_another_price_is_missing() -> None:
    book = a_book(held=10)
    book.enter(a_listing("TCS"), None, {MIS: Decimal(1)})
    by = passing(Judge(WIDE_POLICY), a_candidate(15, SELL), book, a_situation())
    assert by == Suggestion(quantity=Decimal(10))


def test_an_exit_that_would_open_is_cut_to_what_is_left() -> None:
    order = a_candidate(15, SELL, reduce_only=True)
    assert suggested(order, held=10) == Suggestion(quantity=Decimal(10))
    assert suggested(order) is None


def test_slices_are_cut_with_the_size() -> None:
    order = a_candidate(30, SELL, slices=(Decimal(10),) * 3, reduce_only=True)
    by = suggested(order, held=25)
    assert by == Suggestion(quantity=Decimal(25))
    assert list(changed(order, by).slices) == [10, 10, 5]


# Products


def test_a_short_sale_is_suggested_in_a_product_that_may_be_sold_short() -> None:
    assert suggested(a_candidate(10, SELL, product=CNC)) == Suggestion(product=MIS)
    only_nrml = limiting(short={"allow_short_products": {"NRML"}})
    assert suggested(a_candidate(10, SELL, product=CNC), only_nrml) == Suggestion(product=NRML)
    none = limiting(short={"allow_short_products": set()})
    assert suggested(a_candidate(10, SELL, product=CNC), none) is None


def test_a_product_that_is_listed_is_suggested_for_one_that_is_not() -> None:
    by = suggested(a_candidate(10), limiting(order={"allowed_products": {"CNC"}}))
    assert by == Suggestion(product=CNC)
    assert suggested(a_candidate(10), limiting(order={"allowed_products": set()})) is None


def test_late_in_the_day_delivery_is_suggested_to_buy_and_the_next_session_to_sell() -> None:
    late = Market(is_open=True, closes_at=NOW + timedelta(minutes=5))
    assert suggested(a_candidate(10), market=late) == Suggestion(product=CNC)
    by = suggested(a_candidate(10, SELL), market=late)
    assert by == Suggestion(until=Until.NEXT_SESSION)


# Time


@pytest.mark.parametrize(
    ("ages", "wait"), [(["10", "20"], "40"), (["59.999999", "1"], "0.000001"), (["0", "-2"], "60")]
)
def test_the_wait_is_until_enough_orders_are_out_of_the_window(ages: list[str], wait: str) -> None:
    activity = Activity()
    for age in ages:
        activity.record_order(a_candidate(1, symbol="TCS"), NOW - seconds(age))
    policy = limiting(execution={"max_orders_per_minute_by_strategy": 2})
    rates = activity.rates(a_candidate(10), NOW)
    by = suggested(a_candidate(10), policy, rates=rates)
    assert by == Suggestion(wait_s=Decimal(wait))
    almost = Suggestion(wait_s=Decimal(wait) - Decimal("0.000001"))
    situation = later(a_situation(rates=rates), almost)
    assert Judge(policy).judge(a_candidate(10), a_book(), situation).verdict is Verdict.DENY


def test_an_order_stamped_ahead_is_waited_for_until_it_is_old() -> None:
    activity = Activity()
    activity.record_order(a_candidate(1), NOW + seconds(2))
    policy = limiting(execution={"max_orders_per_minute_by_symbol": 1})
    rates = activity.rates(a_candidate(10), NOW)
    assert suggested(a_candidate(10), policy, rates=rates) == Suggestion(wait_s=Decimal(62))


def test_more_slices_than_a_minute_may_have_are_mended_by_no_wait() -> None:
    policy = limiting(execution={"max_orders_per_minute_by_symbol": 2})
    assert suggested(a_candidate(3, slices=(Decimal(1),) * 3), policy) is None


def test_the_longest_of_several_waits_is_the_one_that_passes() -> None:
    policy = limiting(execution={"max_messages_per_second": 1, "exit_reserve_pct": 0})
    rates = Rates(messages_1s=1, messages_60s=1, same_order_age_s=Decimal("29.5"))
    assert suggested(a_candidate(10), policy, rates=rates) == Suggestion(wait_s=Decimal(1))
    sooner = rates._replace(same_order_age_s=Decimal(10))
    assert suggested(a_candidate(10), policy, rates=sooner) == Suggestion(wait_s=Decimal(20))


def test_a_closed_market_is_waited_for_and_an_unknown_one_is_not() -> None:
    assert suggested(a_candidate(10), market=CLOSED) == Suggestion(until=Until.NEXT_SESSION)
    assert suggested(a_candidate(10), market=Market()) is None


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        ({"account": an_account(day_start=Decimal(2_000_000))}, Until.NEXT_DAY),
        ({"rates": Rates(orders_today=1000)}, Until.NEXT_DAY),
        ({"account": an_account(week_start=Decimal(2_000_000))}, Until.NEXT_WEEK),
        ({"account": an_account(month_start=Decimal(2_000_000))}, Until.NEXT_MONTH),
        ({"account": an_account(month_spent=True)}, Until.NEXT_MONTH),
    ],
)
@pytest.mark.parametrize("market", [Market(is_open=True), CLOSED])
def test_a_window_that_is_used_up_is_waited_for_also_while_the_market_is_closed(
    changes: dict[str, Any], until: Until, market: Market
) -> None:
    assert suggested(a_candidate(10), **changes, market=market) == Suggestion(until=until)


def test_the_longest_of_several_windows_is_the_one_that_passes() -> None:
    spent = an_account(month_spent=True, day_start=Decimal(2_000_000))
    assert suggested(a_candidate(10), account=spent) == Suggestion(until=Until.NEXT_MONTH)


def test_the_windows_of_one_that_may_end_first_are_not_taken_to_be_over() -> None:
    both = an_account(month_spent=True, week_start=Decimal(2_000_000))
    assert suggested(a_candidate(10), account=both) is None


def test_later_without_rates_knows_no_rates() -> None:
    unknown = a_situation(rates=None)
    assert later(unknown, Suggestion(until=Until.NEXT_DAY)).rates is None
    assert later(unknown, Suggestion(wait_s=Decimal(5))).rates is None


# Nothing


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        (limiting(order={"deny_list": {"INFY"}}), {}),
        (WIDE_POLICY, {"kill_switch": KillSwitchLevel.HALTED}),
        (WIDE_POLICY, {"kill_switch": REDUCE_ONLY}),
        (WIDE_POLICY, {"rates": None}),
        (WIDE_POLICY, {"account": an_account(peak=Decimal(2_000_000))}),
        (limiting(exposure={"max_position_pct": "0.1"}), {"held": 100}),
        (limiting(market={"max_gap_pct": "0.01"}), {}),
        (
            limiting(market={"max_gap_pct": "0.01"}),
            {"price": a_price(open=Decimal(1100), previous_close=Decimal(1000))},
        ),
    ],
)
def test_nothing_is_suggested_where_nothing_known_would_pass(
    policy: Policy, changes: dict[str, Any]
) -> None:
    assert suggested(a_candidate(10), policy, **changes) is None


@pytest.mark.parametrize("quantity", [10, 101])
def test_what_is_allowed_or_reduced_needs_no_suggestion(quantity: int) -> None:
    judge = Judge(limiting(exposure={"max_position_pct": "0.1"}))
    assert suggest(judge, judge.judge(a_candidate(quantity), a_book(), a_situation())) is None


def test_a_suggestion_is_said_in_words() -> None:
    by = Suggestion(
        quantity=Decimal(5),
        limit_price=Decimal("10.50"),
        trigger_price=Decimal(9),
        product=CNC,
        wait_s=Decimal("1.5"),
        until=Until.NEXT_DAY,
    )
    assert by.text == (
        "quantity 5, limit price 10.5, trigger price 9, product CNC, in 2 s, "
        "in the next trading day"
    )
