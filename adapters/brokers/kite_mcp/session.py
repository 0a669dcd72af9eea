"""One person's login at Kite's MCP server, and the calls made through it.

The session at the server is the login: whoever has its id trades the account. It is opened when
a person asks for a link, taken up again by its id from then on, by this process or the next, and
ended only when a person logs out. Nothing here logs in by itself, and no call is sent twice.

The `login` tool is called once a session, as its first call. On a session that may hold a good
login it ends that login when Kite fails for a moment, and no other tool tells the two apart.
"""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import httpx2
from pydantic import JsonValue, SecretStr

from adapters.brokers.kite_mcp import login_link, standing
from adapters.brokers.kite_mcp.calls import KiteCalls
from adapters.brokers.kite_mcp.catalogue import KINDS, WRITES, Kind
from adapters.brokers.kite_mcp.checked import argument_fault
from adapters.brokers.kite_mcp.fields import Unreadable
from adapters.brokers.kite_mcp.heard import (
    Person,
    logout_is_done,
    person_in,
)
from adapters.brokers.kite_mcp.kept import LoginBook
from adapters.brokers.kite_mcp.limits import Limits
from adapters.brokers.kite_mcp.login_steps import (
    LINK_GRACE,
    LINK_LIFE,
    LinkIssued,
    LinkLapsed,
    LoggedOut,
    ProfileSeen,
    SessionOpened,
    is_another,
)
from adapters.brokers.kite_mcp.ports import KiteReply, ToolsInterrupted, ToolsUnavailable
from adapters.brokers.kite_mcp.tool_watch import WRITE_AGE_MAX_S, ToolWatch
from adapters.errors import BrokerUnavailable
from adapters.mcp.client import McpClient, ServerSession
from adapters.mcp.errors import CallFailed
from adapters.ports import Clock, KeptLogin, LoginLink, LoginState, LoginStatus, LoginVault

SERVER: Final = "kite"
# While its link is open somebody else may come through it, and take the session's place.
OWNER_AGE_MAX_S: Final = 300.0
OWNER_AGE_MAX_LINK_OPEN_S: Final = 30.0
# Whoever sends an order has looked at its price, its deadline and the kill switch just before, and
# its right to send is as short. With connecting and Kite's own 7 s it is still within SETTLE_S.
SEND_WITHIN_S: Final = 5.0
_FALLBACK_PROTOCOL: Final = "2025-03-26"


