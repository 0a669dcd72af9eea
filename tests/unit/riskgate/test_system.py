"""Missing, old or contradictory facts deny."""

from decimal import Decimal
from typing import Any

import pytest

from riskgate.book import Book
from riskgate.contracts.decisions import KillSwitchLevel, Verdict, Violation
from riskgate.contracts.instruments import Currency, Exchange, InstrumentKind
from riskgate.contracts.orders import Product, Side
from riskgate.engine import GateInput
from riskgate.facts import Candidate, Listing, Price
from riskgate.inputs import Classification, FxRate, Sent
from riskgate.judge import Judge, Judgement
from riskgate.policy import ExecutionLimits
from tests.unit.riskgate.builders import (
    NOW,
    WIDE_POLICY,
    a_book,
    a_candidate,
    a_gate_input,
    a_history,
    a_ledger,
    a_leg,
    a_listing,
    a_market_leg,
    a_plan,
    a_policy,
    a_position,
    a_price,
    a_quote,
    a_ref,
    a_situation,
    a_snapshot,
    an_instrument,
    an_open_order,
    codes,
    decide,
    figures,
    margins,
    only_violation,
    seconds,
    terms,
)


def messages(**changes: Any) -> list[str]:
    return [f"{v.rule_id} {v.message.split(':')[0]}" for v in violations(**changes)]


def violations(**changes: Any) -> tuple[Violation, ...]:
    return decide(a_gate_input(**changes)).violations


def judge(candidate: Candidate, book: Book, **changes: Any) -> Judgement:
    return Judge(WIDE_POLICY).judge(candidate, book, a_situation(**changes))


def an_exit(**changes: Any) -> GateInput:
    leg = a_market_leg(10, side=Side.SELL)
    held = [a_position(10), *changes.pop("held", ())]
    return a_gate_input(leg, held=held, **changes)


def test_a_missing_quote_denies() -> None:
    assert messages(quotes=()) == ["SYS-001 QUOTE_MISSING"]


def test_a_price_of_zero_denies() -> None:
    unusable = a_quote().model_copy(update={"last": Decimal(0)})
    assert messages(quotes=(unusable,)) == ["SYS-001 QUOTE_NONPOSITIVE"]


def test_without_a_price_no_figure_is_made_up() -> None:
    assert set(figures(decide(a_gate_input(quotes=())))) == {
        "equity",
        "daily_return",
        "drawdown",
        "margin_available",
    }


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("10", []),
        ("10.000001", ["SYS-001 QUOTE_STALE"]),
        ("-5", []),
        ("-5.000001", ["SYS-001 QUOTE_FROM_FUTURE"]),
    ],
)
def test_a_quote_passes_up_to_its_age_and_the_skew_of_clocks(age: str, expected: list[str]) -> None:
    assert messages(quotes=(a_quote(age=age),)) == expected


def test_a_stale_quote_says_how_old_it_is() -> None:
    violation = only_violation(decide(a_gate_input(quotes=(a_quote(age="10.5"),))))
    assert (violation.limit, violation.actual) == (Decimal(10), Decimal("10.5"))


def test_a_missing_snapshot_denies_even_an_exit() -> None:
    selling = a_market_leg(10, side=Side.SELL)
    assert codes(a_gate_input(selling, broker=None)) == ("SYS-003", "SYS-004", "ORD-010")


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("30", []),
        ("30.000001", ["SYS-003 SNAPSHOT_STALE"]),
        ("-5", []),
        ("-5.000001", ["SYS-003 SNAPSHOT_FROM_FUTURE"]),
    ],
)
def test_a_snapshot_passes_up_to_its_age_and_the_skew_of_clocks(
    age: str, expected: list[str]
) -> None:
    assert messages(broker=a_snapshot(as_of=NOW - seconds(age))) == expected


def test_a_snapshot_of_another_account_denies_and_its_money_is_not_used() -> None:
    decision = decide(a_gate_input(broker=a_snapshot(account_id="paper-2")))
    assert decision.codes == ("SYS-003", "SYS-004")
    assert "equity" not in figures(decision)


def test_a_ledger_of_another_account_denies() -> None:
    assert messages(ledger=a_ledger(account_id="paper-2")) == ["SYS-003 LEDGER_OF_ANOTHER_ACCOUNT"]


def test_a_missing_ledger_is_no_fault_because_the_broker_is_the_truth() -> None:
    assert messages(ledger=None) == []


