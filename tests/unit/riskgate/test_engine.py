"""The verdict as a whole, and the sealing of an approval."""

from datetime import timedelta
from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest

from riskgate.contracts.decisions import (
    ApprovedPlan,
    KillSwitchLevel,
    RiskDecision,
    Verdict,
)
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.intents import Comparison
from riskgate.contracts.orders import BrokerOrderStatus, Side
from riskgate.contracts.plans import RiskModel, ValidityWindow
from riskgate.engine import GateInput, approve, evaluate, resized
from riskgate.errors import ApprovalMismatch
from riskgate.figures import shown
from riskgate.hashing import canonical_json, content_hash
from riskgate.inputs import Sent, SentMessage
from riskgate.policy import DEFAULT_POLICY, ExecutionLimits, Mode, Policy
from riskgate.rules import RULES
from tests.unit.riskgate.builders import (
    NOW,
    a_gate_input,
    a_leg,
    a_market_leg,
    a_plan,
    a_policy,
    a_position,
    a_quote,
    a_ref,
    an_entry_rule,
    an_instrument,
    an_open_order,
    changed,
    decide,
    figures,
    margins,
    offered,
    quotes_of,
    seconds,
)

MINUTE = timedelta(minutes=1)
EVERY_RATE = [name for name in ExecutionLimits.model_fields if name.startswith("max_")]


def everything_wrong() -> GateInput:
    """Break as many rules at once as can be."""
    broken = a_leg(
        "1000000.5",
        side=Side.SELL,
        instrument=an_instrument(kind=InstrumentKind.INDEX, freeze_quantity=1),
        limit_price="900.01",
        trigger_price="1000",
        stop=1200,
        reduce_only=True,
    )
    other = changed(broken, leg=1, instrument=an_instrument("TCS", tick_size=None))
    plan = a_plan(
        broken,
        other,
        entry_rules=(an_entry_rule(Comparison.GT, 2000),),
        validity_window=ValidityWindow(start=NOW - MINUTE, end=NOW - seconds(1)),
    )
    return a_gate_input(
        plan=plan,
        quotes=(a_quote(age=11),),
        kill_switch=KillSwitchLevel.REDUCE_ONLY,
        market_open=None,
        held=[a_position(1, "SBIN")],
        money=margins(equity=Decimal(10)),
    )


# What cannot be wrong together with the rest, or what STRICT does not limit.
SILENT = {
    *(f"EXEC-00{n}" for n in range(1, 7)),
    *("EXP-003", "EXP-004", "EXP-005", "EXP-007"),
    *("MKT-002", "MKT-003", "MKT-004", "MKT-005", "ORD-013", "ORD-014", "ORD-015"),
    *("SYS-003", "SYS-004", "SYS-005", "SYS-007"),
}
STRICT = a_policy(
    exposure={"max_open_positions": 1, "max_symbols_per_plan": 1},
    order={
        "allowed_products": {"MIS"},
        "allowed_order_types": {"MARKET"},
        "deny_list": {"INFY", "TCS"},
    },
)


def test_every_violation_is_kept_in_the_order_of_rules_then_legs() -> None:
    decision = decide(everything_wrong(), STRICT)
    assert decision.verdict is Verdict.DENY
    order = [rule.rule_id for rule in RULES]
    places = [(order.index(v.rule_id), -1 if v.leg is None else v.leg) for v in decision.violations]
    assert places == sorted(places)
    assert set(decision.codes) == set(order) - SILENT


def test_rule_ids_are_stable() -> None:
    assert [rule.rule_id for rule in RULES] == (
        ["KILL-001", "SYS-001", "SYS-003", "SYS-004", "SYS-005", "SYS-007"]
        + [f"LOSS-00{n}" for n in range(1, 6)]
        + [f"EXEC-00{n}" for n in range(1, 7)]
        + [f"EXP-00{n}" for n in range(1, 9)]
        + ["PLAN-001", "PLAN-002", "PLAN-003"]
        + [f"ORD-{n:03}" for n in range(1, 16)]
        + [f"MKT-00{n}" for n in range(1, 6)]
        + ["MARGIN-001"]
    )


def test_every_violation_tells_the_person_what_to_do() -> None:
    assert all(v.remedy and ":" in v.message for v in decide(everything_wrong(), STRICT).violations)


def test_a_hundred_runs_give_the_same_bytes() -> None:
    texts = {canonical_json(decide(everything_wrong(), STRICT)) for _run in range(100)}
    assert len(texts) == 1


