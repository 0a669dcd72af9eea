"""Look up prices."""

from collections.abc import Sequence

from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import Quote
from tools.ports import QuoteReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="get_quotes",
    title="Get quotes",
    description="Bid, ask, last price and depth of instruments, each with its own time.",
    scope=Scope.READ_MARKET,
    read_only=True,
)


async def get_quotes(
    toolbox: Toolbox, reader: QuoteReader, refs: Sequence[InstrumentRef]
) -> Sequence[Quote]:
    """Return a quote for each instrument that has one."""
    return await toolbox.call(
        TOOL,
        {"instruments": [str(ref) for ref in refs]},
        lambda: reader.quotes(refs),
        lambda quotes: f"{len(quotes)} of {len(refs)} quotes",
    )
