"""The states of a login at Kite and what moves between them. Pure.

The session at the MCP server is the login: it lives 12 hours from its start, and Kite's own token
in it dies at 06:00 in India on the day after. Nothing prolongs either.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from adapters.ports import KeptLogin, LoginState

SESSION_LIFE: Final = timedelta(hours=12)
# The server takes a link for 30 minutes, and 5 more for clocks that differ.
LINK_LIFE: Final = timedelta(minutes=30)
LINK_GRACE: Final = timedelta(minutes=5)
INDIA: Final = ZoneInfo("Asia/Kolkata")
TOKENS_DIE: Final = time(6)
USER_CHANGED: Final = "KITE_USER_CHANGED"


@dataclass(frozen=True)
class SessionOpened:
    """A new session stands at the server, in place of the one that was known, if any."""

    session_id: SecretStr
    protocol: str
    at: datetime
    in_place_of: SecretStr | None


@dataclass(frozen=True)
class LinkIssued:
    """A person was given a link into the session."""

    session_id: SecretStr
    at: datetime


@dataclass(frozen=True)
class ProfileSeen:
    """Kite named the person whose login the session is."""

    session_id: SecretStr
    user_id: str
    user: str
    at: datetime


@dataclass(frozen=True)
class NotLoggedIn:
    """The server said that nobody is logged in to the session."""

    session_id: SecretStr


@dataclass(frozen=True)
class SessionGone:
    """The server does not know the session."""

    session_id: SecretStr


@dataclass(frozen=True)
class LinkLapsed:
    """The link ran out and nobody had come through it."""

    session_id: SecretStr | None


@dataclass(frozen=True)
class LoggedOut:
    """The session was ended by a person's word."""

    session_id: SecretStr | None


Step = SessionOpened | LinkIssued | ProfileSeen | NotLoggedIn | SessionGone | LinkLapsed | LoggedOut
FRESH: Final = KeptLogin(state=LoginState.NEW)


def after(login: KeptLogin, step: Step) -> KeptLogin:
    """Return the login after a step.

    A step about another session than the kept one changes nothing: it is of the past. Who the
    account belongs to is decided by the first login and never again.
    """
    if isinstance(step, SessionOpened):
        return _opened(login, step) if login.session_id == step.in_place_of else login
    if login.session_id != step.session_id:
        return login
    if isinstance(step, ProfileSeen):
        return _seen(login, step)
    if isinstance(step, LinkIssued):
        until = step.at + LINK_LIFE + LINK_GRACE
        return _with(login, state=LoginState.LINK_ISSUED, link_expires_at=until, expires_at=None)
    if isinstance(step, NotLoggedIn):
        active = login.state is LoginState.ACTIVE
        return _without_session(login, LoginState.EXPIRED) if active else login
    if isinstance(step, SessionGone):
        return _without_session(login, LoginState.LOST)
    return _without_session(login, LoginState.NEW)


def aged(login: KeptLogin, now: datetime) -> KeptLogin:
    """Return the login as time has left it."""
    if login.session_id is None or login.opened_at is None:
        return login
    ends = login.expires_at or login.opened_at + SESSION_LIFE
    return _without_session(login, LoginState.EXPIRED) if now >= ends else login


def ends_at(opened_at: datetime, logged_in_at: datetime) -> datetime:
    """Return when a login ends: 12 hours from the session's start or 06:00 in India, the earlier.

    The 06:00 is the first after the login.
    """
    local = logged_in_at.astimezone(INDIA)
    six = datetime.combine(local.date(), TOKENS_DIE, INDIA)
    if six <= local:
        six += timedelta(days=1)
    return min(opened_at + SESSION_LIFE, six.astimezone(opened_at.tzinfo))


def is_another(login: KeptLogin, user_id: str) -> bool:
    """Say whether a user is not the one whose account this is."""
    return login.broker_user_id is not None and login.broker_user_id != user_id


def _opened(login: KeptLogin, step: SessionOpened) -> KeptLogin:
    return _with(
        _without_session(login, LoginState.NEW),
        session_id=step.session_id,
        protocol=step.protocol,
        opened_at=step.at,
    )


def _seen(login: KeptLogin, step: ProfileSeen) -> KeptLogin:
    if is_another(login, step.user_id):
        return _with(_without_session(login, LoginState.LOST), ended_because=USER_CHANGED)
    opened_at = login.opened_at or step.at
    return _with(
        login,
        state=LoginState.ACTIVE,
        expires_at=login.expires_at or ends_at(opened_at, step.at),
        broker_user_id=step.user_id,
        user=step.user,
        ended_because=None,
    )


def _without_session(login: KeptLogin, state: LoginState) -> KeptLogin:
    return KeptLogin(
        state=state, broker_user_id=login.broker_user_id, ended_because=login.ended_because
    )


def _with(login: KeptLogin, **fields: object) -> KeptLogin:
    return login.model_copy(update=fields)
