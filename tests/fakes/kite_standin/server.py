"""The stand-in of the Kite MCP server: streamable HTTP on a loopback port, as recorded."""

import asyncio
import contextlib
import json
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from random import Random
from typing import Final, Never
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from pydantic import JsonValue

from adapters.ports import Clock, MarketData
from tests.fakes.kite_oms import KiteOms, Refused
from tests.fakes.kite_standin import pages
from tests.fakes.kite_standin.account import KiteAccount
from tests.fakes.kite_standin.edge import McpEdge
from tests.fakes.kite_standin.kite import Asked, Kite
from tests.fakes.kite_standin.listing import Listing
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_standin.sessions import Sessions, login_address
from tests.fakes.kite_standin.tool_server import Login, ToolServer
from tests.fakes.kite_standin.troubles import Kind, Trouble, Troubles
from tests.fakes.kite_standin.wire import (
    BEFORE,
    HTML,
    NO_JSON,
    NOT_FOUND,
    STREAM,
    TEXT,
    instead,
    json_reply,
    named,
    on_the_way,
)
from tests.fakes.loopback import LoopbackServer, Reply, Request

LINK: Final = re.compile(r"\[Login to Kite\]\((\S+)\)")
PATIENCE_S: Final = 10.0
HALF_A_BODY: Final = '{"order_id":"26031'


class KiteStandin(LoopbackServer):
    """One server process, with Kite behind it; implements BrokerFaults for its first user.

    `calls` are the tool calls that reached it. What goes wrong is asked of `troubles`, by tool
    name or by `initialize`, `tools/list`, `DELETE`. `listing` is what drifts. `patience_s` is how
    long it really waits where the recorded server waits 7 s for Kite. With `limited` Kite's limits
    on requests hold. `seed` is that of the simulated market whose history is given.
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
        limited: bool = False,
        seed: int = 7,
        port: int = 0,
    ) -> None:
        super().__init__(port)
        random = random or Random(7)
        master = master or KiteMaster()
        self.kite = Kite(
            market=market, clock=clock, master=master, random=random, seed=seed, limited=limited
        )
        self.troubles = Troubles()
        self.listing = Listing(excluded)
        self.sessions = Sessions(clock, random, self._link)
        self.tools = ToolServer(self.kite, master, random, patience_s)
        self._login_origin = login_origin
        self._edge = McpEdge(self.sessions, self.tools, self.listing)

    @property
    def url(self) -> str:
        """The address a client is given."""
        return f"{self.origin}/mcp"

    @property
    def origin(self) -> str:
        return super().url

    @property
    def calls(self) -> list[tuple[str, dict[str, JsonValue]]]:
        return self._edge.calls

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
        # No certificate is looked at on loopback, and reading them all takes long.
        async with httpx.AsyncClient(
            trust_env=False, verify=False, follow_redirects=True
        ) as browser:
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

    def hide_new_orders(self, *, reads: int) -> None:
        """Leave each order that the first user places from now on out of the next reads."""
        self.oms.lag_reads = reads

    def fail(self, *tools: str) -> None:
        """Let Kite refuse these tools from now on."""
        for tool in tools:
            self.troubles.stand(tool, Trouble(Kind.KITE_REFUSES))

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
                trouble = self.troubles.take("DELETE")
                if trouble.kind in BEFORE:
                    return instead(trouble)
                return await self._edge.end(request, trouble)
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
            message = json.loads(request.body, parse_constant=_is_no_json)
        except ValueError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return json_reply(400, None, error=(NO_JSON, "request body is not valid json"))
        name = named(message)
        trouble = self.troubles.take(name)
        if trouble.kind in BEFORE:
            return instead(trouble)
        if trouble.kind is Kind.HELD_BEFORE and trouble.hold is not None:
            await trouble.hold.wait()
        reply = await self._edge.message(request, message, trouble)
        return await on_the_way(reply, trouble)

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


@contextlib.contextmanager
def in_a_thread(standin: KiteStandin) -> Iterator[KiteStandin]:
    """Run a stand-in beside a test that has no event loop, in a thread of its own.

    Troubles and the listing can be changed from outside; what is held back cannot be released.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="kite stand-in", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(standin.start(), loop).result(PATIENCE_S)
    try:
        yield standin
    finally:
        asyncio.run_coroutine_threadsafe(standin.stop(), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


def _is_no_json(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON")
