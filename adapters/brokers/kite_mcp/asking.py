"""Asking Kite for market data: every way in which it does not answer is the same to the caller."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from pydantic import JsonValue

from adapters.brokers.kite_mcp.ports import (
    KiteReply,
    KiteTools,
    ToolsInterrupted,
    ToolsUnavailable,
)
from adapters.brokers.kite_mcp.replies import LOG_IN_FIRST
from adapters.errors import BrokerUnavailable, MarketDataUnavailable

# The server hides Kite's reason, so all that it may be is said.
WHAT_IT_MAY_BE: Final = (
    "The login may be over, a limit reached, or the API key a free Personal one, which has no "
    "quotes and no history: check the Kite connection, log in again, or use a paid Connect key"
)

T = TypeVar("T")


async def ask(
    tools: KiteTools,
    tool: str,
    arguments: Mapping[str, JsonValue],
    read: Callable[[str, KiteReply], T],
) -> T:
    """Call a tool that only reads, and read its answer with one of `replies`.

    Raises MarketDataUnavailable, with what to do.
    """
    try:
        reply = await tools.call(tool, arguments)
    except (ToolsUnavailable, ToolsInterrupted) as failed:
        raise MarketDataUnavailable(f"Kite was not asked {tool}: {failed.message}") from failed
    try:
        return read(tool, reply)
    except BrokerUnavailable as failed:
        hidden = reply.is_error and reply.text != LOG_IN_FIRST
        message = f"{failed.message}. {WHAT_IT_MAY_BE}" if hidden else failed.message
        raise MarketDataUnavailable(message) from failed
