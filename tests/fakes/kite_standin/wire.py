"""What goes over the wire: JSON-RPC in HTTP as the server writes it, and what can happen to it."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue

from adapters.brokers.kite_mcp.ports import KiteReply
from tests.fakes.kite_standin.asks import written
from tests.fakes.kite_standin.troubles import Kind, Trouble
from tests.fakes.loopback import HangUp, Reply

VERSION: Final = "2025-03-26"
SESSION: Final = "mcp-session-id"
TEXT: Final = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
HTML: Final = {"content-type": "text/html; charset=utf-8"}
NO_BODY: Final = {"content-type": ""}
STREAM: Final = {"content-type": "text/event-stream", "cache-control": "no-cache"}
NOT_FOUND: Final = Reply(404, "404 page not found\n", TEXT)
INVALID_PARAMS, INVALID_REQUEST, NO_METHOD, NO_JSON = -32602, -32600, -32601, -32700
BEFORE: Final = frozenset({Kind.HANG_UP_BEFORE, Kind.HTTP_BEFORE, Kind.OTHER_REPLICA})


def named(message: Mapping[str, Any]) -> str:
    """Return the tool that a message calls, or else its method."""
    params = message.get("params")
    if message["method"] == "tools/call" and isinstance(params, dict):
        return str(params.get("name", ""))
    return str(message["method"])


def instead(trouble: Trouble) -> Reply:
    """Return what comes in place of the server's answer, or hang up."""
    if trouble.kind is Kind.HANG_UP_BEFORE:
        raise HangUp
    if trouble.kind is Kind.OTHER_REPLICA:
        return Reply(400, "Invalid session ID\n", TEXT)
    return _from_a_proxy(trouble)


async def on_the_way(reply: Reply, trouble: Trouble) -> Reply:
    """Return what reaches the client of an answer, or hang up."""
    match trouble.kind:
        case Kind.HANG_UP_AFTER:
            raise HangUp
        case Kind.CUT:
            return Reply(reply.status, reply.body, reply.headers, cut=True)
        case Kind.HTTP_AFTER:
            return _from_a_proxy(trouble)
        case Kind.HELD if trouble.hold is not None:
            await trouble.hold.wait()
    return reply


def _from_a_proxy(trouble: Trouble) -> Reply:
    body = trouble.text or f"<html><body><h1>{trouble.status}</h1></body></html>\n"
    return Reply(trouble.status, body, HTML)


def json_reply(
    status: int,
    number: JsonValue,
    *,
    result: JsonValue = None,
    error: tuple[int, str] | None = None,
) -> Reply:
    """Make a JSON-RPC answer."""
    message: dict[str, JsonValue] = {"jsonrpc": "2.0", "id": number}
    if error is None:
        message["result"] = result
    else:
        message["error"] = {"code": error[0], "message": error[1]}
    return Reply(status, written(message) + "\n", {"content-type": "application/json"})


def said(number: JsonValue, reply: KiteReply) -> Reply:
    """Make the answer of a tool."""
    result: dict[str, JsonValue] = {"content": [{"type": "text", "text": reply.text}]}
    if reply.is_error:
        result["isError"] = True
    return json_reply(200, number, result=result)


def kind_of(value: object) -> str:
    """Return what the server's language calls a JSON value."""
    kinds = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    return kinds.get(type(value), "value")
