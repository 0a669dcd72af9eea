"""Put the plan before a person and wait."""

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agents.context import TurnContext
from agents.nodes.step import step
from agents.state import Resumption, TurnState, refused
from riskgate.contracts.base import decimal_text
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.traces import TurnOutcome
from tools.propose.request_approval import request_approval


async def card(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:  # noqa: ARG001
    """Store the pending card."""
    context = runtime.context
    composed, judged = context.workspace.composed, context.workspace.judged
    if composed is None or judged is None:
        return refused(TurnOutcome.FAILED, "STEP_MISSING", "There is no judged plan to show.")
    with step(context, "card"):
        shown = await request_approval(
            context.toolbox,
            context.proposer,
            context.caller,
            composed,
            judged,
            title=plan_title(composed.plan),
        )
        context.events.card(shown)
    return {
        "card_id": shown.id,
        "outcome": TurnOutcome.AWAITING_APPROVAL,
        "error_code": None,
        "explanations": [
            f"{plan_title(composed.plan)}. Approve the card to send it.",
            *([judged.trip] if judged.trip else []),
        ],
    }


async def await_approval(state: TurnState) -> TurnState:
    """Sleep, across restarts if need be, until a person decides.

    This node runs again from its start when it wakes, so it does nothing but wait.
    """
    resumption: Resumption = interrupt({"card_id": state["card_id"]})
    return {"approval": dict(resumption)}


def plan_title(plan: TradePlan) -> str:
    """Say the plan in one line, from its typed fields alone."""
    legs = ", ".join(
        f"{leg.side} {decimal_text(leg.quantity)} {leg.instrument.ref}" for leg in plan.legs
    )
    skeleton, leg = plan.order_skeleton, plan.legs[0]
    price = f" at {decimal_text(leg.limit_price)}" if leg.limit_price is not None else ""
    trigger = f" trigger {decimal_text(leg.trigger_price)}" if leg.trigger_price is not None else ""
    return f"{legs} {skeleton.order_type}{price}{trigger} {skeleton.product} ({plan.mode})"
