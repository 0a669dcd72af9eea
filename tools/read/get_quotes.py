"""Look up prices."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from riskgate.contracts.base import Contract
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import Quote
from tools.offers import Desk, Offer, Toolset
from tools.ports import Caller, InstrumentDirectory, QuoteReader, ToolRefusal
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

MOST = 20
TOOL = Tool(
    name="get_quotes",
    title="Get quotes",
    description="Bid, ask, last price and depth of instruments, each with its own time.",
    scope=Scope.READ_MARKET,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)


class QuotesAsked(Contract):
    """Which instruments."""

    instruments: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=60)], ...],
        Field(
            min_length=1,
            max_length=MOST,
            description="Exact names such as NSE:INFY; search_instruments finds them.",
        ),
    ]


class QuotesAnswer(Contract):
    """Quotes in the order asked; a source of SIMULATED or REPLAY is never a live market."""

    rows: tuple[Quote, ...]
    without_quote: tuple[InstrumentRef, ...]


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


async def serve(desk: Desk, caller: Caller, asked: QuotesAsked) -> QuotesAnswer | ToolRefusal:  # noqa: ARG001
    """Answer with a quote for each instrument; a name that is not exactly one is refused."""
    refs = _refs(desk.directory, asked.instruments)
    if isinstance(refs, ToolRefusal):
        return refs
    found = {quote.instrument: quote for quote in await get_quotes(desk.toolbox, desk.quotes, refs)}
    return QuotesAnswer(
        rows=tuple(found[ref] for ref in refs if ref in found),
        without_quote=tuple(ref for ref in refs if ref not in found),
    )


def _refs(
    directory: InstrumentDirectory, names: Sequence[str]
) -> tuple[InstrumentRef, ...] | ToolRefusal:
    refs: dict[InstrumentRef, None] = {}
    for name in names:
        resolution = directory.resolve(name)
        if resolution.instrument is None:
            several = [str(row.ref) for row in resolution.candidates]
            return ToolRefusal(
                code="SYMBOL_AMBIGUOUS" if several else "SYMBOL_UNKNOWN",
                message=f"an instrument asked for is {'one of several' if several else 'unknown'}",
                remedy=f"Ask for one of {', '.join(several[:5])}."
                if several
                else "Find the exact name with search_instruments.",
            )
        refs[resolution.instrument.ref] = None
    return tuple(refs)


OFFER = Offer(
    tool=TOOL, toolset=Toolset.MARKET, asked=QuotesAsked, answer=QuotesAnswer, serve=serve
)
