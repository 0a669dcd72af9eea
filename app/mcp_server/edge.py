"""The MCP server over HTTP: the guard, the library's transport and its sessions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mcp.server.streamable_http_manager import (
    StreamableHTTPASGIApp,
    StreamableHTTPSessionManager,
)
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from app.errors import NotFound
from app.mcp_server.guard import Door, Guard
from app.mcp_server.oauth.metadata import WELL_KNOWN, document
from app.mcp_server.quiet import library_is_quiet
from app.mcp_server.server import McpServer
from app.mcp_server.signing_in import SignIn

SESSIONS_MAX: Final = 10_000
SESSION_IDLE_S: Final = 10 * 60


class McpEdge:
    """An ASGI application that answers while `running`; the older protocol's sessions live here."""

    def __init__(
        self, server: McpServer, sign_in: SignIn, *, hosts: frozenset[str], max_body_bytes: int
    ) -> None:
        self.server = server
        self._sign_in = sign_in
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
                visitor=sign_in.visitor,
                scope_of=server.scope_of,
                opens=server.calls.count_opening,
                turned_away=server.turned_away,
                metadata_url=sign_in.metadata_url,
            ),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(WELL_KNOWN):
            await self._metadata()(scope, receive, send)
            return
        await self._guard(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep sessions for as long as the context is open."""
        with library_is_quiet():
            async with self._manager.run():
                yield
        await self.server.calls.close()

    def _metadata(self) -> Response:
        """Say where tokens come from; it holds nothing that is not for everybody."""
        issuer = self._sign_in.issuer
        if issuer is None:
            raise NotFound("no tokens are taken here; use an API key")
        everybody = {"Access-Control-Allow-Origin": "*", "Cache-Control": "max-age=300"}
        return JSONResponse(document(issuer), headers=everybody)
