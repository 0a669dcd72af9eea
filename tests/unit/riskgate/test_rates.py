"""How often: what was sent before counts, so at the limit the next one is refused."""

from decimal import Decimal
from typing import Any

import pytest

from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import Side
from riskgate.facts import Candidate, Rates
from riskgate.judge import Judge, Judgement
from tests.unit.riskgate.builders import (
    NOW,
    WIDE_POLICY,
    a_book,
    a_candidate,
    a_policy,
    a_situation,
)

SELL = Side.SELL


def judged(
    order: Candidate, rates: Rates, *, held: int = 0, now: Any = NOW, **execution: Any
) -> Judgement:
    policy = a_policy(WIDE_POLICY, execution={"exit_reserve_pct": 0} | execution)
    return Judge(policy).judge(order, a_book(held=held), a_situation(rates=rates, as_of=now))


def having(count: str, number: int) -> Rates:
    return Rates()._replace(**{count: number})  # type: ignore[arg-type]


LIMITS = [
    ("max_orders_per_minute_global", "orders_global", "EXEC-001"),
    ("max_orders_per_minute_by_strategy", "orders_strategy", "EXEC-002"),
    ("max_orders_per_minute_by_symbol", "orders_symbol", "EXEC-003"),
    ("max_messages_per_second", "messages_1s", "EXEC-004"),
    ("max_messages_per_minute", "messages_60s", "EXEC-004"),
    ("max_orders_per_day", "orders_today", "EXEC-005"),
]


@pytest.mark.parametrize(("limit", "count", "rule_id"), LIMITS)
def test_one_below_the_limit_passes_and_at_it_the_next_is_refused(
    limit: str, count: str, rule_id: str
) -> None:
    assert judged(a_candidate(), having(count, 4), **{limit: 5}).verdict is Verdict.ALLOW
    at_it = judged(a_candidate(), having(count, 5), **{limit: 5})
    assert at_it.rule_ids == (rule_id,)
    assert [at_it.findings[0].breach.limit, at_it.findings[0].breach.actual] == [5, 5]


@pytest.mark.parametrize(("limit", "count", "rule_id"), LIMITS)
def test_an_order_in_slices_needs_room_for_all_of_them(
    limit: str, count: str, rule_id: str
) -> None:
    order = a_candidate(3, slices=(Decimal(1),) * 3)
    assert judged(order, having(count, 2), **{limit: 5}).verdict is Verdict.ALLOW
    assert judged(order, having(count, 3), **{limit: 5}).rule_ids == (rule_id,)


def test_more_slices_than_are_ever_allowed_ask_for_a_smaller_plan() -> None:
    order = a_candidate(3, slices=(Decimal(1),) * 3)
    breach = judged(order, Rates(), max_orders_per_minute_global=2).findings[0].breach
    assert (breach.wait_s, breach.remedy) == (None, "Ask for a smaller plan")


@pytest.mark.parametrize(
    ("limit", "count"),
    [
        ("max_orders_per_minute_global", "orders_global"),
        ("max_messages_per_second", "messages_1s"),
        ("max_messages_per_minute", "messages_60s"),
    ],
)
def test_a_part_of_the_brokers_rate_is_kept_for_exits(limit: str, count: str) -> None:
    kept: dict[str, Any] = {limit: 10, "exit_reserve_pct": "0.25"}
    assert judged(a_candidate(), having(count, 6), **kept).verdict is Verdict.ALLOW
    assert judged(a_candidate(), having(count, 7), **kept).verdict is Verdict.DENY
    exit_ = a_candidate(10, SELL)
    assert judged(exit_, having(count, 9), held=10, **kept).verdict is Verdict.ALLOW
    assert judged(exit_, having(count, 10), held=10, **kept).verdict is Verdict.DENY
    assert judged(exit_, having(count, 9), held=9, **kept).verdict is Verdict.DENY


@pytest.mark.parametrize(
    ("limit", "count", "rule_id"),
    [row for row in LIMITS if row[2] in {"EXEC-002", "EXEC-003", "EXEC-005"}],
)
def test_an_exit_passes_the_rates_of_a_strategy_a_symbol_and_the_day(
    limit: str, count: str, rule_id: str
) -> None:
    exit_ = judged(a_candidate(10, SELL), having(count, 9), held=10, **{limit: 5})
    assert exit_.verdict is Verdict.ALLOW
    assert [finding.rule.rule_id for finding in exit_.waived] == [rule_id]


def test_both_windows_of_messages_are_named() -> None:
    rates = Rates(messages_1s=2, messages_60s=9)
    both = judged(a_candidate(), rates, max_messages_per_second=2, max_messages_per_minute=9)
    assert [finding.breach.wait_s for finding in both.findings] == [1, 60]


@pytest.mark.parametrize(("age", "refused"), [("29.999999", True), ("30", False), ("0", True)])
def test_the_same_order_may_go_again_once_its_window_is_over(age: str, refused: bool) -> None:
    rates = Rates(same_order_age_s=Decimal(age))
    assert (judged(a_candidate(), rates).rule_ids == ("EXEC-006",)) is refused


def test_without_a_window_the_same_order_may_go_at_once() -> None:
    again = Rates(same_order_age_s=Decimal(0))
    assert judged(a_candidate(), again, duplicate_window_s=0).verdict is Verdict.ALLOW


def test_without_a_clock_the_wait_is_the_whole_window() -> None:
    rates = Rates(orders_global=1, global_us=(1,))
    judgement = judged(a_candidate(), rates, now=None, max_orders_per_minute_global=1)
    (breach,) = [f.breach for f in judgement.findings if f.rule.rule_id == "EXEC-001"]
    assert breach.wait_s == 60