def test_missing_margins_deny() -> None:
    assert messages(money=None) == ["SYS-004 EQUITY_MISSING"]


@pytest.mark.parametrize("equity", [0, -5])
def test_a_position_can_be_left_when_all_equity_is_gone(equity: int) -> None:
    leg = a_leg(10, side=Side.SELL, reduce_only=True)
    gone = {"held": [a_position(10)], "money": margins(equity=Decimal(equity))}
    assert decide(a_gate_input(leg, **gone)).verdict is Verdict.ALLOW


def test_free_money_that_is_not_known_denies_where_margin_is_asked_for() -> None:
    unknown = a_situation(account=a_situation().account.replace(available=None))
    asked = Judge(a_policy(WIDE_POLICY, margin={"margin_fraction": "0.2"}))
    (finding,) = asked.judge(a_candidate(), a_book(), unknown).findings
    assert finding.breach.message.startswith("MARGIN_MISSING: ")
    free = Judge(a_policy(WIDE_POLICY, margin={"margin_fraction": None}))
    assert free.judge(a_candidate(), a_book(), unknown).verdict is Verdict.ALLOW


def test_a_book_that_lists_one_order_twice_contradicts_itself() -> None:
    twice = [an_open_order(symbol="TCS"), an_open_order(symbol="TCS")]
    quotes = (a_quote(), a_quote("TCS"))
    found = [
        v.message.partition(":")[0]
        for v in decide(a_gate_input(orders=twice, quotes=quotes)).violations
    ]
    assert found == ["SNAPSHOT_CONTRADICTS"]


def test_order_types_are_asked_of_an_instrument_known_by_its_symbol_only() -> None:
    bare = a_listing(listed=False, tick=None)
    only_limits = Judge(a_policy(WIDE_POLICY, order={"allowed_order_types": {"LIMIT"}}))
    market = a_candidate(listing=bare)
    assert only_limits.judge(market, a_book(bare), a_situation()).rule_ids == ("ORD-002",)


def test_a_policy_may_require_a_stop_of_whatever_opens() -> None:
    strict = a_policy(WIDE_POLICY, loss={"stop_required": True})
    assert codes(a_gate_input(), strict) == ("LOSS-005",)
    assert codes(a_gate_input(a_leg(stop=990)), strict) == ()
    leaving = a_leg(10, side=Side.SELL, reduce_only=True)
    assert codes(a_gate_input(leaving, held=[a_position(10)]), strict) == ()


@pytest.mark.parametrize("equity", ["0", "-1"])
def test_equity_that_is_not_positive_denies_and_nothing_is_divided_by_it(equity: str) -> None:
    gate_input = {"money": margins(equity=Decimal(equity)), "start_of_day_equity": None}
    assert messages(history=None, **gate_input) == ["SYS-004 EQUITY_NONPOSITIVE"]


def test_an_account_without_money_has_reached_its_loss_limits_too() -> None:
    broke = margins(equity=Decimal(0))
    assert codes(a_gate_input(money=broke)) == (
        "SYS-004",
        "LOSS-001",
        "LOSS-002",
        "LOSS-003",
        "LOSS-004",
    )


@pytest.mark.parametrize("start", [None, Decimal(0), Decimal(-1)])
def test_an_unknown_start_of_day_equity_denies_a_purchase(start: Decimal | None) -> None:
    expected = ["SYS-004 START_OF_DAY_EQUITY_MISSING"]
    assert messages(start_of_day_equity=start) == expected


def test_an_exit_needs_no_start_of_day_equity() -> None:
    assert decide(an_exit(start_of_day_equity=None)).verdict is Verdict.ALLOW


def test_an_instrument_in_another_currency_than_the_account_denies() -> None:
    foreign = a_leg(instrument=an_instrument(currency=Currency.USD))
    assert codes(a_gate_input(foreign)) == ("SYS-001", "SYS-005")


def test_a_plan_in_another_currency_than_the_account_denies() -> None:
    assert codes(a_gate_input(plan=a_plan(currency=Currency.USD))) == ("SYS-003",)


