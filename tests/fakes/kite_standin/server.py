"""The stand-in of the Kite MCP server: streamable HTTP on a loopback port, as recorded."""

import asyncio
import contextlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from pydantic import JsonValue

from adapters.brokers.kite_mcp.ports import KiteReply
from adapters.ports import Clock, MarketData
from tests.fakes.kite_oms import KiteOms, Refused
from tests.fakes.kite_standin import pages
from tests.fakes.kite_standin.account import KiteAccount
from tests.fakes.kite_standin.asks import written
from tests.fakes.kite_standin.kite import Asked, Kite
from tests.fakes.kite_standin.listing import Listing
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_standin.sessions import Session, Sessions, login_address
from tests.fakes.kite_standin.tool_server import Login, ToolServer
from tests.fakes.kite_standin.troubles import Kind, Trouble, Troubles
from tests.fakes.loopback import HangUp, LoopbackServer, Reply, Request

VERSION: Final = "2025-03-26"
OLDER: Final = "2024-11-05"
SESSION: Final = "mcp-session-id"
TEXT: Final = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
HTML: Final = {"content-type": "text/html; charset=utf-8"}
NO_BODY: Final = {"content-type": ""}
STREAM: Final = {"content-type": "text/event-stream", "cache-control": "no-cache"}
NOT_FOUND: Final = Reply(404, "404 page not found\n", TEXT)
LINK: Final = re.compile(r"\[Login to Kite\]\((\S+)\)")
HALF_A_BODY: Final = '{"order_id":"26031'
INVALID_PARAMS, INVALID_REQUEST, NO_METHOD, NO_JSON = -32602, -32600, -32601, -32700
BEFORE: Final = frozenset({Kind.HANG_UP_BEFORE, Kind.HTTP_BEFORE, Kind.OTHER_REPLICA})


