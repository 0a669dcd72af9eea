"""The HTTP of one call, watched, so that what became of each message is known.

The SDK runs its messages in a task group that any transport error ends, and tells of a failure
only that there was one. So errors stop here: the SDK gets an HTTP answer in their stead, and the
exchange remembers what happened. The session id is put on and taken off here as well, so that
the SDK, which would log it, never has it.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx2
from pydantic import SecretStr

from adapters.mcp.errors import Sent

SESSION_HEADER: Final = "mcp-session-id"
# Nothing of a request leaves before a connection stands.
NEVER_LEFT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
SAID_LENGTH: Final = 200
_EVENTS: Final = "text/event-stream"
_JSON: Final = "application/json"
_PASSED_ON: Final = ("content-type", "www-authenticate", "location", "retry-after")


@dataclass
class Exchange:
    """One HTTP request and what came back.

    `name` is the JSON-RPC method of a POST, else the HTTP method.
    """

    name: str
    sent: Sent = Sent.MAYBE
    status: int | None = None
    said: str = ""
    rpc_code: int | None = None
    rpc_said: str = ""


class WatchedWire(httpx2.AsyncBaseTransport):
    """Carries the messages of one call over `inner`, which outlives it.

    `session_id` goes with every request, and one that the server gives takes its place. Only the
    endpoint is reached, unless `others_pass`, as an authorisation needs. An answer is whole and
    not longer than `body_limit` bytes, or it is no answer. With `shows_session` the SDK learns of
    the session, and listens to the server beside its calls.
    """

    def __init__(
        self,
        inner: httpx2.AsyncBaseTransport,
        *,
        endpoint: str,
        session_id: SecretStr | None,
        body_limit: int,
        others_pass: bool = False,
        shows_session: bool = False,
    ) -> None:
        self._inner = inner
        self._endpoint = httpx2.URL(endpoint)
        self.session_id = session_id
        self._body_limit = body_limit
        self._others_pass = others_pass
        self._passed_on = (*_PASSED_ON, SESSION_HEADER) if shows_session else _PASSED_ON
        self.exchanges: list[Exchange] = []

    def last(self, name: str) -> Exchange | None:
        """Return the newest exchange of that name."""
        return next((seen for seen in reversed(self.exchanges) if seen.name == name), None)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return its answer, or one that stands in for it; raises nothing."""
        if not _same_place(request.url, self._endpoint):
            if self._others_pass:
                return await self._inner.handle_async_request(request)
            return _stand_in(request, HTTPStatus.MISDIRECTED_REQUEST)
        exchange = Exchange(_name(request))
        self.exchanges.append(exchange)
        self._dress(request)
        try:
            answer = await self._inner.handle_async_request(request)
        except NEVER_LEFT:
            exchange.sent = Sent.NO
            return _stand_in(request, HTTPStatus.BAD_GATEWAY)
        except httpx2.TransportError:
            return _stand_in(request, HTTPStatus.GATEWAY_TIMEOUT)
        return await self._received(request, answer, exchange)

    async def aclose(self) -> None:
        """Leave `inner` open: the next call uses it."""

    def _dress(self, request: httpx2.Request) -> None:
        # A packed body would have to be unpacked before its size is known.
        request.headers["accept-encoding"] = "identity"
        if request.method == "POST":
            # Kite's server refuses the media type with a charset behind it.
            request.headers["content-type"] = _JSON
        if self.session_id is not None:
            request.headers[SESSION_HEADER] = self.session_id.get_secret_value()

    async def _received(
        self, request: httpx2.Request, answer: httpx2.Response, exchange: Exchange
    ) -> httpx2.Response:
        exchange.status = answer.status_code
        if given := answer.headers.get(SESSION_HEADER):
            self.session_id = SecretStr(given)
        headers = {name: answer.headers[name] for name in self._passed_on if name in answer.headers}
        if answer.is_success and headers.get("content-type", "").startswith(_EVENTS):
            events = _Events(answer, self._body_limit)
            return httpx2.Response(answer.status_code, headers=headers, stream=events)
        body = await _whole(answer, self._body_limit)
        if body is None:
            return _stand_in(request, HTTPStatus.BAD_GATEWAY)
        self._note(exchange, headers.get("content-type", ""), body)
        return httpx2.Response(answer.status_code, headers=headers, content=body, request=request)

    def _note(self, exchange: Exchange, media_type: str, body: bytes) -> None:
        if media_type.startswith(_JSON):
            exchange.rpc_code, exchange.rpc_said = _rpc_error(body)
        elif exchange.status is not None and exchange.status >= HTTPStatus.BAD_REQUEST:
            exchange.said = self._line(body.decode("utf-8", "replace"))
        exchange.rpc_said = self._line(exchange.rpc_said)

    def _line(self, text: str) -> str:
        if self.session_id is not None:
            text = text.replace(self.session_id.get_secret_value(), "")
        line = "".join(char if char.isprintable() else " " for char in text[:SAID_LENGTH])
        return line.strip()


class _Events(httpx2.AsyncByteStream):
    """A stream of events that ends where it breaks or grows too long."""

    def __init__(self, answer: httpx2.Response, limit: int) -> None:
        self._answer = answer
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.aiter_raw():
                self._left -= len(chunk)
                if self._left < 0:
                    return
                yield chunk
        except httpx2.TransportError:
            return

    async def aclose(self) -> None:
        await self._answer.aclose()


async def _whole(answer: httpx2.Response, limit: int) -> bytes | None:
    packed = answer.headers.get("content-encoding", "identity") != "identity"
    chunks, size = [], 0
    try:
        async for chunk in answer.aiter_raw():
            size += len(chunk)
            if size > limit or packed:
                return None
            chunks.append(chunk)
    except httpx2.TransportError:
        return None
    finally:
        await answer.aclose()
    return b"".join(chunks)


def _name(request: httpx2.Request) -> str:
    if request.method != "POST":
        return request.method
    message = _parsed(request.content)
    return str(message.get("method", "")) if isinstance(message, dict) else ""


def _rpc_error(body: bytes) -> tuple[int | None, str]:
    message = _parsed(body)
    error = message.get("error") if isinstance(message, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        return None, ""
    return error["code"], str(error.get("message", ""))


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _same_place(url: httpx2.URL, endpoint: httpx2.URL) -> bool:
    return (url.scheme, url.host, url.port) == (endpoint.scheme, endpoint.host, endpoint.port)


def _stand_in(request: httpx2.Request, status: HTTPStatus) -> httpx2.Response:
    return httpx2.Response(status, headers={"content-type": "text/plain"}, request=request)
