"""List our orders."""

from collections.abc import Sequence

from riskgate.contracts.traces import SubmittedOrder
from tools.ports import AccountReader, Caller
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

NEWEST = 20
TOOL = Tool(
    name="list_orders",
    title="List orders",
    description="The account's newest orders with their state and fills.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
)


async def list_orders(
    toolbox: Toolbox, reader: AccountReader, caller: Caller
) -> Sequence[SubmittedOrder]:
    """Return our newest orders."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id, "limit": NEWEST},
        lambda: reader.orders(caller, limit=NEWEST),
        lambda orders: f"{len(orders)} orders",
    )
