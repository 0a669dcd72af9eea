"""Calls to one MCP server, over the official SDK.

Each call opens the SDK's client, speaks and closes it again: a client that lives on dies with
the first broken connection, together with whoever waits on it. The session lives at the server,
and its id here, so that closing a client ends nothing.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, TypeVar

import httpx2
import mcp_types as types
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types.version import LATEST_MODERN_VERSION, MODERN_PROTOCOL_VERSIONS
from pydantic import JsonValue, SecretStr

from adapters.mcp.errors import CallFailed, Sent
from adapters.mcp.labelled import LabelledText, Origin, ToolAnswer
from adapters.mcp.pins import ListedTool
from adapters.mcp.wire import Exchange, WatchedWire

NAME: Final = "sigmatrader"
PAGES: Final = 20
BODY_LIMIT: Final = 16 * 1024 * 1024
# What these libraries write at these levels holds headers, session ids and whole answers.
_TALKATIVE: Final = {
    "mcp.client": logging.CRITICAL,
    "mcp.shared": logging.CRITICAL,
    "client": logging.CRITICAL,
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
}

T = TypeVar("T")


class Era(StrEnum):
    """How the protocol's version is agreed on: by `initialize`, by `server/discover`, or either."""

    HANDSHAKE = "HANDSHAKE"
    DISCOVER = "DISCOVER"
    EITHER = "EITHER"


@dataclass(frozen=True)
class Waits:
    """How long a call waits, in seconds; `whole_s` bounds it from open to close."""

    connect_s: float = 5
    read_s: float = 20
    write_s: float = 5
    pool_s: float = 5
    whole_s: float = 40


@dataclass(frozen=True)
class ServerSession:
    """A session that a server knows: its id, where it gives one, and the version agreed on."""

    session_id: SecretStr | None
    protocol: str


