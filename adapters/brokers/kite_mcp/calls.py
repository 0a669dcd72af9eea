"""Calls of the tools through a session that stands: within Kite's limits, only of sound tools."""

import contextlib
import math
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from adapters.brokers.kite_mcp.breaker import Breaker, CallsPaused, is_trouble
from adapters.brokers.kite_mcp.catalogue import KINDS, WRITES, Kind
from adapters.brokers.kite_mcp.heard import (
    is_in_trouble,
    reply_of,
    says_nobody_is_logged_in,
    session_is_gone,
    surely_not_done,
)
from adapters.brokers.kite_mcp.kept import LoginBook
from adapters.brokers.kite_mcp.limits import Limits, OverLimit
from adapters.brokers.kite_mcp.login_steps import NotLoggedIn, SessionGone, Step
from adapters.brokers.kite_mcp.ports import KiteReply, ToolsInterrupted
from adapters.brokers.kite_mcp.tool_watch import READ_AGE_MAX_S, WRITE_AGE_MAX_S, ToolWatch, told
from adapters.errors import BrokerUnavailable
from adapters.mcp.client import McpClient, ServerSession
from adapters.mcp.errors import CallFailed


class KiteCalls:
    """Calls tools, and keeps in `book` what the server says of the session meanwhile."""

    def __init__(
        self,
        *,
        client: McpClient,
        tools: ToolWatch,
        limits: Limits,
        book: LoginBook,
        monotonic: Callable[[], float],
    ) -> None:
        self._mcp = client
        self._tools = tools
        self._limits = limits
        self._book = book
        self._monotonic = monotonic
        self._breaker = Breaker(monotonic=monotonic)

    async def call(
        self,
        session: ServerSession,
        name: str,
        arguments: Mapping[str, JsonValue],
        *,
        send_by_s: float = math.inf,
    ) -> KiteReply:
        """Call a tool once, not later than `send_by_s` on the monotonic clock.

        Raises BrokerUnavailable when it surely was not done, ToolsInterrupted when it may have
        been.
        """
        order_id = arguments.get("order_id")
        try:
            self._breaker.admit(KINDS[name])
            await self._limits.admit(KINDS[name], order_id if isinstance(order_id, str) else None)
        except (CallsPaused, OverLimit) as held:
            raise BrokerUnavailable(held.message) from held
        # Last, so that as little as possible lies between the look and the call.
        await self.look(session, name)
        if self._monotonic() > send_by_s:
            raise BrokerUnavailable("Kite's server was too slow for an order of now; not sent")
        return await self._asked(session, name, arguments)

    async def room(self, name: str) -> None:
        """Wait until Kite's limits let a call of the tool out; raises BrokerUnavailable."""
        try:
            await self._limits.room(KINDS[name])
        except OverLimit as over:
            raise BrokerUnavailable(over.message) from over

    async def look(self, session: ServerSession, name: str) -> None:
        """Look at the tools, unless that was just done.

        Raises BrokerUnavailable where this one must not be called.
        """
        age_max_s = WRITE_AGE_MAX_S if name in WRITES else READ_AGE_MAX_S
        try:
            look = await self._tools.look(session, age_max_s=age_max_s)
        except CallFailed as failed:
            await self._note(failed, session, KINDS[name])
            raise BrokerUnavailable(
                f"Kite's server did not list its tools: {failed.message}"
            ) from failed
        if name in look.quarantined:
            raise BrokerUnavailable("; ".join(told(look)))

    async def _asked(
        self, session: ServerSession, name: str, arguments: Mapping[str, JsonValue]
    ) -> KiteReply:
        asked_s = self._monotonic()
        try:
            answer = await self._mcp.call_tool(session, name, arguments)
        except CallFailed as failed:
            await self._note(failed, session, KINDS[name])
            if surely_not_done(failed):
                raise BrokerUnavailable(failed.message) from failed
            raise ToolsInterrupted(failed.message) from failed
        reply = reply_of(answer)
        if reply is None:
            raise ToolsInterrupted(f"{name} answered in another form than one text")
        if says_nobody_is_logged_in(reply) and session.session_id is not None:
            await self._moved(NotLoggedIn(session.session_id))
        if not reply.is_error:
            self._breaker.worked(KINDS[name])
        elif is_trouble(KINDS[name], took_s=self._monotonic() - asked_s):
            self._breaker.failed(KINDS[name])
        return reply

    async def _note(self, failed: CallFailed, session: ServerSession, kind: Kind) -> None:
        if is_in_trouble(failed):
            self._breaker.failed(kind)
        if session_is_gone(failed) and session.session_id is not None:
            # Another replica of the server says the same; only a second word ends a login.
            try:
                await self._mcp.list_tools(session)
            except CallFailed as again:
                if session_is_gone(again):
                    await self._moved(SessionGone(session.session_id))

    async def _moved(self, step: Step) -> None:
        # What the server said of the session can be kept later: the next call hears it again.
        with contextlib.suppress(BrokerUnavailable):
            await self._book.move(step)
