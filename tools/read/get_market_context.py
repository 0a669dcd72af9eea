"""Look at the trend and the volatility of an instrument."""

from riskgate.contracts.insights import MarketContext
from riskgate.contracts.instruments import InstrumentRef
from tools.ports import InsightReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="get_market_context",
    title="Get market context",
    description="Trend and volatility of an instrument from its closed daily bars.",
    scope=Scope.READ_MARKET,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)


async def get_market_context(
    toolbox: Toolbox, reader: InsightReader, instrument: InstrumentRef
) -> MarketContext:
    """Return trend and volatility of an instrument."""
    return await toolbox.call(
        TOOL,
        {"instrument": str(instrument)},
        lambda: reader.market_context(instrument),
        lambda found: f"{found.bars} bars{' '.join(('', *found.notes))}",
    )
