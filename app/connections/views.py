"""A connection as every route and command shows it."""

from pydantic import JsonValue

from adapters.ports import LoginLink
from app.connections.service import Connection
from app.connections.wording import say, told_hindrances
from riskgate.contracts.base import time_text


def show_connection(connection: Connection, *, named: bool = True) -> dict[str, JsonValue]:
    """Return how an account stands, in figures and in words; `named` also says who it is."""
    known = connection.status
    status = known if named else known.model_copy(update={"user": None})
    said = say(status)
    return {
        "account_id": connection.account_id,
        "broker": connection.broker,
        "state": status.state.value,
        "headline": said.headline,
        "advice": said.advice,
        "user": status.user,
        "can_trade": status.can_trade,
        "hindrances": list(told_hindrances(status)),
        "checked_at": time_text(status.checked_at),
        "expires_at": None if status.expires_at is None else time_text(status.expires_at),
    }


def show_link(link: LoginLink) -> dict[str, JsonValue]:
    """Return a link for the person who asked; it must go nowhere else."""
    return {
        "url": link.url,
        "warning": link.warning,
        "expires_at": time_text(link.expires_at),
    }
