"""List the stops and targets that are kept."""

from collections.abc import Sequence

from riskgate.contracts.insights import StopFact
from tools.ports import Caller, InsightReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="list_stops",
    title="List stops",
    description="Stops and targets that are kept now.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


async def list_stops(toolbox: Toolbox, reader: InsightReader, caller: Caller) -> Sequence[StopFact]:
    """Return the stops and targets that are kept now."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.stops(caller),
        lambda found: f"{len(found)} kept",
    )
