"""One order judged: what holds for exits, what only monitors, what trips, and how far it shrinks.

Equity is 1,000,000 and the price 1000, so one piece is 0.1 % of equity.
"""

from collections.abc import Mapping
from decimal import Decimal, getcontext, localcontext
from typing import Any, Final

import pytest

from riskgate.contracts.decisions import KillSwitchLevel, Severity, Verdict
from riskgate.contracts.orders import Product, Side
from riskgate.facts import Candidate, Listing, Market, Rates
from riskgate.judge import Judge, Judgement
from riskgate.policy import DEFAULT_POLICY, PEER_VERSION, Mode, Policy
from riskgate.rules.base import Breach, Rule
from riskgate.weigh import Facts
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
    changed,
)

BUY, SELL = Side.BUY, Side.SELL
ALLOW, MODIFY, DENY = Verdict.ALLOW, Verdict.MODIFY, Verdict.DENY
REDUCE_ONLY, HALTED = KillSwitchLevel.REDUCE_ONLY, KillSwitchLevel.HALTED
BROKE: Final = an_account(500_000, available=Decimal(-1))


def limiting(**blocks: Mapping[str, object]) -> Policy:
    return a_policy(WIDE_POLICY, **blocks)


def judged(candidate: Candidate, policy: Policy = WIDE_POLICY, **changes: Any) -> Judgement:
    """Judge an order against a book that holds `held` of its instrument."""
    book = a_book(candidate.listing, held=changes.pop("held", 0))
    return Judge(policy).judge(candidate, book, a_situation(**changes))


POSITION_100: Final = limiting(exposure={"max_position_pct": "0.1"})
EVERYTHING_TIGHT: Final = limiting(
    exposure={
        "max_position_pct": "0.001",
        "max_gross_exposure_x": "0.001",
        "max_net_exposure_x": "0.001",
        "max_sector_pct": "0.001",
        "max_symbol_pct": "0.001",
        "max_open_positions": 1,
        "max_open_orders": 1,
    },
    execution={
        "max_orders_per_minute_global": 9,
        "max_orders_per_minute_by_strategy": 1,
        "max_orders_per_minute_by_symbol": 1,
        "max_orders_per_day": 1,
    },
)
ONE_OF_EACH: Final = Rates(
    orders_global=1, orders_strategy=1, orders_symbol=1, messages_60s=1, orders_today=1
)


def test_an_exit_passes_every_rule_that_only_bounds_opening_and_names_them_all() -> None:
    book = a_book(held=600)
    for number in range(2):
        book.place(number, a_candidate(1, symbol="INFY", limit=999))
    situation = a_situation(
        account=BROKE.replace(month_spent=True), rates=ONE_OF_EACH, kill_switch=REDUCE_ONLY
    )
    order = a_candidate(20, SELL, limit=1000)
    judgement = Judge(EVERYTHING_TIGHT).judge(order, book, situation)
    assert (judgement.verdict, judgement.findings, judgement.allowed) == (ALLOW, (), None)
    assert [finding.rule.rule_id for finding in judgement.waived] == [
        "KILL-001",
        *(f"LOSS-00{n}" for n in range(1, 5)),
        *("EXEC-002", "EXEC-003", "EXEC-005"),
        *("EXP-001", "EXP-002", "EXP-003", "EXP-004", "EXP-005", "EXP-007"),
    ]


@pytest.mark.parametrize(("side", "held"), [(SELL, 10), (BUY, -10)])
def test_one_piece_more_than_closes_is_an_opening_again(side: Side, held: int) -> None:
    tight: dict[str, Any] = {"kill_switch": REDUCE_ONLY}
    assert judged(a_candidate(10, side), held=held, **tight).verdict is ALLOW
    assert judged(a_candidate(11, side), held=held, **tight).rule_ids == ("KILL-001",)


def test_halted_stops_an_exit_too_and_is_not_waived() -> None:
    judgement = judged(a_candidate(10, SELL), held=10, kill_switch=HALTED)
    assert (judgement.rule_ids, judgement.waived) == (("KILL-001",), ())


