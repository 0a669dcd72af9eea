"""A request id for every answer, and a limit on how much a request may carry."""

import json
import re
import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.identity.rate_limit import Allowance

# Paths whose route reads the body itself, piece by piece and within a limit of its own, once it
# knows who sends it.
STREAMED = frozenset({"/api/v1/files"})
GOOD_REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class RequestIdMiddleware:
    """Give each request an id, the client's own where it is well formed, and answer with it
    and with what is left of the user's minute on the route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if GOOD_REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(8)}"
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                _add_allowance(headers, state.get("allowance"))
            await send(message)

        await self._app(scope, receive, answer)


def _add_allowance(headers: MutableHeaders, allowance: Allowance | None) -> None:
    if allowance is None:
        return
    headers["X-RateLimit-Limit"] = str(allowance.limit)
    headers["X-RateLimit-Remaining"] = str(allowance.remaining)
    if allowance.exceeded:
        headers["Retry-After"] = str(allowance.retry_after_s)


class BodyLimitMiddleware:
    """Refuse a body over the limit with 413, whether or not its length was announced.

    `longer` are limits of paths that take more.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int, longer: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._longer = longer or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in STREAMED:
            await self._app(scope, receive, send)
            return
        most = max(self._max_bytes, self._longer.get(scope["path"], 0))
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > most:
            await self._refuse(scope, send, most)
            return
        body, complete = await self._read(receive, most)
        if not complete:
            await self._refuse(scope, send, most)
            return
        await self._app(scope, _replayed(body, receive), send)

    async def _read(self, receive: Receive, most: int) -> tuple[bytes, bool]:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"".join(chunks), True
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > most:
                return b"", False
            if not message.get("more_body", False):
                return b"".join(chunks), True

    async def _refuse(self, scope: Scope, send: Send, most: int) -> None:
        body = json.dumps(
            {
                "type": "urn:sigmatrader:error:PAYLOAD_TOO_LARGE",
                "title": "Content Too Large",
                "status": 413,
                "detail": f"the body is over {most} bytes",
                "instance": scope["path"],
                "ok": False,
                "code": "PAYLOAD_TOO_LARGE",
                "errors": [],
                "remediation": "Send a shorter message.",
                "request_id": scope["state"]["request_id"],
                "retry_safe": True,
            }
        ).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives the body once and then what the client sends after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
