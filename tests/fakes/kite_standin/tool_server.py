"""The tools of the server: checks, one request to Kite, one text. It hides Kite's reasons."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from pydantic import JsonValue

from adapters.brokers.kite_mcp.ports import KiteReply
from tests.fakes.kite_forms import Arguments, argument_fault
from tests.fakes.kite_oms import Refused
from tests.fakes.kite_standin.asks import Ask, ask_of, written
from tests.fakes.kite_standin.kite import API_KEY, Kite, checksum
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_standin.troubles import Kind, Trouble

FAILED: Final = {
    "place_order": "Failed to place order",
    "modify_order": "Failed to modify order",
    "cancel_order": "Failed to cancel order",
    "place_gtt_order": "Failed to place GTT order",
    "modify_gtt_order": "Failed to modify GTT order",
    "delete_gtt_order": "Failed to delete GTT order",
    "get_order_trades": "Failed to get order trades",
    "get_order_history": "Failed to get order history",
    "get_quotes": "Failed to get quotes",
    "get_ltp": "Failed to get latest trading prices",
    "get_ohlc": "Failed to get OHLC data",
    "get_historical_data": "Failed to get historical data",
}
LOG_IN_FIRST: Final = "Please log in first using the login tool"
LINK_TEXT: Final = (
    "IMPORTANT: Please display this warning to the user before proceeding:\n\n"
    "⚠️ **WARNING: AI systems are unpredictable and non-deterministic. By continuing, you agree "
    "to interact with your Zerodha account via AI at your own risk.**\n\n"
    "After showing the warning above, provide the user with this login link: "
    "[Login to Kite]({url})\n\n"
    "If your client supports clickable links, you can render and present it and ask them to click "
    "the link above. Otherwise, display the URL and ask them to copy and paste it into their "
    "browser: {url}\n\n"
    "After completing the login in your browser, let me know and I'll continue with your request."
)


def failure(tool: str) -> str:
    """Return the one sentence in which the server hides why a tool failed."""
    return FAILED.get(tool, f"Failed to execute {tool}")


@dataclass
class Login:
    """What the server keeps at Kite for a session; without a token nobody is logged in."""

    token: str = ""


class ToolSession(Protocol):
    """A session as the tools see it: `login` is None until a tool needs one."""

    login: Login | None

    def link(self) -> str:
        """Return an address where a person can log in to this session."""
        ...


class ToolServer:
    """Answers tool calls as the recorded server does.

    `patience_s` is how long it really waits for a Kite that is silent; the recorded one waits 7 s.
    """

    def __init__(self, kite: Kite, master: KiteMaster, random: Random, patience_s: float) -> None:
        self._kite = kite
        self._master = master
        self._random = random
        self.patience_s = patience_s

    async def call(
        self, tool: str, arguments: Arguments, session: ToolSession, trouble: Trouble
    ) -> KiteReply:
        """Answer one call of a tool that exists."""
        fault = argument_fault(tool, arguments)
        if fault is not None:
            return said(fault, wrong=True)
        if tool == "search_instruments":
            return said(written(self._master.search(arguments, self._random)))
        fresh = session.login is None
        login = session.login = session.login or Login()
        if tool == "login":
            return said(await self._log_in(session, login, fresh=fresh, trouble=trouble))
        ask = ask_of(tool, arguments)
        assert ask is not None, tool
        if fresh:
            return said(LOG_IN_FIRST, wrong=True)
        try:
            data = await self._ask(ask, login, trouble)
        except Refused:
            return said(failure(tool), wrong=True)
        garbled = trouble.kind is Kind.GARBLED
        return said(trouble.text if garbled else written(ask.shape(data)))

    async def exchange(self, login: Login, request_token: str) -> None:
        """Complete a login with what Kite gave the person; raises Refused."""
        form = {
            "api_key": API_KEY,
            "checksum": checksum(request_token),
            "request_token": request_token,
        }
        data = await self._kite.request("POST", "/session/token", form=form)
        assert isinstance(data, dict)
        login.token = str(data["access_token"])

    async def log_out(self, login: Login) -> None:
        """Tell Kite to forget a token, whatever Kite says to it."""
        token, login.token = login.token, ""
        query = (("access_token", token), ("api_key", API_KEY))
        try:
            await self._kite.request("DELETE", "/session/token", query=query, token=token)
        except Refused:
            return

    async def _log_in(
        self, session: ToolSession, login: Login, *, fresh: bool, trouble: Trouble
    ) -> str:
        if not fresh:
            try:
                profile = await self._ask(Ask("GET", "/user/profile"), login, trouble)
                assert isinstance(profile, dict)
                return f"You are already logged in as {profile['user_name']}"
            except Refused:
                # Whatever went wrong, also with a good token: it is given up.
                await self.log_out(login)
        return LINK_TEXT.format(url=session.link())

    async def _ask(self, ask: Ask, login: Login, trouble: Trouble) -> JsonValue:
        if trouble.kind in {Kind.KITE_REFUSES, Kind.KITE_LATE_NOT_BOOKED, Kind.KITE_NULL}:
            self._kite.log(ask.method, ask.path, ask.query, ask.form, login.token)
            if trouble.kind is Kind.KITE_NULL:
                return None
            if trouble.kind is Kind.KITE_LATE_NOT_BOOKED:
                await asyncio.sleep(self.patience_s)
            raise Refused("NetworkException")
        data = await self._kite.request(
            ask.method, ask.path, query=ask.query, form=ask.form, token=login.token
        )
        if trouble.kind is Kind.KITE_LATE_BOOKED:
            await asyncio.sleep(self.patience_s)
            raise Refused("NetworkException: timeout")
        return {} if trouble.kind is Kind.KITE_EMPTY else data


def said(text: str, *, wrong: bool = False) -> KiteReply:
    """Make the one text of an answer."""
    return KiteReply(is_error=wrong, text=text)
