"""Ask the gate."""

from langgraph.runtime import Runtime
from pydantic import JsonValue

from agents.context import TurnContext
from agents.insights.verdict import sentences, veto_fields
from agents.nodes.step import step
from agents.state import TurnState, refused
from riskgate.contracts.cards import CardKind
from riskgate.contracts.decisions import RiskDecision, Verdict
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
            *sentences(judged.decision, composed.plan.currency),
            judged.trip or "",
        ),
    }


def _first_code(decision: RiskDecision) -> str:
    return decision.codes[0] if decision.codes else "RISK_DENY"


async def _show_veto(context: TurnContext, plan: TradePlan, judged: Judged) -> None:
    decision = judged.decision
    fields: dict[str, JsonValue] = {
        **veto_fields(decision, plan.currency),
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
