"""Judging a record again."""

from decimal import Decimal

from riskgate.contracts.decisions import RiskDecision, Verdict
from riskgate.engine import GateInput, evaluate
from riskgate.policy import DEFAULT_POLICY, Policy
from riskgate.replay import Difference, replay
from tests.unit.riskgate.builders import a_gate_input, a_leg, a_market_leg, a_policy, changed

TOO_MANY = a_gate_input(a_market_leg(251))


def test_a_record_read_back_from_text_replays_without_a_difference() -> None:
    recorded = evaluate(DEFAULT_POLICY, TOO_MANY).model_dump_json()
    again = replay(
        Policy.model_validate_json(DEFAULT_POLICY.model_dump_json()),
        GateInput.model_validate_json(TOO_MANY.model_dump_json()),
        RiskDecision.model_validate_json(recorded),
    )
    assert again is None


def test_another_policy_is_named_first_by_the_verdict_it_gives() -> None:
    recorded = evaluate(DEFAULT_POLICY, TOO_MANY)
    wider = a_policy(exposure={"max_position_pct": "0.26"})
    assert replay(wider, TOO_MANY, recorded) == Difference(
        path="$.verdict", recorded="MODIFY", recomputed="ALLOW"
    )


def test_a_change_deep_inside_is_named_by_its_path() -> None:
    recorded = evaluate(DEFAULT_POLICY, TOO_MANY)
    altered = changed(recorded.violations[0], actual=Decimal(7))
    assert replay(DEFAULT_POLICY, TOO_MANY, changed(recorded, violations=(altered,))) == Difference(
        path="$.violations[0].actual", recorded="7", recomputed="251000"
    )


def test_an_item_missing_from_the_record_differs_from_nothing() -> None:
    recorded = evaluate(DEFAULT_POLICY, TOO_MANY)
    difference = replay(DEFAULT_POLICY, TOO_MANY, changed(recorded, modified_quantities=()))
    assert difference == Difference(
        path="$.modified_quantities[0]", recorded=None, recomputed={"leg": 0, "quantity": "250"}
    )


def test_other_inputs_with_the_same_verdict_differ_in_their_hashes() -> None:
    recorded = evaluate(DEFAULT_POLICY, a_gate_input())
    other = a_gate_input(a_leg(9))
    assert evaluate(DEFAULT_POLICY, other).verdict is Verdict.ALLOW
    difference = replay(DEFAULT_POLICY, other, recorded)
    assert difference is not None
    assert difference.path == "$.plan_hash"


def test_a_decision_of_another_engine_is_not_judged_again() -> None:
    foreign = changed(evaluate(DEFAULT_POLICY, TOO_MANY), schema_id="risk_decision/1")
    assert replay(DEFAULT_POLICY, TOO_MANY, foreign) == Difference(
        path="$.schema_id", recorded="risk_decision/1", recomputed=schema_now()
    )


def schema_now() -> str:
    return evaluate(DEFAULT_POLICY, TOO_MANY).schema_id
