"""Look at what the day came to."""

from riskgate.contracts.insights import Gains
from tools.ports import AccountView, Caller, InsightReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="get_gains",
    title="Get gains",
    description="What the account's day came to by its own fills, and its equity.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


async def get_gains(
    toolbox: Toolbox, reader: InsightReader, caller: Caller, view: AccountView
) -> Gains:
    """Return what the account's day came to so far."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.gains(caller, view),
        lambda found: f"{len(found.realised)} closed, {len(found.line)} points of equity",
    )
