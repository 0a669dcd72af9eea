"""Where a login stands, said to a person: what is so, and what to do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from adapters.ports import LoginState, LoginStatus

INDIA: Final = ZoneInfo("Asia/Kolkata")
# What the broker says of every login that is not there; the headline says it better.
NOT_LOGGED_IN: Final = "KITE_NOT_LOGGED_IN:"
# The process has just started: what the server offers is looked at before every order anyway.
NOT_CHECKED: Final = "KITE_NOT_CHECKED:"
LOOK: Final = "Whether orders can be sent is not known yet; look once more."
READS_ONLY: Final = "Reading works; no order can be sent through this login, for the reasons named."
LOG_IN: Final = "Press 'Log in at Kite' in the side panel, or run 'sigmatrader kite login'."


@dataclass(frozen=True, kw_only=True)
class Said:
    """One sentence on how it is, and one on what to do; nothing to do is empty."""

    headline: str
    advice: str


def say(status: LoginStatus) -> Said:
    """Put a login's status into words."""
    match status.state:
        case LoginState.NEW:
            return Said(headline="Nobody is logged in at Kite.", advice=LOG_IN)
        case LoginState.LINK_ISSUED:
            return Said(
                headline="A login link was given out and has not been used.",
                advice="Finish the login on Kite's own page, or ask for a fresh link.",
            )
        case LoginState.ACTIVE:
            return _active(status)
        case LoginState.EXPIRED:
            return Said(
                headline="The login at Kite is over.",
                advice=f"Kite ends every login at 06:00 IST, its server after 12 hours. {LOG_IN}",
            )
        case LoginState.LOST:
            return Said(
                headline="Kite's server no longer knows this login.",
                advice="It was restarted, or the login was ended elsewhere. Nothing is sent again"
                f" because of it: orders of unknown outcome are looked up once you are back."
                f" {LOG_IN}",
            )


def told_hindrances(status: LoginStatus) -> tuple[str, ...]:
    """Return what stands in the way besides what the headline says already."""
    return tuple(text for text in status.hindrances if not text.startswith(NOT_LOGGED_IN))


def _active(status: LoginStatus) -> Said:
    who = f" as {status.user}" if status.user else ""
    until = f" until {india_time(status.expires_at)}" if status.expires_at else ""
    headline = f"Logged in at Kite{who}{until}."
    if status.can_trade:
        return Said(headline=headline, advice="")
    unchecked = status.hindrances and all(h.startswith(NOT_CHECKED) for h in status.hindrances)
    return Said(headline=headline, advice=LOOK if unchecked else READS_ONLY)


def india_time(at: datetime) -> str:
    """Write a time as people in India read it, with its day."""
    return at.astimezone(INDIA).strftime("%d %b %H:%M IST")
