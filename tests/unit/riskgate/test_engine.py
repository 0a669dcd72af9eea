"""The verdict as a whole, and the sealing of an approval."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest

from riskgate.contracts.decisions import (
    ApprovedPlan,
    KillSwitchLevel,
    RiskDecision,
    Severity,
    Verdict,
)
from riskgate.contracts.instruments import Currency, InstrumentKind
from riskgate.contracts.intents import Comparison
from riskgate.contracts.orders import BrokerOrderStatus, Side
from riskgate.contracts.plans import RiskModel, ValidityWindow
from riskgate.engine import GateInput, approve, evaluate, resized
from riskgate.errors import ApprovalMismatch
from riskgate.hashing import canonical_json, content_hash
from riskgate.metrics import Facts, shown
from riskgate.policy import DEFAULT_POLICY, Policy
from riskgate.rules import RULES, Breach, Rule
from tests.unit.riskgate.builders import (
    NOW,
    a_gate_input,
    a_leg,
    a_market_leg,
    a_plan,
    a_policy,
    a_position,
    a_quote,
    an_entry_rule,
    an_instrument,
    an_open_order,
    changed,
    decide,
    figures,
    margins,
    offered,
    seconds,
)

MINUTE = timedelta(minutes=1)


def everything_wrong() -> GateInput:
    """Break as many rules at once as can be."""
    broken = a_leg(
        "1000000.5",
        side=Side.SELL,
        instrument=an_instrument(
            kind=InstrumentKind.INDEX, currency=Currency.USD, freeze_quantity=1
        ),
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
    silent = {"KILL-001", "SYS-003", "SYS-004", "EXP-002"}
    assert set(decision.codes) == set(order) - silent


def test_rule_ids_are_stable() -> None:
    assert [rule.rule_id for rule in RULES] == (
        ["KILL-001", "KILL-002"]
        + [f"SYS-00{n}" for n in range(1, 7)]
        + ["PLAN-001", "PLAN-002", "PLAN-003"]
        + [f"ORD-{n:03}" for n in range(1, 13)]
        + ["MKT-001", "EXP-001", "EXP-002", "EXP-003", "EXP-004"]
        + ["LOSS-001", "LOSS-002", "MARGIN-001"]
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
        "daily_return_pct": Decimal("-0.1"),
        "gross_exposure_before": 5_000,
        "gross_exposure_after": 15_000,
        "margin_needed": 10_000,
        "margin_available": 1_000_000,
        "notional[0]": 10_000,
        "position_pct_after[0]": Decimal("1.501502"),
        "loss_at_stop[0]": 200,
        "quote_age_s[0]": 1,
    }


def test_a_figure_too_long_for_a_contract_is_shown_rounded_and_judged_exactly() -> None:
    long = a_market_leg("1234567890123456789012345678", notional=1)
    decision = decide(a_gate_input(long, quotes=(a_quote(last="12.34567890123456789"),)))
    assert figures(decision)["notional[0]"] == Decimal("9" * 28)
    short = decide(a_gate_input(quotes=(a_quote(last="1.234567890123456789", age="0.25"),)))
    assert figures(short)["notional[0]"] == 10_000
    assert figures(short)["quote_age_s[0]"] == Decimal("0.25")


def test_a_reduction_is_offered_only_when_nothing_else_is_wrong() -> None:
    too_many = a_gate_input(a_market_leg(251))
    assert decide(too_many, DEFAULT_POLICY).verdict is Verdict.MODIFY
    closed = changed(too_many, market_open=False)
    assert decide(closed, DEFAULT_POLICY).verdict is Verdict.DENY


def test_the_reduced_plan_is_allowed_and_cut_at_the_freeze_quantity() -> None:
    instrument = an_instrument(lot_size=5, freeze_quantity=12)
    leg = a_leg(300, instrument=instrument, slices=(Decimal(10),) * 30, stop=999, notional=300_000)
    gate_input = a_gate_input(leg)
    decision = evaluate(DEFAULT_POLICY, gate_input)
    assert [m.quantity for m in decision.modified_quantities] == [250]

    plan = resized(gate_input.plan, {m.leg: m.quantity for m in decision.modified_quantities})
    assert plan.legs[0].slices == (Decimal(10),) * 25
    assert plan.legs[0].notional == 250_000
    assert plan.legs[0].risk_model == RiskModel(stop_price=Decimal(999))
    assert evaluate(DEFAULT_POLICY, changed(gate_input, plan=plan)).verdict is Verdict.ALLOW


def test_a_reduction_leaves_the_legs_that_broke_nothing_as_they_are() -> None:
    legs = (a_market_leg(251), a_market_leg(1, side=Side.SELL, leg=1))
    decision = decide(a_gate_input(*legs, held=[a_position(1)]), DEFAULT_POLICY)
    assert offered(decision) == {0: 249}


def one_less_every_time(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    for leg in facts.legs:
        yield Breach("TOO_MANY: still", "Less", leg, allowed=leg.quantity - 1)


@pytest.mark.parametrize("quantity", [3, 1000])
def test_the_search_for_a_smaller_quantity_ends(
    quantity: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = Rule("ORD-004", Severity.HIGH, one_less_every_time)
    monkeypatch.setattr("riskgate.engine.RULES", (rule,))
    assert decide(a_gate_input(a_market_leg(quantity))).verdict is Verdict.DENY


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
    other = a_policy(loss={"daily_loss_limit_pct": 3})
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
