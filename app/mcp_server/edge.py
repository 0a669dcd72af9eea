"""The MCP server over HTTP: the guard, the library's transport and its sessions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mcp.server.streamable_http_manager import (
    StreamableHTTPASGIApp,
    StreamableHTTPSessionManager,
)
from starlette.types import Receive, Scope, Send

from app.identity.service import Identity
from app.mcp_server.guard import Door, Guard
from app.mcp_server.server import McpServer
from app.mcp_server.visitors import Visitor, key_visitor

SESSIONS_MAX: Final = 1_000
SESSION_IDLE_S: Final = 30 * 60


class McpEdge:
    """An ASGI application that answers while `running`; the older protocol's sessions live here."""

    def __init__(
        self, server: McpServer, *, identity: Identity, hosts: frozenset[str], max_body_bytes: int
    ) -> None:
        self.server = server
        self._identity = identity
        self._manager = StreamableHTTPSessionManager(
            server.library,
            session_idle_timeout=SESSION_IDLE_S,
            max_sessions=SESSIONS_MAX,
            max_request_body_size=max_body_bytes,
        )
        self._guard = Guard(
            StreamableHTTPASGIApp(self._manager),
            Door(
                hosts=hosts,
                visitor=self._visitor,
                scope_of=server.scope_of,
                metadata_url=None,
            ),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guard(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep sessions for as long as the context is open."""
        async with self._manager.run():
            yield
        await self.server.calls.close()

    async def _visitor(self, credential: str) -> Visitor:
        return key_visitor(await self._identity.authenticate(credential))