def test_a_held_symbol_without_a_price_denies_a_purchase_and_leaves_gross_unknown() -> None:
    decision = decide(a_gate_input(held=[a_position(1, "TCS")]))
    assert decision.codes == ("SYS-001",)
    assert {"gross_exposure_x", "net_exposure_x"}.isdisjoint(figures(decision))


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("10", []),
        ("10.000001", ["SYS-001 PRICE_STALE"]),
        ("-5", []),
        ("-5.000001", ["SYS-001 PRICE_FROM_FUTURE"]),
    ],
)
def test_the_price_of_a_held_symbol_is_as_current_as_the_traded_ones(
    age: str, expected: list[str]
) -> None:
    held = [a_position(1, "TCS")]
    assert messages(held=held, quotes=(a_quote(), a_quote("TCS", age=age))) == expected


def test_a_policy_may_have_exits_wait_for_every_price() -> None:
    strict = a_policy(data={"exits_need_every_price": True})
    assert codes(an_exit(held=[a_position(1, "TCS")]), strict) == ("SYS-001",)


def test_the_own_price_of_an_exit_is_never_done_without() -> None:
    assert codes(an_exit(quotes=())) == ("SYS-001",)
    assert codes(an_exit(quotes=(a_quote(age=11),))) == ("SYS-001",)


@pytest.mark.parametrize(
    ("block", "changes", "code"),
    [
        ("daily_loss_limit_pct", {"start_of_day_equity": None}, "START_OF_DAY_EQUITY_MISSING"),
        (
            "weekly_loss_limit_pct",
            {"history": a_history(week_start=None)},
            "START_OF_WEEK_EQUITY_MISSING",
        ),
        (
            "monthly_loss_budget_pct",
            {"history": a_history(month_start=0)},
            "START_OF_MONTH_EQUITY_MISSING",
        ),
        ("max_drawdown_pct", {"history": a_history(peak=-1)}, "PEAK_EQUITY_MISSING"),
    ],
)
def test_what_a_period_began_with_is_needed_only_where_a_limit_asks_for_it(
    block: str, changes: dict[str, Any], code: str
) -> None:
    assert f"SYS-004 {code}" in messages(**changes)
    gate_input = a_gate_input(**changes)
    without = decide(gate_input, a_policy(loss={block: None}))
    assert not any(v.message.startswith(code) for v in without.violations)


def test_an_unknown_history_denies_by_every_limit_that_needs_it() -> None:
    assert messages(history=None) == [
        "SYS-004 START_OF_WEEK_EQUITY_MISSING",
        "SYS-004 START_OF_MONTH_EQUITY_MISSING",
        "SYS-004 PEAK_EQUITY_MISSING",
    ]


def test_unknown_rates_deny_even_an_exit_unless_no_rate_is_limited() -> None:
    assert codes(a_gate_input(sent=None)) == ("SYS-007",)
    assert codes(an_exit(sent=None)) == ("SYS-007",)
    none = {name: None for name in ExecutionLimits.model_fields if name.startswith("max_")}
    assert codes(a_gate_input(sent=None), a_policy(execution=none)) == ()


def test_a_missing_price_hides_no_other_violation() -> None:
    leg = a_leg(10, limit_price="1000.01", instrument=an_instrument(kind=InstrumentKind.INDEX))
    gate_input = a_gate_input(
        leg,
        quotes=(),
        kill_switch=KillSwitchLevel.HALTED,
        money=margins(equity=Decimal(1)),
        sent=Sent(orders_today=1000),
        market_open=False,
    )
    policy = a_policy(order={"deny_list": {"INFY"}, "max_order_quantity": 9})
    assert codes(gate_input, policy) == (
        "KILL-001",
        "SYS-001",
        "LOSS-001",
        "LOSS-002",
        "LOSS-003",
        "LOSS-004",
        "EXEC-005",
        "ORD-004",
        "ORD-006",
        "ORD-011",
        "ORD-012",
        "MKT-001",
    )


def test_age_limits_that_are_off_ask_for_no_age() -> None:
    policy = a_policy(data={"quote_age_max_s": None, "snapshot_age_max_s": None})
    old = a_gate_input(
        quotes=(a_quote(age=9999), a_quote("TCS", age=9999)),
        held=[a_position(1, "TCS")],
    )
    assert codes(old, policy) == ()
    stale = a_gate_input(broker=a_snapshot(as_of=NOW - seconds(9999)))
    assert codes(stale, policy) == ()


@pytest.mark.parametrize("last", ["NaN", "Infinity", "-1"])
def test_a_price_that_is_no_number_of_money_denies(last: str) -> None:
    judgement = judge(a_candidate(), a_book(price=a_price(last)))
    assert judgement.rule_ids == ("SYS-001",)
    assert judgement.verdict is Verdict.DENY


