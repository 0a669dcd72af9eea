"""Ask the gate."""

from collections.abc import Sequence

from langgraph.runtime import Runtime
from pydantic import JsonValue

from agents.context import TurnContext
from agents.nodes.step import step
from agents.state import TurnState, as_sentence, refused
from riskgate.contracts.base import decimal_text
from riskgate.contracts.cards import CardKind
from riskgate.contracts.decisions import LegChange, RiskDecision, Verdict
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.traces import TurnOutcome
from tools.ports import CardContent, Judged
from tools.propose.judge_plan import judge_plan


async def gate(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Store the verdict; a plan that is not allowed ends here with a veto card."""
    context = runtime.context
    composed = context.workspace.composed
    if composed is None:
        return refused(TurnOutcome.FAILED, "STEP_MISSING", "There is no plan to judge.")
    with step(context, "gate"):
        judged = await judge_plan(context.toolbox, context.proposer, context.caller, composed)
        context.workspace.judged = judged
        context.workspace.steps.append(judged.step)
        allowed = judged.decision.verdict is Verdict.ALLOW
        if not allowed:
            await _show_veto(context, composed.plan, judged)
    inputs = {**state["inputs_used"], "policy_hash": judged.decision.policy_hash}
    answer: TurnState = {
        "decision": judged.decision.model_dump(mode="json"),
        "inputs_used": inputs,
        "path": "plan",
    }
    if allowed:
        return answer
    return {
        **answer,
        **refused(
            TurnOutcome.DENIED,
            _first_code(judged.decision),
            *sentences(judged.decision),
            judged.trip or "",
        ),
    }


def sentences(decision: RiskDecision) -> list[str]:
    """Say what would pass, then each broken rule and its remedy."""
    changes = would_pass(decision)
    passing = [
        f"This would pass{_of_leg(change, changes)}: {change.text}; ask for it."
        for change in changes
    ]
    return passing + [
        f"{as_sentence(f'{v.rule_id}: {v.message}')} {as_sentence(v.remedy)}"
        for v in decision.violations
    ]


def would_pass(decision: RiskDecision) -> tuple[LegChange, ...]:
    """Return what the gate would allow instead: a MODIFY's quantities, or a DENY's changes."""
    smaller = tuple(
        LegChange(
            leg=change.leg,
            quantity=change.quantity,
            text=f"quantity {decimal_text(change.quantity)}",
        )
        for change in decision.modified_quantities
    )
    return smaller or decision.would_pass


def _of_leg(change: LegChange, changes: Sequence[LegChange]) -> str:
    return f" for leg {change.leg + 1}" if len(changes) > 1 else ""


def _first_code(decision: RiskDecision) -> str:
    return decision.codes[0] if decision.codes else "RISK_DENY"


async def _show_veto(context: TurnContext, plan: TradePlan, judged: Judged) -> None:
    decision = judged.decision
    fields: dict[str, JsonValue] = {
        "verdict": decision.verdict.value,
        "violations": [v.model_dump(mode="json") for v in decision.violations],
        "would_pass": [change.model_dump(mode="json") for change in would_pass(decision)],
        "kill_switch": judged.trip,
        "exposure": None if judged.exposure is None else judged.exposure.model_dump(mode="json"),
    }
    content = CardContent(
        kind=CardKind.VETO,
        title="The risk gate did not allow this plan",
        fields=fields,
        plan_id=plan.plan_id,
        provenance=plan.intent.provenance,
    )
    context.events.card(await context.cards.show(context.caller, content))
