"""Ask the gate about a trade that nobody asks for."""

from riskgate.contracts.intents import TradeIntent
from tools.ports import AccountView, Caller, PlanProposer, ToolRefusal, Weighed
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="weigh_trade",
    title="Weigh trade",
    description="What the risk gate would say of a trade now; no plan is stored and none is sent.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)


async def weigh_trade(
    toolbox: Toolbox,
    proposer: PlanProposer,
    caller: Caller,
    intent: TradeIntent,
    view: AccountView,
) -> Weighed | ToolRefusal:
    """Return what the gate would say, or why no plan could be made of it."""
    return await toolbox.call(
        TOOL,
        {
            "side": intent.side.value,
            "symbols": [str(symbol) for symbol in intent.symbols],
            "sizing": intent.sizing.model_dump(mode="json"),
        },
        lambda: proposer.weigh(caller, intent, view),
        lambda found: (
            found.code
            if isinstance(found, ToolRefusal)
            else f"{found.decision.verdict} {','.join(found.decision.codes)}".strip()
        ),
    )
