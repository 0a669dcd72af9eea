"""The MCP side of the server: what each JSON-RPC message of a session is answered."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue

from adapters.brokers.kite_mcp.ports import KiteReply
from tests.fakes.kite_standin.listing import Listing, shipped_tools
from tests.fakes.kite_standin.sessions import Session, Sessions
from tests.fakes.kite_standin.tool_server import Login, ToolServer
from tests.fakes.kite_standin.troubles import Trouble
from tests.fakes.kite_standin.wire import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    NO_BODY,
    NO_METHOD,
    SESSION,
    TEXT,
    VERSION,
    json_reply,
    kind_of,
    on_the_way,
    said,
)
from tests.fakes.loopback import Reply, Request

OLDER: Final = "2024-11-05"
ANSWERED: Final = frozenset(tool["name"] for tool in shipped_tools())
NOT_SUPPORTED: Final = frozenset({"resources", "prompts", "logging"})


class McpEdge:
    """Answers messages; `calls` are the tool calls that came, of tools that are not there too."""

    def __init__(self, sessions: Sessions, tools: ToolServer, listing: Listing) -> None:
        self.calls: list[tuple[str, dict[str, JsonValue]]] = []
        self._sessions = sessions
        self._tools = tools
        self._listing = listing
        # The real one holds its registry while it logs a session out, and every call waits.
        self._registry = asyncio.Lock()

    async def message(
        self, request: Request, message: Mapping[str, Any], trouble: Trouble
    ) -> Reply:
        """Answer one message."""
        method, number = message["method"], message.get("id")
        if method == "initialize":
            asked = (message.get("params") or {}).get("protocolVersion")
            return self._initialized(number, asked)
        session = await self._session(request)
        if isinstance(session, Reply):
            return session
        if number is None:
            return Reply(202, "", NO_BODY)
        if method == "ping":
            return json_reply(200, number, result={})
        if method == "tools/list":
            return json_reply(200, number, result={"tools": list(self._listing.tools)})
        if method == "tools/call":
            return await self._call(number, message.get("params"), session, trouble)
        group = method.split("/")[0]
        known = group in NOT_SUPPORTED
        told = f"{group} not supported" if known else f"Method {method} not found"
        return json_reply(200, number, error=(NO_METHOD, told))

    def _initialized(self, number: JsonValue, asked: JsonValue) -> Reply:
        result: dict[str, JsonValue] = {
            "protocolVersion": OLDER if asked == OLDER else VERSION,
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": "Kite MCP Server", "version": "v0.0.0"},
        }
        reply = json_reply(200, number, result=result)
        return Reply(200, reply.body, {**reply.headers, SESSION: self._sessions.open().id})

    async def _session(self, request: Request) -> Session | Reply:
        async with self._registry:
            for over in self._sessions.sweep():
                await self._tools.log_out(over.login or Login())
            session = self._sessions.find(request.headers.get(SESSION, ""))
        if session is None:
            return Reply(400, "Invalid session ID\n", TEXT)
        return Reply(404, "Session terminated\n", TEXT) if session.ended else session

    async def _call(
        self, number: JsonValue, params: Any, session: Session, trouble: Trouble
    ) -> Reply:
        if not isinstance(params, dict):
            told = (
                f"unparsable tools/call request: json: cannot unmarshal {kind_of(params)} into Go "
                "struct field CallToolRequest.params of type mcp.CallToolParams"
            )
            return json_reply(200, number, error=(INVALID_REQUEST, told))
        tool, arguments = str(params.get("name", "")), params.get("arguments")
        arguments = arguments if isinstance(arguments, dict) else {}
        self.calls.append((tool, dict(arguments)))
        if tool not in self._listing.names:
            told = f"tool '{tool}' not found: tool not found"
            return json_reply(200, number, error=(INVALID_PARAMS, told))
        if tool not in ANSWERED:
            return said(number, KiteReply(is_error=False, text="{}"))
        return said(number, await self._tools.call(tool, arguments, session, trouble))

    async def end(self, request: Request, trouble: Trouble) -> Reply:
        """End a session, and the login at Kite with it."""
        async with self._registry:
            session = self._sessions.find(request.headers.get(SESSION, ""))
            if session is None:
                told = "Session termination failed: session ID not found\n"
                return Reply(500, told, TEXT)
            session.ended = True
            if session.login is not None:
                await self._tools.log_out(session.login)
            return await on_the_way(Reply(200, "", NO_BODY), trouble)
