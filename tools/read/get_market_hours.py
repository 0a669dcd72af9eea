"""Look at the hours of the exchange."""

from riskgate.contracts.insights import MarketHours
from tools.offers import Desk, OfAccount, Offer, Toolset
from tools.ports import Caller, InsightReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="get_market_hours",
    title="Get market hours",
    description="Whether the account's exchange is open, and today's and the next session's hours.",
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


async def serve(desk: Desk, caller: Caller, asked: OfAccount) -> MarketHours:  # noqa: ARG001
    """Answer with the day of the account's own exchange."""
    return await get_market_hours(desk.toolbox, desk.insights, caller)


OFFER = Offer(tool=TOOL, toolset=Toolset.MARKET, asked=OfAccount, answer=MarketHours, serve=serve)