def test_the_callers_decimal_precision_does_not_matter() -> None:
    before = decide(a_gate_input(a_market_leg(251)), DEFAULT_POLICY)
    with localcontext() as context:
        context.prec = 3
        assert decide(a_gate_input(a_market_leg(251)), DEFAULT_POLICY) == before
        assert getcontext().prec == 3


def test_an_allowed_plan_has_no_violations_and_all_its_figures() -> None:
    leg = a_leg(10, stop=980)
    gate_input = a_gate_input(leg, held=[a_position(5)], money=margins(equity=Decimal(999_000)))
    decision = decide(gate_input, DEFAULT_POLICY)
    assert (decision.verdict, decision.violations) == (Verdict.ALLOW, ())
    assert decision.plan_hash == gate_input.plan.plan_hash
    assert decision.policy_hash == DEFAULT_POLICY.policy_hash
    assert decision.inputs_hash == content_hash(gate_input)
    assert (decision.policy_version, decision.as_of) == ("1", NOW)
    assert figures(decision) == {
        "equity": 999_000,
        "margin_available": 1_000_000,
        "daily_return": Decimal("-0.001"),
        "drawdown": Decimal("0.001"),
        "gross_exposure_x": Decimal("0.015015"),
        "net_exposure_x": Decimal("0.015015"),
        "new_position_pct[0]": Decimal("0.015015"),
        "notional[0]": 10_000,
        "loss_at_stop[0]": 200,
    }


def test_a_figure_too_long_for_a_contract_is_shown_rounded_and_judged_exactly() -> None:
    long = a_market_leg("1234567890123456789012345678", notional=1)
    decision = decide(a_gate_input(long, quotes=(a_quote(last="12.34567890123456789"),)))
    assert figures(decision)["notional[0]"] == Decimal("9" * 28)
    short = decide(a_gate_input(quotes=(a_quote(last="1.234567890123456789", age="0.25"),)))
    assert figures(short)["notional[0]"] == 10_000


def test_a_reduction_is_offered_only_when_nothing_else_is_wrong() -> None:
    too_many = a_gate_input(a_market_leg(251))
    assert decide(too_many, DEFAULT_POLICY).verdict is Verdict.MODIFY
    closed = changed(too_many, market_open=False)
    assert decide(closed, DEFAULT_POLICY).verdict is Verdict.DENY


def test_the_reduced_plan_is_allowed_and_cut_at_the_freeze_quantity() -> None:
    instrument = an_instrument(lot_size=5, freeze_quantity=12)
    leg = a_leg(300, instrument=instrument, slices=(Decimal(10),) * 30, stop=999, notional=300_000)
    gate_input = a_gate_input(leg)
    policy = a_policy(execution=dict.fromkeys(EVERY_RATE))
    decision = evaluate(policy, gate_input)
    assert [m.quantity for m in decision.modified_quantities] == [250]

    plan = resized(gate_input.plan, {m.leg: m.quantity for m in decision.modified_quantities})
    assert plan.legs[0].slices == (Decimal(10),) * 25
    assert plan.legs[0].notional == 250_000
    assert plan.legs[0].risk_model == RiskModel(stop_price=Decimal(999))
    assert evaluate(policy, changed(gate_input, plan=plan)).verdict is Verdict.ALLOW


def test_a_reduction_leaves_the_legs_that_broke_nothing_as_they_are() -> None:
    legs = (a_market_leg(251), a_market_leg(1, "TCS", side=Side.SELL, leg=1))
    gate_input = a_gate_input(*legs, held=[a_position(1, "TCS")], quotes=quotes_of(["INFY", "TCS"]))
    assert offered(decide(gate_input, DEFAULT_POLICY)) == {0: 250}


def test_orders_that_are_no_longer_open_do_not_count() -> None:
    done = an_open_order(quantity=250, filled_quantity=250, status=BrokerOrderStatus.COMPLETE)
    gate_input = a_gate_input(a_market_leg(250), orders=[done])
    assert decide(gate_input, DEFAULT_POLICY).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("exact", "expected"),
    [
        ("1.5", "1.5"),
        ("1E+3", "1000"),
        ("0.1234567890123456789", "0.123456789012345678"),
        ("12345678901234567890.123456789", "12345678901234567890.12345678"),
        ("99999999999.99999999999999999999", "99999999999.99999999999999999"),
        ("-1E+28", "-9999999999999999999999999999"),
        ("0", "0"),
    ],
)
def test_a_shown_figure_fits_a_contract(exact: str, expected: str) -> None:
    assert shown(Decimal(exact)) == Decimal(expected)


# Plans of several legs


