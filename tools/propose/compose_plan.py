"""Make a plan of an intent."""

from riskgate.contracts.intents import TradeIntent
from tools.ports import AccountView, Caller, ComposedPlan, PlanProposer, ToolRefusal
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="compose_plan",
    title="Compose plan",
    description="Turn an intent into a stored, immutable plan. Sends nothing.",
    scope=Scope.PLAN_WRITE,
    read_only=False,
    destructive=False,
    idempotent=False,
    open_world=True,
)


async def compose_plan(
    toolbox: Toolbox,
    proposer: PlanProposer,
    caller: Caller,
    intent: TradeIntent,
    view: AccountView,
) -> ComposedPlan | ToolRefusal:
    """Return the stored plan, or why there cannot be one."""
    return await toolbox.call(
        TOOL,
        {"side": intent.side, "symbols": [str(symbol) for symbol in intent.symbols]},
        lambda: proposer.compose(caller, intent, view),
        _summary,
    )


def _summary(answer: ComposedPlan | ToolRefusal) -> str:
    if isinstance(answer, ToolRefusal):
        return f"refused: {answer.code}"
    return f"plan {answer.plan.plan_id}"
