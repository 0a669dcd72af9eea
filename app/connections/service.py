"""Log an account in at its broker, say how it stands, and log it out: by people only.

A link is a credential: it is handed to the person who asked, and neither stored nor written to
any log, trace or event.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from adapters.errors import BrokerUnavailable, LoginVaultUnavailable
from adapters.ports import Clock, LoginAtBroker, LoginLink, Logins, LoginState, LoginStatus
from app.audit.log import Entry, append
from app.connections.limits import LINKS, LINKS_WINDOW, LoginLimits
from app.connections.wording import say
from app.errors import AppError, Forbidden, NotFound, Unavailable, Unprocessable
from app.identity.principal import Principal, Role
from app.persistence import accounts, audit
from app.persistence.database import Database
from riskgate.contracts.base import time_text

ENTITY = "connection"


class NoLoginHere(Unprocessable):
    """Nobody logs in at this account's broker."""

    code = "NO_LOGIN_HERE"
    remedy = "Name an account at Kite, or choose it for this home with SIGMATRADER_BROKER=kite_mcp."


class LoginOfAMachine(Forbidden):
    """A service key asked for a login; the link would let it trade as the person."""

    code = "LOGIN_NOT_A_PERSON"
    remedy = "Log in as a person, in the page or with a person's key."


class TooManyLinks(AppError):
    """The account was given as many links as it may have for now; nothing was asked."""

    code = "LOGIN_LINKS_LIMITED"
    status = 429
    remedy = "Use the newest link that you have, or wait five minutes; only the newest counts."


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How one account stands with its broker."""

    account_id: str
    broker: str
    status: LoginStatus


def is_machine(asker: Principal) -> bool:
    """Say whether a program asks, whatever other roles its key has."""
    return Role.SERVICE in asker.roles


def refuse_machine(asker: Principal) -> None:
    """Raise LoginOfAMachine for a service key."""
    if is_machine(asker):
        raise LoginOfAMachine("a service key cannot log in at a broker")


class Connections:
    """The logins of every tenant's accounts, each step audited."""

    def __init__(self, *, database: Database, logins: Logins, clock: Clock) -> None:
        self._database = database
        self._logins = logins
        self._clock = clock
        self._limits = LoginLimits()

    async def status(
        self, tenant_id: str, account_id: str, *, by: str, probe: bool = False
    ) -> Connection:
        """Return how the account stands; a probe asks the broker, at most every two seconds.

        Raises NotFound, NoLoginHere, and Unavailable when the broker or the vault is down.
        """
        broker, login = await self._login(tenant_id, account_id)
        asks = probe and self._limits.take_probe((tenant_id, account_id), self._clock.now())
        async with _reachable():
            status = await login.status(probe=asks)
        await self._note_state(tenant_id, account_id, status.state, by=by)
        return Connection(account_id=account_id, broker=broker, status=status)

    async def begin(
        self, tenant_id: str, account_id: str, *, by: str
    ) -> tuple[LoginLink | None, Connection]:
        """Return a fresh link, or none for an account that is logged in, and how it stands.

        Raises TooManyLinks, and what `status` raises.
        """
        broker, login = await self._login(tenant_id, account_id)
        if not self._limits.take_link((tenant_id, account_id), self._clock.now()):
            minutes = int(LINKS_WINDOW.total_seconds() // 60)
            raise TooManyLinks(f"{account_id} had {LINKS} links within {minutes} minutes")
        async with _reachable():
            begun = await login.begin()
            status = begun if isinstance(begun, LoginStatus) else await login.status(probe=False)
        connection = Connection(account_id=account_id, broker=broker, status=status)
        if isinstance(begun, LoginStatus):
            await self._note_state(tenant_id, account_id, status.state, by=by)
            return None, connection
        until = begun.expires_at
        entry = _entry(account_id, "link_issued", by=by, state=status.state, until=until)
        await self._note(tenant_id, entry)
        return begun, connection

    async def end(self, tenant_id: str, account_id: str, *, by: str) -> Connection:
        """Log out at the broker; repeating it changes nothing. Raises what `status` raises."""
        broker, login = await self._login(tenant_id, account_id)
        async with _reachable():
            status = await login.end()
        await self._note(tenant_id, _entry(account_id, "logged_out", by=by, state=status.state))
        return Connection(account_id=account_id, broker=broker, status=status)

    async def warnings(self, tenant_id: str) -> list[str]:
        """Say of each account that is not logged in what it needs; names nobody, asks no broker."""
        async with self._database.tenant(tenant_id) as session:
            found = await accounts.list_accounts(session)
        logins = (self._logins.login_of(tenant_id, account.account_id) for account in found)
        said = [await _warning(login) for login in logins if login is not None]
        return [text for text in said if text]

    async def _login(self, tenant_id: str, account_id: str) -> tuple[str, LoginAtBroker]:
        async with self._database.tenant(tenant_id) as session:
            account = await accounts.find_account(session, account_id)
        if account is None:
            raise NotFound(f"there is no account {account_id}")
        login = self._logins.login_of(tenant_id, account_id)
        if login is None:
            raise NoLoginHere(f"{account_id} is at {account.broker}, where nobody logs in")
        return account.broker, login

    async def _note_state(
        self, tenant_id: str, account_id: str, state: LoginState, *, by: str
    ) -> None:
        """Write a state down when it is another than the last one written, polls or not."""
        async with self._database.tenant(tenant_id) as session:
            before = await audit.last_body_of(session, ENTITY, account_id)
            known = LoginState.NEW.value if before is None else before["state"]
            if known != state.value:
                entry = _entry(account_id, "state_seen", by=by, state=state)
                await append(session, entry, at=self._clock.now())

    async def _note(self, tenant_id: str, entry: Entry) -> None:
        async with self._database.tenant(tenant_id) as session:
            await append(session, entry, at=self._clock.now())


async def _warning(login: LoginAtBroker) -> str:
    try:
        async with _reachable():
            status = await login.status(probe=False)
    except Unavailable as unknown:
        return f"How the login at the broker stands is not known: {unknown.message}"
    said = say(status)
    return "" if status.state is LoginState.ACTIVE else f"{said.headline} {said.advice}"


def _entry(
    account_id: str, what: str, *, by: str, state: LoginState, until: datetime | None = None
) -> Entry:
    body: dict[str, JsonValue] = {"state": state.value}
    if until is not None:
        body["link_expires_at"] = time_text(until)
    return Entry(
        actor=by, action=f"{ENTITY}.{what}", entity=ENTITY, entity_id=account_id, body=body
    )


@asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    try:
        yield
    except BrokerUnavailable as down:
        if isinstance(down.__cause__, LoginVaultUnavailable):
            raise Unavailable(down.message, code=LoginVaultUnavailable.code) from down
        raise Unavailable(
            f"the broker does not answer: {down.message}", code="BROKER_UNAVAILABLE"
        ) from down
    except LoginVaultUnavailable as shut:
        raise Unavailable(shut.message, code=shut.code) from shut