@pytest.mark.parametrize(
    ("rates", "execution", "rule_id"),
    [
        (Rates(orders_global=2), {"max_orders_per_minute_global": 2}, "EXEC-001"),
        (Rates(messages_1s=2), {"max_messages_per_second": 2}, "EXEC-004"),
        (Rates(messages_60s=2), {"max_messages_per_minute": 2}, "EXEC-004"),
        (Rates(same_order_age_s=Decimal(1)), {}, "EXEC-006"),
        (None, {}, "SYS-007"),
    ],
)
def test_the_brokers_own_rates_and_duplicates_hold_for_exits(
    rates: Rates | None, execution: dict[str, object], rule_id: str
) -> None:
    exit_ = a_candidate(10, SELL)
    judgement = judged(exit_, limiting(execution=execution), held=10, rates=rates)
    assert (judgement.verdict, judgement.rule_ids) == (DENY, (rule_id,))


@pytest.mark.parametrize(
    ("order", "policy", "rule_id"),
    [
        (a_candidate(11, SELL, limit=900), WIDE_POLICY, "ORD-008"),
        (a_candidate(11, SELL), limiting(order={"max_order_quantity": 10}), "ORD-004"),
        (a_candidate(11, SELL), limiting(order={"deny_list": {"INFY"}}), "ORD-012"),
        (a_candidate("10.5", SELL), WIDE_POLICY, "ORD-005"),
    ],
)
def test_the_rules_of_an_order_hold_for_exits(
    order: Candidate, policy: Policy, rule_id: str
) -> None:
    assert judged(order, policy, held=50).rule_ids == (rule_id,)


# Monitoring


def monitoring(policy: Policy) -> Policy:
    return changed(policy, mode=Mode.MONITOR)


def test_a_policy_that_monitors_allows_and_reports_all_of_it_in_order() -> None:
    situation: dict[str, Any] = {"kill_switch": REDUCE_ONLY, "account": BROKE}
    enforced = judged(a_candidate(200), POSITION_100, **situation)
    monitored = judged(a_candidate(200), monitoring(POSITION_100), **situation)
    assert (enforced.verdict, monitored.verdict) == (DENY, ALLOW)
    assert monitored.rule_ids == enforced.rule_ids
    assert (monitored.allowed, monitored.waived) == (None, ())


def test_a_policy_that_monitors_reports_what_an_exit_would_have_passed() -> None:
    exit_ = a_candidate(10, SELL)
    judgement = judged(exit_, monitoring(POSITION_100), held=300, kill_switch=REDUCE_ONLY)
    assert (judgement.verdict, judgement.waived) == (ALLOW, ())
    assert judgement.rule_ids == ("KILL-001", "EXP-001")


def test_monitored_findings_and_waived_ones_stay_in_the_order_of_rules() -> None:
    exit_ = a_candidate(10, SELL, limit=900)
    judgement = judged(exit_, monitoring(POSITION_100), held=300, kill_switch=REDUCE_ONLY)
    assert judgement.rule_ids == ("KILL-001", "EXP-001", "ORD-008")


@pytest.mark.parametrize(
    ("changes", "rule_id"),
    [
        ({"kill_switch": HALTED}, "KILL-001"),
        ({"rates": None}, "SYS-007"),
        ({"account": an_account(0, day_start=None, peak=None)}, "SYS-004"),
        ({"account": an_account(day_start=None)}, "SYS-004"),
    ],
)
def test_missing_facts_and_a_halt_deny_even_where_a_policy_only_monitors(
    changes: dict[str, Any], rule_id: str
) -> None:
    judgement = judged(a_candidate(), monitoring(WIDE_POLICY), **changes)
    assert judgement.verdict is DENY
    assert rule_id in judgement.rule_ids


# Tripping the kill switch


def tripping(policy: Policy, *rule_ids: str) -> Policy:
    return changed(policy, kill_switch=changed(policy.kill_switch, trip_on_rules=rule_ids))


def test_only_a_rule_that_is_named_trips() -> None:
    order = a_candidate(limit=900, side=SELL)
    assert judged(order, tripping(WIDE_POLICY, "ORD-008")).trips
    assert not judged(order, tripping(WIDE_POLICY, "LOSS-002")).trips
    assert not judged(a_candidate(), tripping(WIDE_POLICY, "ORD-008")).trips


