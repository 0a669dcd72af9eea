"""List our fills."""

from collections.abc import Sequence

from riskgate.contracts.insights import FillFact
from tools.ports import Caller, InsightReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="list_fills",
    title="List fills",
    description="The account's fills since its day began.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


async def list_fills(toolbox: Toolbox, reader: InsightReader, caller: Caller) -> Sequence[FillFact]:
    """Return the fills since the account's day began, newest first."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.fills(caller),
        lambda found: f"{len(found)} fills",
    )