class KiteStandin(LoopbackServer):
    """One server process, with Kite behind it; implements BrokerFaults for its first user.

    `calls` are the tool calls that reached it. What goes wrong is asked of `troubles`, by tool
    name or by `initialize`, `tools/list`, `DELETE`. `listing` is what drifts. `patience_s` is how
    long it really waits where the recorded server waits 7 s for Kite.
    """

    keeps_alive = True

    def __init__(
        self,
        *,
        market: MarketData,
        clock: Clock,
        master: KiteMaster | None = None,
        excluded: Sequence[str] = (),
        random: Random | None = None,
        patience_s: float = 0.05,
        login_origin: str | None = None,
    ) -> None:
        super().__init__()
        random = random or Random(7)
        master = master or KiteMaster()
        self.kite = Kite(market=market, clock=clock, master=master, random=random)
        self.calls: list[tuple[str, dict[str, JsonValue]]] = []
        self.troubles = Troubles()
        self.listing = Listing(excluded)
        self.sessions = Sessions(clock, random, self._link)
        self.tools = ToolServer(self.kite, master, random, patience_s)
        self._login_origin = login_origin
        # The real one holds its registry while it logs a session out, and every call waits.
        self._registry = asyncio.Lock()

    @property
    def url(self) -> str:
        """The address a client is given."""
        return f"{self.origin}/mcp"

    @property
    def origin(self) -> str:
        return super().url

    @property
    def oms(self) -> KiteOms:
        """The first user's orders."""
        return next(iter(self.kite.accounts.values())).oms

    @property
    def upstream(self) -> Sequence[Asked]:
        """What the server asked Kite."""
        return self.kite.asked

    @property
    def place_calls(self) -> int:
        return self.count("place_order")

    def account(self, user_id: str) -> KiteAccount:
        """Return a user's account at Kite."""
        return self.kite.accounts[user_id]

    def count(self, tool: str) -> int:
        """Return how many calls of a tool have come."""
        return Counter(name for name, _ in self.calls)[tool]

    def logged_in(self, user_id: str = "AB1234") -> str:
        """Open a session in which a user is logged in; return its id."""
        session = self.sessions.open()
        session.login = Login(self.kite.access_token(user_id))
        return session.id

    async def finish_login(self, link: str, user_id: str = "AB1234") -> int:
        """Do what a person does with the login link; return the status of the way back.

        `link` may be the whole text of the `login` tool.
        """
        found = LINK.search(link)
        query = parse_qs(urlsplit(found[1] if found else link).query)
        back = {"user_id": user_id, "redirect_params": query["redirect_params"][0]}
        async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as browser:
            page = await browser.get(f"{self.origin}/connect/finish?{urlencode(back)}")
        return page.status_code

    def restart(self) -> None:
        """Lose everything that is in the server's memory; Kite keeps its orders and tokens."""
        self.sessions.forget()

    def end_sessions(self) -> None:
        """End every session, as a DELETE of each would, without a word to Kite."""
        for session in self.sessions.all():
            session.ended = True

    def go_down(self) -> None:
        """Refuse connections and cut those that are open."""
        super().go_down()
        for talk in tuple(self._talks):
            talk.cancel()

    def lose_next_reply(self) -> None:
        """Let Kite book the next order and answer after the server's 7 s."""
        self.troubles.add("place_order", Trouble(Kind.KITE_LATE_BOOKED))

    def lose_next_order(self) -> None:
        """Let Kite stay silent past the 7 s and book nothing; the text is the same."""
        self.troubles.add("place_order", Trouble(Kind.KITE_LATE_NOT_BOOKED))

    def lose_next_cancel_reply(self) -> None:
        self.troubles.add("cancel_order", Trouble(Kind.KITE_LATE_BOOKED))

    def garble_next_reply(self, text: str = HALF_A_BODY) -> None:
        self.troubles.add("place_order", Trouble(Kind.GARBLED, text=text))

    def refuse_next(self, reason: str) -> None:
        """Let Kite's risk checks reject the next order: it is taken, and REJECTED in the book."""
        self.troubles.add("place_order", Trouble(Kind.NONE))
        self.oms.reject_next.append(reason)

    def drop_next(self, tool: str = "place_order", *, booked: bool, times: int = 1) -> None:
        """Let the connection end without an answer, before or after all is done."""
        kind = Kind.HANG_UP_AFTER if booked else Kind.HANG_UP_BEFORE
        self.troubles.add(tool, Trouble(kind), times=times)

    def storm(self, tool: str, status: int, *, times: int, booked: bool = False) -> None:
        """Let a proxy before the server answer: 429, 502 or 503, or a 504 of what was booked."""
        kind = Kind.HTTP_AFTER if booked else Kind.HTTP_BEFORE
        self.troubles.add(tool, Trouble(kind, status=status), times=times)

    async def answer(self, request: Request) -> Reply:
        match request.method, request.path:
            case "POST", "/mcp":
                return await self._post(request)
            case "GET", "/mcp":
                return Reply(202, "", STREAM, stays_open=True)
            case "DELETE", "/mcp":
                return await self._delete(request)
            case "GET", "/callback":
                return await self._callback(request)
            case "GET", "/connect/login":
                users = [account.user for account in self.kite.accounts.values()]
                back = request.query.get("redirect_params", "")
                return Reply(200, pages.login_page(users, back), HTML)
            case "GET", "/connect/finish":
                return self._finish(request)
            case "GET", "/":
                return Reply(200, pages.status_page(), HTML)
        return NOT_FOUND

    async def _post(self, request: Request) -> Reply:
        if request.headers.get("content-type") != "application/json":
            return Reply(400, "Invalid content type: must be 'application/json'\n", TEXT)
        try:
            message = json.loads(request.body)
        except ValueError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return _json(400, None, error=(NO_JSON, "request body is not valid json"))
        name = _named(message)
        trouble = self.troubles.take(name)
        if trouble.kind in BEFORE:
            return _instead(trouble)
        if trouble.kind is Kind.HELD_BEFORE and trouble.hold is not None:
            await trouble.hold.wait()
        reply = await self._handled(request, message, trouble)
        return await _on_the_way(reply, trouble)

    async def _handled(
        self, request: Request, message: Mapping[str, Any], trouble: Trouble
    ) -> Reply:
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
            return _json(200, number, result={})
        if method == "tools/list":
            return _json(200, number, result={"tools": list(self.listing.tools)})
        if method == "tools/call":
            return await self._call(number, message.get("params"), session, trouble)
        group = method.split("/")[0]
        known = group in {"resources", "prompts", "logging"}
        told = f"{group} not supported" if known else f"Method {method} not found"
        return _json(200, number, error=(NO_METHOD, told))

    def _initialized(self, number: JsonValue, asked: JsonValue) -> Reply:
        result: dict[str, JsonValue] = {
            "protocolVersion": OLDER if asked == OLDER else VERSION,
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": "Kite MCP Server", "version": "v0.0.0"},
        }
        reply = _json(200, number, result=result)
        return Reply(200, reply.body, {**reply.headers, SESSION: self.sessions.open().id})

    async def _session(self, request: Request) -> Session | Reply:
        async with self._registry:
            for over in self.sessions.sweep():
                await self.tools.log_out(over.login or Login())
            session = self.sessions.find(request.headers.get(SESSION, ""))
        if session is None:
            return Reply(400, "Invalid session ID\n", TEXT)
        return Reply(404, "Session terminated\n", TEXT) if session.ended else session

    async def _call(
        self, number: JsonValue, params: Any, session: Session, trouble: Trouble
    ) -> Reply:
        if not isinstance(params, dict):
            told = (
                f"unparsable tools/call request: json: cannot unmarshal {_kind_of(params)} into Go "
                "struct field CallToolRequest.params of type mcp.CallToolParams"
            )
            return _json(200, number, error=(INVALID_REQUEST, told))
        tool, arguments = str(params.get("name", "")), params.get("arguments")
        arguments = arguments if isinstance(arguments, dict) else {}
        self.calls.append((tool, dict(arguments)))
        if tool not in self.listing.names:
            told = f"tool '{tool}' not found: tool not found"
            return _json(200, number, error=(INVALID_PARAMS, told))
        if tool not in TOOLS:
            return _said(number, KiteReply(is_error=False, text="{}"))
        return _said(number, await self.tools.call(tool, arguments, session, trouble))

    async def _delete(self, request: Request) -> Reply:
        trouble = self.troubles.take("DELETE")
        if trouble.kind in BEFORE:
            return _instead(trouble)
        async with self._registry:
            session = self.sessions.find(request.headers.get(SESSION, ""))
            if session is None:
                told = "Session termination failed: session ID not found\n"
                return Reply(500, told, TEXT)
            session.ended = True
            if session.login is not None:
                await self.tools.log_out(session.login)
            return await _on_the_way(Reply(200, "", NO_BODY), trouble)

    async def _callback(self, request: Request) -> Reply:
        signed, token = (request.query.get(name, "") for name in ("session_id", "request_token"))
        if not signed or not token or self.sessions.verified(signed) is None:
            return Reply(400, "missing MCP session_id or Kite request_token\n", TEXT)
        session = self.sessions.signed_for(signed)
        try:
            if session is None or session.login is None:
                raise Refused("no such session")
            await self.tools.exchange(session.login, token)
        except Refused:
            return Reply(500, "error completing Kite session\n", TEXT)
        return Reply(200, pages.success_page(), HTML)

    def _finish(self, request: Request) -> Reply:
        user_id, back = (request.query.get(name, "") for name in ("user_id", "redirect_params"))
        if user_id not in self.kite.accounts:
            return NOT_FOUND
        given = {
            "action": "login",
            "type": "login",
            "status": "success",
            "request_token": self.kite.request_token(user_id),
        }
        name, _, signed = back.partition("=")
        where = f"/callback?{urlencode({**given, name: signed})}"
        return Reply(302, "", {"content-type": "", "location": where})

    def _link(self, signed: str) -> str:
        return login_address(self._login_origin or self.origin, signed)