class KiteSession:
    """Implements KiteTools and LoginAtBroker for one account.

    `url` is the address of the MCP server. `monotonic` gives seconds; `sleep` waits for Kite's
    limits on calls. `http` carries the requests in place of connections of its own, and
    `elsewhere` are the names of tools that other MCP servers of this system offer. Close it with
    `aclose`; that ends no login.
    """

    def __init__(
        self,
        *,
        account_id: str,
        url: str,
        vault: LoginVault,
        clock: Clock,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        http: httpx2.AsyncBaseTransport | None = None,
        elsewhere: Iterable[str] = (),
    ) -> None:
        self._url = url
        self._clock = clock
        self._monotonic = monotonic
        self._book = LoginBook(account_id=account_id, vault=vault, clock=clock)
        self._mcp = McpClient(
            name=SERVER, url=url, http=http, tools_changed=lambda: self._tools.forget()
        )
        self._tools = ToolWatch(client=self._mcp, monotonic=monotonic, elsewhere=elsewhere)
        self._calls = KiteCalls(
            client=self._mcp,
            tools=self._tools,
            limits=Limits(clock=clock, monotonic=monotonic, sleep=sleep),
            book=self._book,
            monotonic=monotonic,
        )
        self._beginning = asyncio.Lock()
        self._owner_seen: tuple[SecretStr, float] | None = None
        self._ready_since: tuple[SecretStr | None, float] | None = None
        self._doubt = False

    async def aclose(self) -> None:
        """Close the connections; the login at Kite stays."""
        await self._mcp.aclose()

    async def call(self, name: str, arguments: Mapping[str, JsonValue]) -> KiteReply:
        """Call a tool exactly once and return its answer, error marks included.

        Raises ToolsUnavailable when the call surely was not sent: nobody is logged in, the tool is
        not what was pinned, an argument is not what its schema names, a limit is reached, or the
        login is not the account's. Raises ToolsInterrupted when it may have been.
        """
        fault = argument_fault(name, arguments)
        if fault is not None or KINDS[name] is Kind.LOGIN:
            raise ToolsUnavailable(fault or "a login is begun by a person")
        may_be_late = KINDS[name] not in {Kind.PLACE, Kind.MODIFY}
        send_by_s = math.inf if may_be_late else self._monotonic() + SEND_WITHIN_S
        try:
            session = await self._ready(name)
            return await self._calls.call(session, name, arguments, send_by_s=send_by_s)
        except BrokerUnavailable as no:
            raise ToolsUnavailable(no.message) from no

    async def make_ready(self, name: str) -> None:
        """Do what goes before a call of a tool, so that the call itself leaves at once.

        It holds for one write, and for WRITE_AGE_MAX_S. Raises ToolsUnavailable when the call would
        not be sent.
        """
        self._ready_since = None
        try:
            await self._calls.room(name)
            since_s = self._monotonic()
            session = await self._ready(name, anew=True)
            await self._calls.look(session, name)
        except BrokerUnavailable as no:
            raise ToolsUnavailable(no.message) from no
        self._ready_since = (session.session_id, since_s)

    async def begin(self) -> LoginLink | LoginStatus:
        """Return a fresh link, or the status of an account that is logged in already.

        A login that Kite does not confirm counts as one: only a person ends it, by `end`. Each
        link is of a session of its own, and the last one counts.
        """
        async with self._beginning:
            login = await self._book.now()
            if login.state in {LoginState.ACTIVE, LoginState.LINK_ISSUED}:
                login = await self._probed(login)
            if login.state is LoginState.ACTIVE:
                return self._status(login)
            session = await self._opened(login)
            return await self._link(session)

    async def status(self, *, probe: bool) -> LoginStatus:
        """Return where the login stands; `probe` asks the broker, else what is known is told."""
        login = await self._book.now()
        return self._status(await self._probed(login) if probe else login)

    async def end(self) -> LoginStatus:
        """Log out at the broker and forget the session; repeating it changes nothing.

        Raises BrokerUnavailable, and keeps the session, when the server did not confirm.
        """
        login = await self._book.now()
        if (session := _session_of(login)) is not None:
            await self._log_out(session)
        self._owner_seen, self._doubt = None, False
        return self._status(await self._book.move(LoggedOut(login.session_id)))

    async def _ready(self, name: str, *, anew: bool = False) -> ServerSession:
        login = await self._book.now()
        if login.state is LoginState.LINK_ISSUED:
            # The person may have come back, and the server tells nobody.
            login = await self._probed(login)
        session = _session_of(login)
        if session is None or login.state is not LoginState.ACTIVE:
            raise BrokerUnavailable(standing.why_not_logged_in(login))
        if KINDS[name] is not Kind.CANCEL:
            await self._prove_owner(login, session, name, anew=anew)
        return session

    async def _prove_owner(
        self, login: KeptLogin, session: ServerSession, name: str, *, anew: bool
    ) -> None:
        link = login.link_expires_at
        age_max_s = OWNER_AGE_MAX_S
        if link is not None and self._clock.now() < link:
            if name in WRITES and not anew and self._was_made_ready(session):
                return
            age_max_s = 0.0 if name in WRITES else OWNER_AGE_MAX_LINK_OPEN_S
        if self._owner_age_s(session) >= age_max_s and await self._person(session) is None:
            raise BrokerUnavailable("Kite did not confirm whose login this is; nothing was sent")

    def _was_made_ready(self, session: ServerSession) -> bool:
        ready, self._ready_since = self._ready_since, None
        if ready is None or ready[0] != session.session_id:
            return False
        return self._monotonic() - ready[1] <= WRITE_AGE_MAX_S

    def _owner_age_s(self, session: ServerSession) -> float:
        if self._owner_seen is None or self._owner_seen[0] != session.session_id:
            return math.inf
        return self._monotonic() - self._owner_seen[1]

    # Who is logged in

    async def _person(self, session: ServerSession) -> Person | None:
        try:
            reply = await self._calls.call(session, "get_profile", {})
        except (BrokerUnavailable, ToolsInterrupted):
            return None
        person, session_id = person_in(reply), session.session_id
        if person is None or session_id is None:
            return None
        seen = ProfileSeen(session_id, person.user_id, person.user, self._clock.now())
        login = await self._book.now()
        if login.session_id == session_id and is_another(login, person.user_id):
            await self._turn_away(session, seen)
        await self._book.move(seen)
        self._owner_seen = (session_id, self._monotonic())
        return person

    async def _turn_away(self, session: ServerSession, seen: ProfileSeen) -> None:
        # Their token must not stay with us, whether or not the server confirms.
        with contextlib.suppress(BrokerUnavailable):
            await self._log_out(session)
        login = await self._book.move(seen)
        raise BrokerUnavailable(standing.why_not_logged_in(login))

    async def _probed(self, login: KeptLogin) -> KeptLogin:
        session = _session_of(login)
        if session is None:
            return login
        try:
            person = await self._person(session)
        except BrokerUnavailable:
            person = None
        now = await self._book.now()
        self._doubt = person is None and now.state is LoginState.ACTIVE
        if person is None and self._link_is_over(now):
            return await self._book.move(LinkLapsed(now.session_id))
        return now

    def _link_is_over(self, login: KeptLogin) -> bool:
        until = login.link_expires_at
        waits = login.state is LoginState.LINK_ISSUED
        return waits and until is not None and self._clock.now() >= until

    # The link

    async def _opened(self, login: KeptLogin) -> ServerSession:
        try:
            session = await self._mcp.begin()
        except CallFailed as failed:
            raise BrokerUnavailable(failed.message) from failed
        if session.session_id is None:
            raise BrokerUnavailable("Kite's server gave no session; is the address right?")
        opened = SessionOpened(
            session.session_id, session.protocol, self._clock.now(), login.session_id
        )
        self._must_be(await self._book.move(opened), session)
        return session

    async def _link(self, session: ServerSession) -> LoginLink:
        try:
            reply = await self._calls.call(session, "login", {})
            if reply.is_error or session.session_id is None:
                raise BrokerUnavailable("Kite's server gave no login link; ask again")
            url = login_link.link_in(
                reply.text, session_id=session.session_id, server_url=self._url
            )
        except (ToolsInterrupted, Unreadable) as unclear:
            raise BrokerUnavailable(f"no login link: {unclear}") from None
        at = self._clock.now()
        self._must_be(await self._book.move(LinkIssued(session.session_id, at)), session)
        return LoginLink(
            url=url,
            warning=login_link.warning_in(reply.text),
            expires_at=at + LINK_LIFE + LINK_GRACE,
        )

    def _must_be(self, login: KeptLogin, session: ServerSession) -> None:
        if login.session_id != session.session_id:
            raise BrokerUnavailable("another login at Kite began meanwhile; ask again")

    async def _log_out(self, session: ServerSession) -> None:
        try:
            answered = await self._mcp.end(session)
        except CallFailed as failed:
            raise BrokerUnavailable(f"the logout is not confirmed: {failed.message}") from failed
        if not logout_is_done(answered.status or 0, answered.said):
            raise BrokerUnavailable(
                f"the logout is not confirmed (HTTP {answered.status}); ask again"
            )

    def _status(self, login: KeptLogin) -> LoginStatus:
        return standing.status_of(
            login, look=self._tools.last, doubt=self._doubt, now=self._clock.now()
        )


def _session_of(login: KeptLogin) -> ServerSession | None:
    if login.session_id is None:
        return None
    return ServerSession(login.session_id, login.protocol or _FALLBACK_PROTOCOL)
