"""How a login at Kite stands, in words for a person. Pure."""

from datetime import datetime
from typing import Final

from adapters.brokers.kite_mcp.catalogue import WRITES
from adapters.brokers.kite_mcp.login_steps import USER_CHANGED
from adapters.brokers.kite_mcp.tool_watch import Look, told
from adapters.ports import KeptLogin, LoginState, LoginStatus

NOT_ANSWERING: Final = "KITE_NOT_ANSWERING"
NOT_CHECKED: Final = "KITE_NOT_CHECKED"
LOGGED_OUT: Final = "KITE_NOT_LOGGED_IN"
_WHY_NOT: Final = {
    LoginState.NEW: "nobody is logged in at Kite; log in and ask again",
    LoginState.LINK_ISSUED: "the login link was not used yet; open it, log in and ask again",
    LoginState.EXPIRED: "the login at Kite is over; log in again",
    LoginState.LOST: "Kite's server no longer knows the login; log in again",
}
_ANOTHER_USER: Final = (
    f"{USER_CHANGED}: another person logged in than the one whose account this is; they were "
    "logged out, and nothing is sent until the account's own person logs in"
)
DOUBT: Final = (
    f"{NOT_ANSWERING}: Kite did not confirm the login; either it fails for a moment, or the login "
    "ended elsewhere. Ask again in a minute; if it stays so, log out here and log in again"
)
_UNCHECKED: Final = f"{NOT_CHECKED}: the server's tools were not looked at yet; ask again"


def why_not_logged_in(login: KeptLogin) -> str:
    """Return why nothing can be asked of Kite, and what to do; for a login that is not ACTIVE."""
    return _ANOTHER_USER if login.ended_because == USER_CHANGED else _WHY_NOT[login.state]


def status_of(login: KeptLogin, *, look: Look | None, doubt: bool, now: datetime) -> LoginStatus:
    """Return the status; orders may be sent only when nothing at all stands against it."""
    active = login.state is LoginState.ACTIVE
    hindrances = _hindrances(look, doubt) if active else (_inactive(login),)
    safe = look is not None and not look.quarantined & WRITES
    return LoginStatus(
        state=login.state,
        checked_at=now,
        expires_at=login.expires_at if active else login.link_expires_at,
        user=login.user or None,
        can_trade=active and safe and not doubt,
        hindrances=hindrances,
    )


def _hindrances(look: Look | None, doubt: bool) -> tuple[str, ...]:
    tools = (_UNCHECKED,) if look is None else told(look)
    return ((DOUBT,) if doubt else ()) + tools


def _inactive(login: KeptLogin) -> str:
    why = why_not_logged_in(login)
    return why if login.ended_because == USER_CHANGED else f"{LOGGED_OUT}: {why}"
