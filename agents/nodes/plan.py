"""Make the plan."""

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.insights.verdict import unplanned
from agents.nodes.step import step
from agents.state import TurnState, refused
from riskgate.contracts.base import time_text
from riskgate.contracts.intents import TradeIntent
from riskgate.contracts.traces import TurnOutcome
from tools.ports import ToolRefusal
from tools.propose.compose_plan import compose_plan


async def plan(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Store the plan, or end the turn with why there cannot be one."""
    context = runtime.context
    view = context.workspace.view
    if view is None:
        return refused(TurnOutcome.FAILED, "STEP_MISSING", "The account was not looked at.")
    intent = TradeIntent.model_validate(state["intent"])
    with step(context, "plan"):
        answer = await compose_plan(context.toolbox, context.proposer, context.caller, intent, view)
        if isinstance(answer, ToolRefusal):
            context.events.card(await context.cards.show(context.caller, unplanned(answer)))
    if isinstance(answer, ToolRefusal):
        return refused(TurnOutcome.DENIED, answer.code, answer.message, answer.remedy)
    context.workspace.composed = answer
    context.workspace.steps.append(answer.step)
    quotes = {str(quote.instrument): time_text(quote.as_of) for quote in answer.quotes}
    return {
        "path": "plan",
        "plan_id": answer.plan.plan_id,
        "plan_hash": answer.plan.plan_hash,
        "inputs_used": {**state["inputs_used"], "quotes": quotes},
    }