@contextlib.asynccontextmanager
async def running(standin: KiteStandin) -> AsyncIterator[KiteStandin]:
    """Run a stand-in in this event loop for as long as the block lasts."""
    await standin.start()
    try:
        yield standin
    finally:
        await standin.stop()


TOOLS: Final = frozenset(Listing().names)


def _named(message: Mapping[str, Any]) -> str:
    params = message.get("params")
    if message["method"] == "tools/call" and isinstance(params, dict):
        return str(params.get("name", ""))
    return str(message["method"])


def _instead(trouble: Trouble) -> Reply:
    if trouble.kind is Kind.HANG_UP_BEFORE:
        raise HangUp
    if trouble.kind is Kind.OTHER_REPLICA:
        return Reply(400, "Invalid session ID\n", TEXT)
    return _from_a_proxy(trouble)


async def _on_the_way(reply: Reply, trouble: Trouble) -> Reply:
    match trouble.kind:
        case Kind.HANG_UP_AFTER:
            raise HangUp
        case Kind.CUT:
            return Reply(reply.status, reply.body, reply.headers, cut=True)
        case Kind.HTTP_AFTER:
            return _from_a_proxy(trouble)
        case Kind.HELD if trouble.hold is not None:
            await trouble.hold.wait()
    return reply


def _from_a_proxy(trouble: Trouble) -> Reply:
    body = trouble.text or f"<html><body><h1>{trouble.status}</h1></body></html>\n"
    return Reply(trouble.status, body, HTML)


def _json(
    status: int,
    number: JsonValue,
    *,
    result: JsonValue = None,
    error: tuple[int, str] | None = None,
) -> Reply:
    message: dict[str, JsonValue] = {"jsonrpc": "2.0", "id": number}
    if error is None:
        message["result"] = result
    else:
        message["error"] = {"code": error[0], "message": error[1]}
    return Reply(status, written(message) + "\n", {"content-type": "application/json"})


def _said(number: JsonValue, reply: KiteReply) -> Reply:
    result: dict[str, JsonValue] = {"content": [{"type": "text", "text": reply.text}]}
    if reply.is_error:
        result["isError"] = True
    return _json(200, number, result=result)


def _kind_of(value: object) -> str:
    kinds = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    return kinds.get(type(value), "value")