def test_a_reduction_never_trips() -> None:
    policy = tripping(POSITION_100, "EXP-001")
    assert (judged(a_candidate(101), policy).verdict, judged(a_candidate(101), policy).trips) == (
        MODIFY,
        False,
    )
    closed = judged(a_candidate(101), policy, market=Market(is_open=False))
    assert (closed.verdict, closed.trips) == (DENY, True)


@pytest.mark.parametrize("mode", Mode)
def test_a_drawdown_trips_also_when_an_exit_passes_it(mode: Mode) -> None:
    policy = changed(tripping(WIDE_POLICY, "LOSS-002"), mode=mode)
    judgement = judged(a_candidate(10, SELL), policy, held=10, account=BROKE)
    assert (judgement.verdict, judgement.trips) == (ALLOW, True)


def test_a_waived_rule_trips_beside_one_that_denies() -> None:
    policy = tripping(WIDE_POLICY, "LOSS-002")
    judgement = judged(a_candidate(10, SELL, limit=900), policy, held=10, account=BROKE)
    assert (judgement.verdict, judgement.trips) == (DENY, True)


# Reducing


@pytest.mark.parametrize(
    ("held", "side", "asked", "expected"),
    [
        (0, BUY, 101, 100),
        (0, SELL, 150, 100),
        (50, SELL, 250, 150),
        (150, SELL, 400, 250),
        (-600, BUY, 800, 700),
        (99, BUY, 2, 1),
    ],
)
def test_a_reduction_is_the_most_that_passes_and_one_more_is_refused(
    held: int, side: Side, asked: int, expected: int
) -> None:
    judgement = judged(a_candidate(asked, side), POSITION_100, held=held)
    assert [judgement.verdict, judgement.allowed] == [MODIFY, expected]
    assert judged(a_candidate(expected, side), POSITION_100, held=held).verdict is ALLOW
    assert judged(a_candidate(expected + 1, side), POSITION_100, held=held).verdict is MODIFY


def test_a_reduction_is_in_whole_lots() -> None:
    listing = a_listing(lot=Decimal(25))
    assert judged(a_candidate(125, listing=listing), POSITION_100).allowed == 100
    cap_99 = limiting(exposure={"max_position_pct": "0.0999999"})
    assert judged(a_candidate(125, listing=listing), cap_99).allowed == 75
    assert judged(a_candidate(25, listing=listing), POSITION_100, held=76).verdict is DENY


def test_a_reduction_cuts_the_orders_it_goes_out_in() -> None:
    order = a_candidate(125, slices=(Decimal(50), Decimal(50), Decimal(25)))
    policy = limiting(exposure={"max_position_pct": "0.1", "max_open_orders": 3})
    assert judged(order, policy).allowed == 100


def test_the_part_that_closes_is_never_cut_though_there_is_no_room_at_all() -> None:
    book = a_book(held=10)
    book.enter(a_listing("TCS"), a_price(), {Product.MIS: Decimal(500)})
    policy = limiting(exposure={"max_gross_exposure_x": "0.1"})
    judgement = Judge(policy).judge(a_candidate(20, SELL), book, a_situation())
    assert [judgement.verdict, judgement.allowed] == [MODIFY, 10]


def test_money_that_is_owed_still_lets_the_part_that_closes_pass() -> None:
    owing = an_account(available=Decimal(-5))
    assert judged(a_candidate(20, SELL), held=10, account=owing).allowed == 10


def test_a_risk_that_is_used_up_still_lets_the_part_that_closes_pass() -> None:
    policy = limiting(loss={"max_risk_per_trade_pct": "0.01"})
    order = a_candidate(20, SELL, stop_price=Decimal(1100))
    judgement = judged(order, policy, held=10, risked=Decimal(10_000))
    assert [*judgement.rule_ids, judgement.allowed] == ["LOSS-005", 10]


def test_several_rules_agree_on_the_least_that_all_of_them_pass() -> None:
    policy = limiting(
        exposure={"max_position_pct": "0.1", "max_gross_exposure_x": "0.08"},
        order={"max_order_quantity": 90, "max_order_value": 75_000},
    )
    assert judged(a_candidate(200), policy).allowed == 75


def test_a_breach_that_no_size_mends_denies_and_offers_nothing() -> None:
    closed = judged(a_candidate(101), POSITION_100, market=Market(is_open=False))
    assert (closed.verdict, closed.allowed) == (DENY, None)


