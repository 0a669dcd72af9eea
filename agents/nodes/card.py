"""Put the plan before a person and wait."""

from decimal import Decimal

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agents.context import TurnContext
from agents.insights import figures
from agents.intent.model import Draft, ParsedMessage
from agents.nodes.proposer import proposer
from agents.nodes.step import step
from agents.state import JsonObject, Resumption, TurnState, refused
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.traces import TurnOutcome
from tools.ports import ToolRefusal
from tools.propose.request_approval import request_approval
from tools.propose.withdraw_card import withdraw_card

NOT_CHANGED = "Nothing was changed and no second card was made."
TAKES_ITS_PLACE = "It takes the place of the card before, which is withdrawn."


async def card(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Store the pending card; the one that it takes the place of is withdrawn before."""
    context = runtime.context
    composed, judged = context.workspace.composed, context.workspace.judged
    if composed is None or judged is None:
        return refused(TurnOutcome.FAILED, "STEP_MISSING", "There is no judged plan to show.")
    with step(context, "card"):
        refusal = await _withdraw_earlier(context, state)
        if refusal is not None:
            return refused(
                TurnOutcome.NOT_EXECUTED, refusal.code, NOT_CHANGED, refusal.message, refusal.remedy
            )
        shown = await request_approval(
            context.toolbox,
            context.proposer,
            context.caller,
            composed,
            judged,
            title=plan_title(composed.plan),
            proposed_by=proposer(context, composed.plan.intent.provenance),
        )
        context.events.card(shown)
    return {
        "card_id": shown.id,
        "draft": _waiting(context, state, shown.id),
        "outcome": TurnOutcome.AWAITING_APPROVAL,
        "error_code": None,
        "explanations": [
            f"{plan_title(composed.plan)}. Approve the card to send it.",
            *([TAKES_ITS_PLACE] if state.get("supersedes") else []),
            *([judged.trip] if judged.trip else []),
        ],
    }


async def _withdraw_earlier(context: TurnContext, state: TurnState) -> ToolRefusal | None:
    """Withdraw the card that was changed, so that only one of the two can be approved."""
    earlier = state.get("supersedes")
    if earlier is None:
        return None
    return await withdraw_card(
        context.toolbox, context.withdrawer, context.caller, earlier, because=state["message"]
    )


def _waiting(context: TurnContext, state: TurnState, card_id: str) -> JsonObject:
    """Return the trade as it was said, so that newer words can change it while the card waits."""
    trade = ParsedMessage.model_validate(state["parsed"]).trades[0]
    draft = Draft(
        trade=trade,
        missing=(),
        message=state["message"][:500],
        card_id=card_id,
        proposed_by=proposer(context, trade.provenance),
    )
    return draft.model_dump(mode="json")


async def await_approval(state: TurnState) -> TurnState:
    """Sleep, across restarts if need be, until a person decides.

    This node runs again from its start when it wakes, so it does nothing but wait.
    """
    resumption: Resumption = interrupt({"card_id": state["card_id"]})
    return {"approval": dict(resumption)}


def plan_title(plan: TradePlan) -> str:
    """Say the plan in one line, from its typed fields alone."""

    def said(price: Decimal) -> str:
        return figures.price(price, plan.currency)

    legs = ", ".join(
        f"{leg.side} {figures.count(leg.quantity, plan.currency)} {leg.instrument.ref}"
        for leg in plan.legs
    )
    skeleton, leg = plan.order_skeleton, plan.legs[0]
    price = "" if leg.limit_price is None else f" at {said(leg.limit_price)}"
    trigger = "" if leg.trigger_price is None else f" trigger {said(leg.trigger_price)}"
    return f"{legs} {skeleton.order_type}{price}{trigger} {skeleton.product} ({plan.mode})"
