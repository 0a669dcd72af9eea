"""A desk with its MCP server, and the 2026-07-28 protocol spoken to it by hand."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.ports import Clock
from app.bootstrap import build_mcp
from app.mcp_server.edge import McpEdge
from app.mcp_server.routes import mcp_routes
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.conftest import Desk, open_desk

MODERN = "2026-07-28"
OLDER = "2025-11-25"
CLIENT = {"name": "test-host", "version": "1.0"}
ADDRESS = "http://127.0.0.1:8080"


@dataclass
class Wire:
    """Sends MCP requests with a credential, each on its own as the newer protocol has them."""

    http: httpx.AsyncClient
    number: int = 0

    async def post(self, method: str, **params: Any) -> httpx.Response:
        """Send one request and return the HTTP response, whatever it is."""
        self.number += 1
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": CLIENT,
        }
        body = {
            "jsonrpc": "2.0",
            "id": self.number,
            "method": method,
            "params": {**params, "_meta": meta},
        }
        name = params.get("name") or params.get("uri")
        headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": MODERN,
            "Mcp-Method": method,
            **({"Mcp-Name": name} if name else {}),
        }
        return await self.http.post("/mcp", json=body, headers=headers)

    async def send(self, headers: Mapping[str, str], **message: Any) -> httpx.Response:
        """Send any JSON-RPC message."""
        accepts = {"Accept": "application/json, text/event-stream", **headers}
        return await self.http.post("/mcp", json={"jsonrpc": "2.0", **message}, headers=accepts)

    async def open_session(self) -> dict[str, str]:
        """Shake hands as the older protocol does; return the headers of what follows."""
        hello = {
            "protocolVersion": OLDER,
            "capabilities": {"elicitation": {}},
            "clientInfo": CLIENT,
        }
        opened = await self.send({}, id=0, method="initialize", params=hello)
        assert opened.status_code == 200, opened.text
        session = {
            "Mcp-Session-Id": opened.headers["mcp-session-id"],
            "MCP-Protocol-Version": OLDER,
        }
        await self.send(session, method="notifications/initialized")
        return session

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the result of a request that must succeed."""
        response = await self.post(method, **params)
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()["result"]
        return result

    async def error(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the JSON-RPC error of a request that must fail."""
        error: dict[str, Any] = (await self.post(method, **params)).json()["error"]
        return error

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the structured answer of a tool that must answer."""
        result = await self.ask("tools/call", name=tool, arguments=arguments)
        assert not result.get("isError"), result
        content: dict[str, Any] = result["structuredContent"]
        assert json.loads(result["content"][0]["text"]) == content
        return content

    async def problem(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the problem of a tool that must refuse."""
        result = await self.ask("tools/call", name=tool, arguments=arguments)
        assert result["isError"] is True
        assert "structuredContent" not in result
        found: dict[str, Any] = json.loads(result["content"][0]["text"])
        return found


@dataclass(frozen=True, kw_only=True)
class McpDesk:
    """A running desk with its MCP server behind /mcp."""

    desk: Desk
    edge: McpEdge

    @asynccontextmanager
    async def wire(self, credential: str | None = None, **headers: str) -> AsyncIterator[Wire]:
        """Speak with a credential, the owner's key by default; an empty one sends none."""
        given = self.desk.owner_key if credential is None else credential
        signed = {"Authorization": f"Bearer {given}"} if given else {}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.desk.app, raise_app_exceptions=False),
            base_url=ADDRESS,
            headers={**signed, **headers},
            timeout=60,
        ) as http:
            yield Wire(http)


@asynccontextmanager
async def served(desk: Desk) -> AsyncIterator[McpDesk]:
    """Put the MCP server behind a running desk's /mcp."""
    edge = build_mcp(desk.container)
    desk.app.state.mcp = edge
    desk.app.router.routes.extend(mcp_routes())
    async with edge.running():
        yield McpDesk(desk=desk, edge=edge)


@asynccontextmanager
async def mcp_desk(
    settings: Settings, location: DatabaseLocation, *, clock: Clock | None = None
) -> AsyncIterator[McpDesk]:
    """Run the application with its MCP server."""
    async with open_desk(settings, location, clock=clock) as desk, served(desk) as running:
        yield running