def test_the_peers_version_reduces_for_the_position_alone() -> None:
    gross = limiting(exposure={"max_gross_exposure_x": "0.1"})
    assert judged(a_candidate(101), gross).verdict is MODIFY
    assert judged(a_candidate(101), changed(gross, version=PEER_VERSION)).verdict is DENY
    both = changed(POSITION_100, version=PEER_VERSION)
    assert judged(a_candidate(101), both).allowed == 100


def test_an_order_in_flight_on_the_other_side_may_leave_no_quantity_that_passes() -> None:
    book = a_book()
    book.place("short", a_candidate(300, SELL, limit=1019))
    judgement = Judge(POSITION_100).judge(a_candidate(350, limit=1000), book, a_situation())
    assert (judgement.verdict, judgement.rule_ids) == (DENY, ("EXP-001",))


def test_a_net_exposure_far_over_on_the_other_side_offers_no_smaller_order() -> None:
    book = a_book()
    book.enter(a_listing("TCS"), a_price(), {Product.MIS: Decimal(-900)})
    policy = limiting(exposure={"max_net_exposure_x": "0.8"})
    judgement = Judge(policy).judge(a_candidate(50), book, a_situation())
    assert (judgement.verdict, judgement.allowed) == (DENY, None)
    assert judged_net(book, policy, 100) is ALLOW
    assert judged_net(book, policy, 99) is DENY


def judged_net(book: Any, policy: Policy, quantity: int) -> Verdict:
    return Judge(policy).judge(a_candidate(quantity), book, a_situation()).verdict


@pytest.mark.parametrize("quantity", [3, 1000])
def test_the_search_for_a_smaller_quantity_ends(
    quantity: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_less_every_time(f: Facts) -> tuple[Breach, ...]:
        return (Breach("TOO_MANY: still", "Less", allowed=f.candidate.quantity - 1),)

    rule = Rule("ORD-004", Severity.HIGH, one_less_every_time, reduces=True)
    monkeypatch.setattr("riskgate.judge._ORDER_RULES", (rule,))
    assert judged(a_candidate(quantity)).verdict is DENY


# Figures


def test_the_figures_are_of_the_book_after_the_order_beside_their_limits() -> None:
    figures = {
        f.metric: (f.value, f.limit) for f in judged(a_candidate(10), DEFAULT_POLICY).evidence
    }
    assert figures == {
        "daily_return": (0, Decimal("-0.02")),
        "drawdown": (0, Decimal("0.10")),
        "new_position_pct": (Decimal("0.01"), Decimal("0.25")),
        "gross_exposure_x": (Decimal("0.01"), 1),
        "net_exposure_x": (Decimal("0.01"), None),
    }


@pytest.mark.parametrize("equity", [0, -1])
def test_nothing_is_measured_by_equity_that_is_not_positive(equity: int) -> None:
    assert judged(a_candidate(), account=an_account(equity)).evidence == ()


def test_figures_that_cannot_be_known_are_left_out() -> None:
    account = an_account(day_start=None, peak=Decimal(0))
    assert {f.metric for f in judged(a_candidate(), account=account).evidence} == {
        "new_position_pct",
        "gross_exposure_x",
        "net_exposure_x",
    }


def test_a_symbol_that_is_not_in_the_master_is_not_asked_for_its_steps() -> None:
    unknown = Listing(key="INFY", names=("INFY",))
    order = a_candidate("0.12345678", listing=unknown, limit="999.99999")
    assert judged(order).verdict is ALLOW
    assert judged(order, a_policy(order={"deny_list": {"INFY"}})).rule_ids == ("ORD-012",)


def test_judging_changes_nothing_and_leaves_the_callers_arithmetic_alone() -> None:
    book, situation, judge = a_book(held=5), a_situation(), Judge(POSITION_100)
    first = judge.judge(a_candidate(200), book, situation)
    with localcontext() as context:
        context.prec = 3
        again = judge.judge(a_candidate(200), book, situation)
        assert getcontext().prec == 3
    assert again[:-1] == first[:-1]
    assert [book.gross, book.orders_in_flight, situation.as_of] == [5_000, 0, NOW]
