"""Read what answers to questions are made of."""

from collections.abc import Sequence
from typing import Final

from riskgate.contracts.insights import FillFact, Gains, MarketContext, MarketHours, StopFact
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.standing import Standing
from tools.ports import AccountView, Caller, InsightReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope


def _tool(
    name: str, title: str, description: str, *, scope: Scope = Scope.READ_ACCOUNT, far: bool = False
) -> Tool:
    return Tool(
        name=name,
        title=title,
        description=description,
        scope=scope,
        read_only=True,
        destructive=False,
        idempotent=True,
        open_world=far,
    )


STANDING: Final = _tool(
    "get_standing",
    "Get standing",
    "How much of each limit the account has used, by rule, as the gate counts.",
    far=True,
)
GAINS: Final = _tool(
    "get_gains", "Get gains", "What the account's day came to by its own fills, and its equity."
)
FILLS: Final = _tool("list_fills", "List fills", "The account's fills since its day began.")
STOPS: Final = _tool("list_stops", "List stops", "Stops and targets that are kept now.")
CONTEXT: Final = _tool(
    "get_market_context",
    "Get market context",
    "Trend and volatility of an instrument from its closed daily bars.",
    scope=Scope.READ_MARKET,
    far=True,
)
HOURS: Final = _tool(
    "get_market_hours",
    "Get market hours",
    "Today's hours of the account's exchange by its calendar.",
    scope=Scope.READ_MARKET,
)


async def get_standing(
    toolbox: Toolbox, reader: InsightReader, caller: Caller, view: AccountView
) -> Standing | None:
    """Return what is used and left of each limit; None where the broker tells no equity."""
    return await toolbox.call(
        STANDING,
        {"account_id": caller.account_id},
        lambda: reader.standing(caller, view),
        lambda found: "no equity known" if found is None else f"{len(found.uses)} limits",
    )


async def get_gains(
    toolbox: Toolbox, reader: InsightReader, caller: Caller, view: AccountView
) -> Gains:
    """Return what the account's day came to so far."""
    return await toolbox.call(
        GAINS,
        {"account_id": caller.account_id},
        lambda: reader.gains(caller, view),
        lambda found: f"{len(found.realised)} closed, {len(found.line)} points of equity",
    )


async def list_fills(toolbox: Toolbox, reader: InsightReader, caller: Caller) -> Sequence[FillFact]:
    """Return the fills since the account's day began, newest first."""
    return await toolbox.call(
        FILLS,
        {"account_id": caller.account_id},
        lambda: reader.fills(caller),
        lambda found: f"{len(found)} fills",
    )


async def list_stops(toolbox: Toolbox, reader: InsightReader, caller: Caller) -> Sequence[StopFact]:
    """Return the stops and targets that are kept now."""
    return await toolbox.call(
        STOPS,
        {"account_id": caller.account_id},
        lambda: reader.stops(caller),
        lambda found: f"{len(found)} kept",
    )


async def get_market_context(
    toolbox: Toolbox, reader: InsightReader, instrument: InstrumentRef
) -> MarketContext:
    """Return trend and volatility of an instrument."""
    return await toolbox.call(
        CONTEXT,
        {"instrument": str(instrument)},
        lambda: reader.market_context(instrument),
        lambda found: f"{found.bars} bars{' '.join(('', *found.notes))}",
    )


async def get_market_hours(toolbox: Toolbox, reader: InsightReader, caller: Caller) -> MarketHours:
    """Return the day of the account's own exchange."""
    return await toolbox.call(
        HOURS,
        {"account_id": caller.account_id},
        lambda: reader.hours(caller),
        lambda found: f"{found.exchange} open: {found.is_open}",
    )