def two_legs(quantity: int, other: int, symbol: str = "TCS", **changes: Any) -> GateInput:
    legs = (a_market_leg(quantity), a_market_leg(other, symbol, leg=1))
    return a_gate_input(*legs, quotes=quotes_of(dict.fromkeys(["INFY", symbol])), **changes)


def sent_before(count: int) -> Sent:
    message = SentMessage(at=NOW, strategy_id="other", instrument=a_ref("SBIN"), side=Side.BUY)
    return Sent(messages=(message,) * count, orders_today=count)


RATE_OF_3 = {"exit_reserve_pct": 0, "max_messages_per_second": None}


@pytest.mark.parametrize(
    ("limit", "sent", "symbol", "rule_id"),
    [
        ("max_orders_per_minute_global", 2, "TCS", "EXEC-001"),
        ("max_orders_per_minute_by_strategy", 0, "TCS", "EXEC-002"),
        ("max_orders_per_minute_by_symbol", 0, "INFY", "EXEC-003"),
        ("max_messages_per_second", 2, "TCS", "EXEC-004"),
        ("max_messages_per_minute", 2, "TCS", "EXEC-004"),
        ("max_orders_per_day", 2, "TCS", "EXEC-005"),
    ],
)
def test_later_legs_count_the_orders_of_the_earlier(
    limit: str, sent: int, symbol: str, rule_id: str
) -> None:
    gate_input = two_legs(1, 2, symbol, sent=sent_before(sent))
    just, over = (a_policy(execution=RATE_OF_3 | {limit: sent + n}) for n in (2, 1))
    assert decide(gate_input, just).codes == ()
    decision = decide(gate_input, over)
    assert [(v.rule_id, v.leg) for v in decision.violations] == [(rule_id, 1)]


def limited(block: str, field: str, value: int) -> Policy:
    blocks: dict[str, Any] = {block: {field: value}}
    return a_policy(**blocks)


def test_an_order_in_slices_is_several_for_those_after_it() -> None:
    sliced = an_instrument(freeze_quantity=1)
    legs = (
        a_market_leg(3, slices=(1, 1, 1), instrument=sliced),
        a_market_leg(1, "TCS", leg=1),
    )
    gate_input = a_gate_input(*legs, quotes=quotes_of(["INFY", "TCS"]))
    for block, field, rule_id in (
        ("exposure", "max_open_orders", "EXP-007"),
        ("execution", "max_orders_per_minute_by_strategy", "EXEC-002"),
        ("execution", "max_orders_per_day", "EXEC-005"),
    ):
        assert decide(gate_input, limited(block, field, 4)).codes == ()
        decision = decide(gate_input, limited(block, field, 3))
        assert [(v.rule_id, v.leg) for v in decision.violations] == [(rule_id, 1)]


def test_two_equal_legs_of_one_plan_are_meant_and_no_duplicates() -> None:
    assert decide(two_legs(5, 5, "INFY")).codes == ()


def test_a_leg_that_fits_once_the_one_before_it_is_smaller_does_not_stop_the_reduction() -> None:
    policy = a_policy(exposure={"max_position_pct": "0.1", "max_gross_exposure_x": "0.15"})
    decision = decide(two_legs(200, 10), policy)
    assert (decision.verdict, offered(decision)) == (Verdict.MODIFY, {0: 100})


def test_a_plan_of_which_a_later_leg_finds_no_room_at_all_is_denied() -> None:
    policy = a_policy(exposure={"max_gross_exposure_x": "0.1"})
    decision = decide(two_legs(101, 1), policy)
    assert [(v.rule_id, v.leg) for v in decision.violations] == [("EXP-002", 0), ("EXP-002", 1)]
    assert decision.verdict is Verdict.DENY


def test_a_plan_too_wide_is_not_mended_by_smaller_legs() -> None:
    policy = a_policy(exposure={"max_position_pct": "0.1", "max_symbols_per_plan": 1})
    decision = decide(two_legs(200, 10), policy)
    assert (decision.verdict, decision.would_pass) == (Verdict.DENY, ())


def test_figures_of_the_whole_plan_suppose_that_all_of_it_fills() -> None:
    legs = (
        a_market_leg(100, side=Side.SELL),
        a_market_leg(40, "TCS", side=Side.SELL, leg=1),
        a_market_leg(10, "SBIN", leg=2),
    )
    held = [a_position(100), a_position(50, "TCS")]
    gate_input = a_gate_input(*legs, held=held, quotes=quotes_of(["INFY", "TCS", "SBIN"]))
    shown_figures = figures(decide(gate_input))
    assert shown_figures["gross_exposure_x"] == Decimal("0.02")
    assert shown_figures["net_exposure_x"] == Decimal("0.02")
    exits = figures(decide(changed(gate_input, plan=a_plan(*legs[:2]))))
    assert exits["gross_exposure_x"] == Decimal("0.01")


