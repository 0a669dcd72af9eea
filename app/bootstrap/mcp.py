"""Build the MCP server of a built application."""

import time
from typing import TYPE_CHECKING

from app.bootstrap.container import Container
from app.mcp_server.choice import chosen_offers
from app.mcp_server.hosts import LOOPBACK
from app.mcp_server.parts import McpParts
from app.pipeline.records import Records
from app.settings import Settings
from tools.catalogue import OFFERS

if TYPE_CHECKING:
    from app.mcp_server.edge import McpEdge


def check_mcp(settings: Settings) -> None:
    """Raise SettingsInvalid where the MCP server could not be built."""
    chosen_offers(settings, OFFERS)


def build_mcp(container: Container) -> "McpEdge":
    """Build the MCP server; nothing is started."""
    # Here and not above, for the library is slow to import and commands do not need it.
    from app.mcp_server.edge import McpEdge
    from app.mcp_server.server import McpServer

    services, settings = container.services, container.settings
    parts = McpParts(
        database=services.database,
        clock=services.clock,
        ids=services.ids,
        microseconds=lambda: time.monotonic_ns() // 1_000,
        identity=services.identity,
        limiter=services.rate_limiter,
        directory=services.directory,
        views=services.views,
        records=Records(
            database=services.database, policies=services.policies, clock=services.clock
        ),
        conversation=services.conversation,
        offers=chosen_offers(settings, OFFERS),
        page_url=page_url(settings),
    )
    return McpEdge(
        McpServer(parts),
        identity=services.identity,
        hosts=LOOPBACK | {settings.host} | settings.extra_mcp_hosts,
        max_body_bytes=settings.max_body_bytes,
    )


def page_url(settings: Settings) -> str:
    """Return the address of the page as people reach it."""
    return settings.public_url or f"http://{settings.host}:{settings.port}/"