def test_a_contract_whose_point_has_no_known_worth_denies() -> None:
    listing = a_listing(multiplier=None)
    judgement = judge(a_candidate(listing=listing), a_book(listing))
    assert judgement.findings[0].breach.message.startswith("MULTIPLIER_UNKNOWN")


@pytest.mark.parametrize(
    ("listing", "price", "reason"),
    [
        (a_listing("TCS"), a_price("NaN"), "PRICE_UNUSABLE"),
        (a_listing("TCS", multiplier=None), a_price(), "MULTIPLIER_UNKNOWN"),
    ],
)
def test_a_held_instrument_that_cannot_be_valued_says_why(
    listing: Listing, price: Price, reason: str
) -> None:
    book = a_book()
    book.enter(listing, price, {Product.MIS: Decimal(1)})
    (finding,) = judge(a_candidate(), book).findings
    assert finding.breach.message.startswith(f"{reason}: NSE:TCS")


def test_a_traded_instrument_that_nobody_quotes_is_named_once() -> None:
    book = Book()
    book.know(a_listing())
    book.hold("INFY", Product.MIS, Decimal(1))
    assert judge(a_candidate(), book).rule_ids == ("SYS-001",)


def test_a_price_whose_age_cannot_be_known_is_refused_where_ages_are_limited() -> None:
    (finding,) = judge(a_candidate(), a_book(), as_of=None).findings
    assert finding.breach.message.startswith("QUOTE_WITHOUT_TIME: ")
    undated = a_book()
    undated.set_price("INFY", Price(Decimal(1000)))
    assert judge(a_candidate(), undated).rule_ids == ("SYS-001",)


def test_a_held_price_without_a_time_is_refused_where_ages_are_limited() -> None:
    book = a_book()
    book.enter(a_listing("TCS"), Price(Decimal(10)), {Product.MIS: Decimal(1)})
    (finding,) = judge(a_candidate(), book).findings
    assert finding.breach.message.startswith("PRICE_WITHOUT_TIME: ")
    book.hold("TCS", Product.MIS, Decimal(0))
    assert judge(a_candidate(), book).verdict is Verdict.ALLOW


def test_a_held_symbol_without_a_price_does_not_hold_up_an_exit_of_another() -> None:
    assert decide(an_exit(held=[a_position(1, "TCS")])).verdict is Verdict.ALLOW


def test_a_symbol_with_an_order_in_flight_needs_a_price_too() -> None:
    assert codes(a_gate_input(orders=[an_open_order(symbol="TCS")])) == ("SYS-001",)
    assert codes(a_gate_input(reserved=(terms(symbol="TCS"),))) == ("SYS-001",)


def test_a_position_closed_today_needs_no_price() -> None:
    assert codes(a_gate_input(held=[a_position(0, "TCS")])) == ()


def test_a_held_derivative_is_valued_only_with_its_row_of_the_master() -> None:
    future = an_instrument(
        "GOLDM26APRFUT", exchange=Exchange.MCX, kind=InstrumentKind.FUTURE, multiplier=10
    )
    held = [a_position(1, "GOLDM26APRFUT", Product.NRML, exchange=Exchange.MCX)]
    quotes = (a_quote(), a_quote("GOLDM26APRFUT", 7000, exchange=Exchange.MCX))
    assert codes(a_gate_input(held=held, quotes=quotes)) == ("SYS-001",)
    known = decide(a_gate_input(held=held, quotes=quotes, instruments=(future,)))
    assert known.verdict is Verdict.ALLOW
    assert figures(known)["gross_exposure_x"] == Decimal("0.08")


@pytest.mark.parametrize(
    "changes",
    [
        {"quotes": (a_quote(), a_quote())},
        {"instruments": (an_instrument(), an_instrument())},
        {"plan": a_plan(a_leg(), a_leg())},
        {"classifications": (Classification(instrument=a_ref()),) * 2},
        {"fx_rates": (FxRate(currency=Currency.USD, rate=Decimal(83)),) * 2},
    ],
)
def test_facts_given_twice_are_refused_because_either_could_be_meant(
    changes: dict[str, object],
) -> None:
    with pytest.raises(ValueError, match="was given two"):
        a_gate_input(**changes)