def test_risk_at_the_stop_is_shown_beside_its_limit() -> None:
    decision = decide(a_gate_input(a_market_leg(stop=980)), DEFAULT_POLICY)
    (at_stop,) = [e for e in decision.evidence if e.metric == "loss_at_stop"]
    assert [at_stop.value, at_stop.limit, at_stop.leg] == [200, 10_000, 0]


# What would pass


def test_a_denial_says_what_would_pass_for_each_leg() -> None:
    legs = (a_leg(200, limit_price="1025"), a_leg(1, "TCS", leg=1))
    gate_input = a_gate_input(*legs, quotes=quotes_of(["INFY", "TCS"]))
    policy = a_policy(exposure={"max_position_pct": "0.1"})
    decision = decide(gate_input, policy)
    (change,) = decision.would_pass
    assert decision.verdict is Verdict.DENY
    assert (change.leg, change.text) == (0, "quantity 98, limit price 1020")
    mended = a_gate_input(a_leg(98, limit_price=1020), legs[1], quotes=quotes_of(["INFY", "TCS"]))
    assert decide(mended, policy).verdict is Verdict.ALLOW


def test_nothing_would_pass_where_one_leg_has_no_change_that_does() -> None:
    legs = (a_leg(limit_price="1025"), a_leg(1, "TCS", leg=1))
    gate_input = a_gate_input(*legs, quotes=quotes_of(["INFY", "TCS"]))
    denied = a_policy(order={"deny_list": {"TCS"}})
    assert decide(gate_input, denied).would_pass == ()


def test_a_plan_that_is_too_early_would_pass_when_it_begins() -> None:
    window = ValidityWindow(start=NOW + seconds("2.5"), end=NOW + MINUTE)
    too_early = a_gate_input(plan=a_plan(validity_window=window))
    (change,) = decide(too_early).would_pass
    assert [change.wait_s, change.text] == [Decimal("2.5"), "in 3 s"]
    over = ValidityWindow(start=NOW - MINUTE, end=NOW - seconds(1))
    assert decide(a_gate_input(plan=a_plan(validity_window=over))).would_pass == ()


def test_a_reduced_leg_is_part_of_what_would_pass_beside_a_changed_one() -> None:
    legs = (a_leg(101), a_leg(1, "TCS", leg=1, limit_price="1025"))
    gate_input = a_gate_input(*legs, quotes=quotes_of(["INFY", "TCS"]))
    changes = decide(gate_input, a_policy(exposure={"max_position_pct": "0.1"})).would_pass
    assert [(c.leg, c.text) for c in changes] == [(0, "quantity 100"), (1, "limit price 1020")]


def test_a_window_to_wait_for_is_named() -> None:
    (change,) = decide(a_gate_input(market_open=False)).would_pass
    assert change.until == "the next session"


# Exits, monitoring, tripping


def test_what_an_exit_passed_is_kept_with_the_decision() -> None:
    exit_ = a_gate_input(
        a_market_leg(side=Side.SELL),
        held=[a_position(10)],
        kill_switch=KillSwitchLevel.REDUCE_ONLY,
    )
    decision = decide(exit_)
    assert decision.verdict is Verdict.ALLOW
    assert [(v.rule_id, v.leg) for v in decision.waived] == [("KILL-001", 0)]


def test_a_policy_that_monitors_allows_with_every_finding_and_offers_nothing() -> None:
    policy = changed(a_policy(exposure={"max_symbols_per_plan": 1}), mode=Mode.MONITOR)
    gate_input = two_legs(251, 1, market_open=False)
    decision = decide(gate_input, policy)
    assert decision.verdict is Verdict.ALLOW
    assert [(v.rule_id, v.leg) for v in decision.violations] == [
        ("EXP-001", 0),
        ("EXP-008", None),
        ("MKT-001", 0),
        ("MKT-001", 1),
    ]
    assert (decision.modified_quantities, decision.would_pass) == ((), ())


@pytest.mark.parametrize(
    "changes", [{"broker": None}, {"quotes": ()}, {"kill_switch": KillSwitchLevel.HALTED}]
)
def test_wrong_facts_and_a_halt_deny_where_a_policy_only_monitors(changes: dict[str, Any]) -> None:
    monitoring = changed(DEFAULT_POLICY, mode=Mode.MONITOR)
    assert decide(a_gate_input(**changes), monitoring).verdict is Verdict.DENY


