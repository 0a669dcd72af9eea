"""Cancel the open orders that a message names."""

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.insights.orders import order_sentence
from agents.intent.model import ParsedMessage
from agents.nodes.guarding import chosen_orders
from agents.nodes.step import step
from agents.state import TurnState
from riskgate.contracts.orders import OrderState
from riskgate.contracts.traces import SubmittedOrder, TurnOutcome
from tools.act.cancel_order import cancel_order
from tools.ports import ToolRefusal

STOP_GONE = (
    "Stop orders were among them: a position that they protected has no stop now, and it is not "
    "put back in this session."
)
NONE_OPEN = "There is no open order like that to cancel."


async def cancel(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Cancel each order that was meant; the person's own words are the authority."""
    context = runtime.context
    parsed = ParsedMessage.model_validate(state["parsed"])
    said: list[str] = []
    done: list[SubmittedOrder] = []
    with step(context, "cancel"):
        for order_id in chosen_orders(context.parse_context, parsed):
            answer = await cancel_order(
                context.toolbox, context.canceller, context.caller, order_id
            )
            if isinstance(answer, ToolRefusal):
                said.append(f"{answer.message}. {answer.remedy}")
            else:
                done.append(answer)
                said.append(order_sentence(answer))
    if any(order.state is OrderState.CANCELLED and order.trigger_price for order in done):
        said.append(STOP_GONE)
    return {
        "orders": [order.model_dump(mode="json") for order in done],
        "outcome": TurnOutcome.EXECUTED if done else TurnOutcome.NOT_EXECUTED,
        "error_code": None if done else "NO_OPEN_ORDER",
        "explanations": said or [NONE_OPEN],
    }