class McpClient:
    """One MCP server at `url`, called `name` in every label.

    `auth` is httpx2's hook for authorisation; with it, and only then, other hosts are asked, for
    tokens. `http` carries the requests in place of a pool of its own. `tools_changed` is told
    when the server says that its tools did.
    """

    def __init__(
        self,
        *,
        name: str,
        url: str,
        era: Era = Era.HANDSHAKE,
        auth: httpx2.Auth | None = None,
        http: httpx2.AsyncBaseTransport | None = None,
        waits: Waits | None = None,
        tools_changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._name = name
        self._url = url
        self._era = era
        self._auth = auth
        self._http = http or httpx2.AsyncHTTPTransport(verify=_trusted())
        self._waits = waits or Waits()
        self._tools_changed = tools_changed
        for logger, level in _TALKATIVE.items():
            logging.getLogger(logger).setLevel(level)

    async def aclose(self) -> None:
        """Close the connections; sessions at the server live on."""
        await self._http.aclose()

    async def begin(self) -> ServerSession:
        """Open a session at the server; raises CallFailed."""
        wire = self._wire(None)

        async def agreed(talk: ClientSession) -> str | None:
            if talk.initialize_result is not None:
                # Its answer shows that `initialized`, which has none, was sent before we close.
                with contextlib.suppress(MCPError):
                    await talk.send_request(types.PingRequest(), types.EmptyResult)
            return talk.protocol_version

        method = "server/discover" if self._era is Era.DISCOVER else "initialize"
        protocol = await self._within(wire, None, method, agreed)
        return ServerSession(wire.session_id, protocol or LATEST_MODERN_VERSION)

    async def list_tools(self, session: ServerSession) -> tuple[ListedTool, ...]:
        """Return every tool the server offers, in its order and with repeats; raises CallFailed."""
        wire = self._wire(session)

        async def listed(talk: ClientSession) -> list[types.Tool]:
            tools: list[types.Tool] = []
            cursor: str | None = None
            for _ in range(PAGES):
                params = types.PaginatedRequestParams(cursor=cursor)
                page = await talk.list_tools(params=params)
                tools.extend(page.tools)
                cursor = page.next_cursor
                if cursor is None:
                    return tools
            raise ValueError("the list of tools has no end")

        tools = await self._within(wire, session, "tools/list", listed)
        return tuple(
            ListedTool(tool.name, tool.description or "", tool.input_schema) for tool in tools
        )

    async def call_tool(
        self, session: ServerSession, tool: str, arguments: Mapping[str, JsonValue]
    ) -> ToolAnswer:
        """Call a tool once and return what it answered; raises CallFailed.

        The SDK's own `call_tool` is not used: it lists the tools, and calls again, by itself.
        """
        wire = self._wire(session)
        request = types.CallToolRequest(
            params=types.CallToolRequestParams(name=tool, arguments=dict(arguments))
        )

        async def called(talk: ClientSession) -> types.CallToolResult:
            if session.protocol in MODERN_PROTOCOL_VERSIONS:
                # There the SDK writes arguments into headers, as the list of tools says.
                await talk.list_tools()
            return await talk.send_request(request, types.CallToolResult)

        result = await self._within(wire, session, "tools/call", called)
        origin = Origin(self._name, tool)
        texts = [block.text for block in result.content if isinstance(block, types.TextContent)]
        return ToolAnswer(
            is_error=bool(result.is_error),
            texts=tuple(LabelledText(origin, text) for text in texts),
            others=len(result.content) - len(texts),
        )

    async def end(self, session: ServerSession) -> Exchange:
        """Ask the server to forget the session and return its HTTP answer.

        The only request here that ends anything. Raises CallFailed when there was no answer.
        """
        wire = self._wire(session)
        async with self._client(wire) as http:
            headers = {"mcp-protocol-version": session.protocol}
            await http.delete(self._url, headers=headers, follow_redirects=False)
        exchange = wire.last("DELETE")
        if exchange is None or exchange.status is None:
            raise _failure(self._name, "DELETE", wire, None)
        return exchange

    def watched_http(self) -> httpx2.AsyncClient:
        """Return what carries one talk of an SDK client that listens as well as it calls."""
        return self._client(self._wire(None, shows_session=True))

    @asynccontextmanager
    async def _talk(self, wire: WatchedWire) -> AsyncIterator[ClientSession]:
        async with (
            self._client(wire) as http,
            streamable_http_client(
                self._url, http_client=http, terminate_on_close=False
            ) as streams,
            ClientSession(
                *streams,
                client_info=types.Implementation(name=NAME, version="1"),
                message_handler=self._heard,
            ) as session,
        ):
            yield session

    def _wire(self, session: ServerSession | None, *, shows_session: bool = False) -> WatchedWire:
        return WatchedWire(
            self._http,
            endpoint=self._url,
            session_id=None if session is None else session.session_id,
            body_limit=BODY_LIMIT,
            others_pass=self._auth is not None,
            shows_session=shows_session,
        )

    def _client(self, wire: WatchedWire) -> httpx2.AsyncClient:
        waits = self._waits
        timeout = httpx2.Timeout(
            connect=waits.connect_s, read=waits.read_s, write=waits.write_s, pool=waits.pool_s
        )
        return httpx2.AsyncClient(transport=wire, timeout=timeout, auth=self._auth, trust_env=False)

    async def _within(
        self,
        wire: WatchedWire,
        session: ServerSession | None,
        method: str,
        act: Callable[[ClientSession], Awaitable[T]],
    ) -> T:
        done: list[T] = []
        fault: Exception | None = None
        try:
            async with asyncio.timeout(self._waits.whole_s), self._talk(wire) as talk:
                # Kept and raised outside: what leaves a task group leaves it as another error.
                try:
                    await self._agree(talk, session)
                    done.append(await act(talk))
                except Exception as error:  # noqa: BLE001 # edge: whatever the SDK raises is no answer
                    fault = error
        except (TimeoutError, ExceptionGroup) as error:
            fault = error
        if not done:
            raise _failure(self._name, method, wire, fault) from None
        return done[0]

    async def _agree(self, talk: ClientSession, session: ServerSession | None) -> None:
        if session is not None:
            talk.adopt(_agreed_before(session))
        elif self._era is Era.HANDSHAKE:
            await talk.initialize()
        elif self._era is Era.DISCOVER:
            await talk.discover()
        else:
            try:
                await talk.discover()
            except MCPError as error:
                if error.code == types.REQUEST_TIMEOUT:
                    # A slow server, or a person who still logs in, is no older server.
                    raise
                await talk.initialize()

    async def _heard(self, message: object) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._tools_changed()


@cache
def _trusted() -> ssl.SSLContext:
    # Reading the certificates takes as long as many calls, so it is done once.
    return httpx2.create_ssl_context()


def _agreed_before(session: ServerSession) -> types.InitializeResult | types.DiscoverResult:
    if session.protocol in MODERN_PROTOCOL_VERSIONS:
        return types.DiscoverResult(
            supported_versions=[session.protocol],
            capabilities=types.ServerCapabilities(),
            result_type="complete",
            ttl_ms=0,
            cache_scope="public",
        )
    return types.InitializeResult(
        protocol_version=session.protocol,
        capabilities=types.ServerCapabilities(),
        server_info=types.Implementation(name="", version=""),
    )


def _failure(server: str, method: str, wire: WatchedWire, fault: Exception | None) -> CallFailed:
    seen = wire.last(method)
    if seen is None:
        # What goes before the call, the handshake, may be what failed.
        before = wire.exchanges[-1] if wire.exchanges else Exchange(method, Sent.NO)
        seen = Exchange(method, Sent.NO, before.status, before.said)
    return CallFailed(
        f"{server} gave no answer to {method} ({_kind(seen, fault)})",
        sent=seen.sent,
        status=seen.status,
        said=seen.said,
        rpc_code=seen.rpc_code,
        rpc_said=seen.rpc_said,
    )


def _kind(seen: Exchange, fault: Exception | None) -> str:
    if seen.sent is Sent.NO and seen.status is None:
        return "not reached"
    if seen.rpc_code is not None:
        return f"error {seen.rpc_code}"
    if seen.status is not None:
        return f"HTTP {seen.status}"
    return "too slow" if isinstance(fault, TimeoutError) else "connection lost"
