"""What Kite's server says of itself: sessions it lost, calls it refused, people it knows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from adapters.brokers.kite_mcp.fields import Unreadable
from adapters.brokers.kite_mcp.ports import KiteReply
from adapters.brokers.kite_mcp.replies import LOG_IN_FIRST, parse
from adapters.mcp.errors import CallFailed, Sent
from adapters.mcp.labelled import ToolAnswer

# The server looks the session up before it does anything else.
_SESSION_GONE: Final = frozenset(
    {
        (HTTPStatus.BAD_REQUEST, "Invalid session ID"),
        (HTTPStatus.NOT_FOUND, "Session terminated"),
    }
)
_SERVER_ERRORS: Final = HTTPStatus.INTERNAL_SERVER_ERROR
_INVALID_REQUEST: Final = -32600
_UNKNOWN_METHOD: Final = -32601
_INVALID_PARAMS: Final = -32602
_NO_SUCH_TOOL: Final = "tool not found"
_WRONG_MEDIA_TYPE: Final = "Invalid content type"
_LOST_SESSION_ID: Final = "session ID not found"


@dataclass(frozen=True)
class Person:
    """Whose login a session is, in Kite's words."""

    user_id: str
    user: str


def session_is_gone(failed: CallFailed) -> bool:
    """Say whether the server answered that it does not know the session."""
    return (failed.status, failed.said) in _SESSION_GONE


def surely_not_done(failed: CallFailed) -> bool:
    """Say whether a call that failed cannot have run its tool.

    True only for what never left and for the answers that the server gives before it looks at
    the tool; a gateway's error, a broken connection and silence are all uncertain.
    """
    if failed.sent is Sent.NO or session_is_gone(failed):
        return True
    if failed.status == HTTPStatus.BAD_REQUEST and failed.said.startswith(_WRONG_MEDIA_TYPE):
        return True
    if failed.rpc_code in {_INVALID_REQUEST, _UNKNOWN_METHOD}:
        return True
    return failed.rpc_code == _INVALID_PARAMS and failed.rpc_said.endswith(_NO_SUCH_TOOL)


def is_in_trouble(failed: CallFailed) -> bool:
    """Say whether a call failed because server or Kite cannot serve now: silence, 429 or 5xx."""
    if failed.rpc_code is not None:
        return False
    status = failed.status
    return status is None or status == HTTPStatus.TOO_MANY_REQUESTS or status >= _SERVER_ERRORS


def logout_is_done(status: int, said: str) -> bool:
    """Say whether the answer to a DELETE means that the session is no more."""
    ended = {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}
    return status in ended or (status, said) in _SESSION_GONE or said.endswith(_LOST_SESSION_ID)


def reply_of(answer: ToolAnswer) -> KiteReply | None:
    """Return the one text of an answer; None for an answer of any other shape."""
    if len(answer.texts) != 1 or answer.others:
        return None
    return KiteReply(is_error=answer.is_error, text=answer.texts[0].text)


def says_nobody_is_logged_in(reply: KiteReply) -> bool:
    """Say whether a reply is the one text that surely means it.

    The server gives it once a session. Afterwards, and when Kite's token died, a call fails in
    the words of every other failure.
    """
    return reply.is_error and reply.text == LOG_IN_FIRST


def person_in(reply: KiteReply) -> Person | None:
    """Return who a profile names; None when it failed or cannot be read."""
    if reply.is_error:
        return None
    try:
        profile = parse(reply.text)
    except Unreadable:
        return None
    if not isinstance(profile, Mapping):
        return None
    user_id, name = profile.get("user_id"), profile.get("user_name")
    if not isinstance(user_id, str) or not user_id.isascii() or not user_id.isalnum():
        return None
    return Person(user_id[:40], _line(name) if isinstance(name, str) else "")


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text[:100]).strip()
