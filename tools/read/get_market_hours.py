"""Look at the hours of the exchange."""

from riskgate.contracts.insights import MarketHours
from tools.ports import Caller, InsightReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="get_market_hours",
    title="Get market hours",
    description="Today's hours of the account's exchange by its calendar.",
    scope=Scope.READ_MARKET,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


async def get_market_hours(toolbox: Toolbox, reader: InsightReader, caller: Caller) -> MarketHours:
    """Return the day of the account's own exchange."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.hours(caller),
        lambda found: f"{found.exchange} open: {found.is_open}",
    )