def test_a_plan_trips_by_a_rule_that_is_named_but_never_by_a_reduction() -> None:
    named = changed(
        DEFAULT_POLICY,
        kill_switch=changed(DEFAULT_POLICY.kill_switch, trip_on_rules=("EXP-001", "EXP-008")),
    )
    assert not decide(a_gate_input(a_market_leg(251)), named).trips
    assert decide(a_gate_input(a_market_leg(251), market_open=False), named).trips
    wide = a_policy(named, exposure={"max_symbols_per_plan": 1})
    assert decide(two_legs(1, 1), wide).trips
    assert not decide(two_legs(1, 1), DEFAULT_POLICY).trips


def test_a_resized_plan_is_the_same_in_any_arithmetic() -> None:
    leg = a_leg(1234, reference_price="1234.55", instrument=an_instrument(freeze_quantity=7))
    plan = a_plan(leg)
    expected = resized(plan, {0: Decimal(1001)})
    with localcontext() as context:
        context.prec = 2
        assert resized(plan, {0: Decimal(1001)}) == expected
    assert expected.legs[0].notional == Decimal("1235784.55")


# Approvals


def sealed(**changes: Any) -> ApprovedPlan:
    gate_input = changes.pop("gate_input", a_gate_input())
    policy = changes.pop("policy", DEFAULT_POLICY)
    fields: dict[str, Any] = {
        "policy": policy,
        "gate_input": gate_input,
        "decision": evaluate(policy, gate_input),
        "approval_id": "approval-1",
        "approved_by": "user-1",
        "approved_at": NOW,
        "expires_at": NOW + MINUTE,
    }
    return approve(**(fields | changes))


def test_an_approval_binds_plan_policy_and_decision() -> None:
    gate_input = a_gate_input()
    approved = sealed(gate_input=gate_input)
    assert approved.plan == gate_input.plan
    assert approved.plan_hash == gate_input.plan.plan_hash
    assert approved.policy_hash == DEFAULT_POLICY.policy_hash
    assert approved.decision_hash == content_hash(evaluate(DEFAULT_POLICY, gate_input))
    assert (approved.approved_by, approved.expires_at) == ("user-1", NOW + MINUTE)


def test_a_decision_read_back_from_the_record_can_be_approved() -> None:
    gate_input = a_gate_input()
    stored = evaluate(DEFAULT_POLICY, gate_input).model_dump_json()
    approved = sealed(gate_input=gate_input, decision=RiskDecision.model_validate_json(stored))
    assert approved == sealed(gate_input=gate_input)


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (a_gate_input(a_leg(9)), "is of plan"),
        (a_gate_input(market_open=False), "is of inputs"),
    ],
)
def test_a_decision_of_other_inputs_is_refused(other: GateInput, complaint: str) -> None:
    with pytest.raises(ApprovalMismatch, match=complaint):
        sealed(decision=evaluate(DEFAULT_POLICY, other))


def test_a_decision_of_another_policy_is_refused() -> None:
    other = a_policy(loss={"daily_loss_limit_pct": "0.03"})
    with pytest.raises(ApprovalMismatch, match="is of policy"):
        sealed(decision=evaluate(other, a_gate_input()))


@pytest.mark.parametrize("quantity", [251, 10_000])
def test_only_an_allow_can_be_approved(quantity: int) -> None:
    with pytest.raises(ApprovalMismatch, match="only an ALLOW"):
        sealed(gate_input=a_gate_input(a_market_leg(quantity), market_open=quantity < 1000))


def test_a_decision_made_up_around_the_right_hashes_is_refused() -> None:
    denied = a_gate_input(market_open=False)
    forged = changed(evaluate(DEFAULT_POLICY, denied), verdict=Verdict.ALLOW, violations=())
    with pytest.raises(ApprovalMismatch, match="not what these inputs give"):
        sealed(gate_input=denied, decision=forged)


@pytest.mark.parametrize("ends", [NOW, NOW - MINUTE])
def test_an_approval_that_is_over_is_refused(ends: object) -> None:
    with pytest.raises(ApprovalMismatch, match="the approval ended"):
        sealed(expires_at=ends)


def test_an_approval_that_ended_before_the_gate_looked_is_refused() -> None:
    with pytest.raises(ApprovalMismatch, match="the approval ended"):
        sealed(approved_at=NOW - 2 * MINUTE, expires_at=NOW - MINUTE)
