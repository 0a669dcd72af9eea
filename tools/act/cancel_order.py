"""Cancel an open order."""

from riskgate.contracts.traces import SubmittedOrder
from tools.ports import Caller, OrderCanceller, ToolRefusal
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="cancel_order",
    title="Cancel order",
    description="Cancel what is open of one of the account's orders; fills before it stand.",
    scope=Scope.ORDERS_SUBMIT,
    read_only=False,
    destructive=True,
    idempotent=True,
    open_world=True,
)


async def cancel_order(
    toolbox: Toolbox, canceller: OrderCanceller, caller: Caller, order_id: str
) -> SubmittedOrder | ToolRefusal:
    """Return the order after the cancel, or why there was none."""
    return await toolbox.call(
        TOOL, {"order_id": order_id}, lambda: canceller.cancel(caller, order_id), _summary
    )


def _summary(answer: SubmittedOrder | ToolRefusal) -> str:
    if isinstance(answer, ToolRefusal):
        return f"refused: {answer.code}"
    return f"{answer.order_id} {answer.state}"
