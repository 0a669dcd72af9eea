"""Run a trace's stored inputs again and say whether the answers are the same bytes."""

from app.gate.service import replay_decision
from app.persistence import accounts, plans
from app.persistence.database import Session
from app.planning.compose import compose_plan
from app.planning.inputs import PlanningInputs
from riskgate.contracts.base import Contract, Identifier
from riskgate.contracts.traces import DecisionTrace, ReplayStep

ABSENT = "(absent)"


class ReplayedStep(Contract):
    """One step run again; `difference` names the first byte of meaning that differs."""

    step: str
    equal: bool
    difference: str | None = None


class ReplayReport(Contract):
    """A whole trace run again. A turn that planned nothing has no steps and is equal."""

    decision_id: Identifier
    equal: bool
    steps: tuple[ReplayedStep, ...]


async def replay_trace(session: Session, trace: DecisionTrace) -> ReplayReport:
    """Replay every deterministic step of a trace; reads, and changes nothing."""
    steps = [await _replay(session, step) for step in trace.replay]
    return ReplayReport(
        decision_id=trace.decision_id,
        equal=all(step.equal for step in steps),
        steps=tuple(steps),
    )


async def _replay(session: Session, step: ReplayStep) -> ReplayedStep:
    difference = _replay_plan(step) if step.step == "plan" else await _replay_gate(session, step)
    return ReplayedStep(step=step.step, equal=difference is None, difference=difference)


def _replay_plan(step: ReplayStep) -> str | None:
    again = compose_plan(PlanningInputs.model_validate(step.inputs)).model_dump(mode="json")
    return first_difference(step.output, again)


async def _replay_gate(session: Session, step: ReplayStep) -> str | None:
    record = await plans.find_decision(session, str(step.output["decision_hash"]))
    policy = await accounts.find_policy(session, str(step.inputs["policy_hash"]))
    if record is None or policy is None:
        return "the stored decision or its policy is missing"
    return replay_decision(policy=policy, gate_input=record.gate_input, recorded=record.decision)


def first_difference(recorded: object, again: object, path: str = "$") -> str | None:
    """Return the path where two plain values first differ, with both sides; None when equal."""
    if isinstance(recorded, dict) and isinstance(again, dict):
        for key in sorted(recorded.keys() | again.keys()):
            one, other = recorded.get(key, ABSENT), again.get(key, ABSENT)
            found = first_difference(one, other, f"{path}.{key}")
            if found is not None:
                return found
        return None
    if isinstance(recorded, list) and isinstance(again, list) and len(recorded) == len(again):
        for index, (one, other) in enumerate(zip(recorded, again, strict=True)):
            found = first_difference(one, other, f"{path}[{index}]")
            if found is not None:
                return found
        return None
    if recorded == again:
        return None
    return f"{path}: recorded {recorded!r}, replayed {again!r}"
