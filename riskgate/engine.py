"""The gate: one pure call from a plan and the state of the world to a verdict and its reasons."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Final, NamedTuple

from riskgate.contracts.decisions import (
    ApprovedPlan,
    LegQuantity,
    RiskDecision,
    Verdict,
    Violation,
)
from riskgate.contracts.instruments import slice_quantity
from riskgate.contracts.plans import PlanLeg, RiskModel, TradePlan
from riskgate.errors import ApprovalMismatch
from riskgate.hashing import content_hash
from riskgate.metrics import Facts, GateInput, work_out
from riskgate.metrics import evidence as evidence_of
from riskgate.policy import Policy
from riskgate.rules import RULES, Breach

__all__ = ["GateInput", "approve", "evaluate", "resized"]

# INVARIANT: wide enough for the product of any four numbers that a contract can hold, so no
# comparison is ever of a rounded figure, and the caller's own decimal context never matters.
_EXACT: Final = Context(prec=400)
_MOST_REDUCTIONS: Final = 4


class _Judgement(NamedTuple):
    facts: Facts
    violations: tuple[Violation, ...]
    breaches: tuple[Breach, ...]


def evaluate(policy: Policy, gate_input: GateInput) -> RiskDecision:
    """Judge a plan by every rule and keep every violation, in the order of rules, then legs.

    Same inputs give the same bytes. A missing fact denies; nothing is raised for one. MODIFY
    offers smaller quantities of the same legs that were judged again and broke nothing.
    """
    with localcontext(_EXACT):
        judged = _judge(policy, gate_input)
        smaller = _smaller(policy, gate_input, judged.breaches)
        return RiskDecision(
            verdict=_verdict(judged, smaller),
            plan_id=gate_input.plan.plan_id,
            plan_hash=gate_input.plan.plan_hash,
            policy_version=policy.version,
            policy_hash=policy.policy_hash,
            inputs_hash=content_hash(gate_input),
            as_of=gate_input.as_of,
            violations=judged.violations,
            evidence=evidence_of(policy, judged.facts),
            modified_quantities=smaller,
        )


def approve(
    *,
    policy: Policy,
    gate_input: GateInput,
    decision: RiskDecision,
    approval_id: str,
    approved_by: str,
    approved_at: datetime,
    expires_at: datetime,
) -> ApprovedPlan:
    """Seal an allowed plan for execution; the only maker of an ApprovedPlan.

    Judges again, so a decision that was altered, made up, or belongs to another plan, policy or
    state raises ApprovalMismatch. So does one that is not ALLOW, or an approval already over.
    """
    _refuse_another(policy, gate_input, decision)
    if decision.verdict is not Verdict.ALLOW:
        raise ApprovalMismatch(f"only an ALLOW can be approved, was {decision.verdict}")
    if evaluate(policy, gate_input) != decision:
        raise ApprovalMismatch("the decision is not what these inputs give; judge the plan again")
    if expires_at <= max(approved_at, gate_input.as_of):
        raise ApprovalMismatch(f"the approval ended at {expires_at}; ask for another")
    return ApprovedPlan(
        plan=gate_input.plan,
        plan_hash=decision.plan_hash,
        policy_hash=decision.policy_hash,
        decision_hash=content_hash(decision),
        approval_id=approval_id,
        approved_by=approved_by,
        approved_at=approved_at,
        expires_at=expires_at,
    )


def resized(plan: TradePlan, quantities: Mapping[int, Decimal]) -> TradePlan:
    """Return a plan with other quantities for some legs, cut and valued anew, for judging.

    Figures of loss at the stop are left out: they were of the old quantities.
    """
    legs = tuple(_resized_leg(leg, quantities.get(leg.leg, leg.quantity)) for leg in plan.legs)
    risk_model = _without_losses(plan.risk_model)
    return plan.model_copy(update={"legs": legs, "risk_model": risk_model})


def _refuse_another(policy: Policy, gate_input: GateInput, decision: RiskDecision) -> None:
    for name, actual, recorded in (
        ("plan", gate_input.plan.plan_hash, decision.plan_hash),
        ("policy", policy.policy_hash, decision.policy_hash),
        ("inputs", content_hash(gate_input), decision.inputs_hash),
    ):
        if actual != recorded:
            raise ApprovalMismatch(f"the decision is of {name} {recorded}, was given {actual}")


def _judge(policy: Policy, gate_input: GateInput) -> _Judgement:
    facts = work_out(policy, gate_input)
    found = [(rule, breach) for rule in RULES for breach in rule.check(policy, facts)]
    return _Judgement(
        facts,
        tuple(rule.violation(breach) for rule, breach in found),
        tuple(breach for _rule, breach in found),
    )


def _verdict(judged: _Judgement, smaller: tuple[LegQuantity, ...]) -> Verdict:
    if not judged.violations:
        return Verdict.ALLOW
    return Verdict.MODIFY if smaller else Verdict.DENY


def _smaller(
    policy: Policy, gate_input: GateInput, breaches: tuple[Breach, ...]
) -> tuple[LegQuantity, ...]:
    quantities: dict[int, Decimal] = {}
    plan = gate_input.plan
    for _round in range(_MOST_REDUCTIONS):
        if not breaches or not _reducible(breaches):
            return ()
        quantities |= _largest_allowed(breaches)
        tried = gate_input.model_copy(update={"plan": resized(plan, quantities)})
        breaches = _judge(policy, tried).breaches
        if not breaches:
            return tuple(LegQuantity(leg=n, quantity=q) for n, q in sorted(quantities.items()))
    return ()


def _reducible(breaches: tuple[Breach, ...]) -> bool:
    return all(breach.allowed is not None and breach.allowed > 0 for breach in breaches)


def _largest_allowed(breaches: tuple[Breach, ...]) -> dict[int, Decimal]:
    allowances = [(b.leg.number, b.allowed) for b in breaches if b.leg and b.allowed is not None]
    return {leg: min(q for n, q in allowances if n == leg) for leg, _quantity in allowances}


def _resized_leg(leg: PlanLeg, quantity: Decimal) -> PlanLeg:
    instrument = leg.instrument
    return leg.model_copy(
        update={
            "quantity": quantity,
            "slices": slice_quantity(
                quantity,
                lot_size=instrument.lot_size,
                freeze_quantity=instrument.freeze_quantity,
            ),
            "notional": quantity * leg.reference_price * instrument.multiplier,
            "risk_model": _without_losses(leg.risk_model),
        }
    )


def _without_losses(risk_model: RiskModel) -> RiskModel:
    return risk_model.model_copy(update={"loss_at_stop": None, "loss_at_stop_pct": None})
