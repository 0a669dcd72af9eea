"""Where the API finds the MCP server; nothing of the library is imported here."""

from typing import Final

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

MCP_PATH: Final = "/mcp"
# The address of RFC 9728 for a resource at /mcp, and the shorter one that clients try next.
METADATA_PATHS: Final = (
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-protected-resource",
)


class RunningMcp:
    """Hands requests to the MCP server that the lifespan put in the application's state."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running: ASGIApp = scope["app"].state.mcp
        await running(scope, receive, send)


def mcp_routes() -> list[BaseRoute]:
    """Return the routes; who may use them is decided by the guard behind them."""
    metadata = [Route(path, RunningMcp(), methods=["GET"]) for path in METADATA_PATHS]
    return [Route(MCP_PATH, RunningMcp()), *metadata]
