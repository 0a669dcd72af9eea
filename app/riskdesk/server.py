"""The desk over HTTP, as a plain ASGI application: POST /intent and GET /health.

Prices are the server's own. Each request's body is read whole before anything is judged, and is
small; every wrong request is answered by `{"error", "message"}`.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import datetime
from typing import Any, Final, Protocol

from app.errors import AppError
from app.riskdesk.answers import Answer, full_answer, json_text
from app.riskdesk.desk import Desk, IntentReused
from app.riskdesk.folding import Reply
from app.riskdesk.state import TermsRefused
from riskgate.documents import INTENT, Prices, read_intent
from riskgate.reading import DocumentInvalid, Faults, decode_json, parse_time

MAX_BODY_BYTES: Final = 65_536
BODY_MAX_S: Final = 10
_JSON: Final = "application/json"
_ENVELOPE: Final = frozenset({"intent"})
_PRICE_KEYS: Final = frozenset({"market_snapshot", "market", "prices", "price", "execution_state"})
_METHODS: Final = {"/intent": "POST", "/health": "GET"}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime: ...


class Refused(Exception):
    """A request that is not judged: its status, a word for programs, and words for people."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.message = status, error, message


class RiskServer:
    """One desk behind two routes. `prices` gives a market when it has changed, else None."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        *,
        prices: Callable[[], Prices | None],
        token: str | None = None,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._prices = prices
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            status, answer = await self._answer(scope, receive)
        except Refused as refused:
            status, answer = refused.status, {"error": refused.error, "message": refused.message}
        except AppError as fault:
            word = fault.code.lower()
            status, answer = fault.status, {"error": word, "message": fault.message}
        body = json_text(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        # What was not read of a refused body must not be taken for the next request.
        if status in {400, 401, 404, 405, 408, 413}:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, scope: MutableMapping[str, Any], receive: Receive
    ) -> tuple[int, Answer]:
        path, method = scope["path"], scope["method"]
        if path not in _METHODS:
            raise Refused(404, "not_found", "there are POST /intent and GET /health")
        if method != _METHODS[path]:
            raise Refused(405, "method_not_allowed", f"{path} takes {_METHODS[path]}")
        headers = _headers(scope["headers"])
        self._authorise(headers)
        if path == "/health":
            return 200, self.health()
        body = await _body(headers, receive)
        return 200, self.judge(body)

    def judge(self, body: bytes) -> Answer:
        """Judge the order in a request's body. Raises Refused, JournalFailed."""
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(400, "invalid_json", "the body is not UTF-8") from None
        try:
            request = decode_json(text, "body")
            if not isinstance(request, dict):
                raise Refused(400, "invalid_json", 'the body must be {"intent": {...}}')
            _refuse_prices(request)
            faults = Faults()
            for name in sorted(set(request) - _ENVELOPE):
                faults.add("body", name, "is not known", "remove it")
            intent = read_intent(request.get("intent"), faults)
            if not faults.found and parse_time(intent.timestamp) is None:
                message = "must be a time with its offset"
                faults.add(INTENT, "timestamp", message, "write it as 2026-03-02T06:00:00Z")
            faults.raise_any()
            now = self._clock.now()
            self.refresh(now)
            reply, repeated = self._desk.submit(intent, now)
        except TermsRefused as fault:
            raise Refused(400, fault.code.lower(), str(fault)) from fault
        except DocumentInvalid as fault:
            raise Refused(400, "invalid_json", str(fault)) from fault
        except IntentReused as fault:
            raise Refused(409, "intent_reused", fault.message) from fault
        return reply_answer(reply, self._desk.judge.policy_hash, repeated=repeated)

    def refresh(self, now: datetime) -> None:
        """Take in the server's own prices where they have changed."""
        market = self._prices()
        if market is not None:
            self._desk.set_prices(market, now)

    def health(self) -> Answer:
        """Return how the desk stands."""
        desk = self._desk
        state = desk.state
        positions = state.positions()
        return {
            "status": "ok",
            "run_id": state.start.run_id,
            "policy_hash": desk.judge.policy_hash,
            "positions_count": len(positions),
            "kill_switch_active": state.level.value != "RUNNING",
            "kill_switch_level": state.level.value,
            "orders_last_60s_global": state.orders_last_minute(max(self._clock.now(), state.at)),
            "orders_in_flight": len(state.orders),
            "orders_unknown": sorted(state.unknown),
            "journal_head": str(desk.journal.head),
        }

    def _authorise(self, headers: dict[bytes, bytes]) -> None:
        if self._token is None:
            return
        scheme, _space, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), self._token):
            raise Refused(401, "unauthorized", "send Authorization: Bearer and the server's token")


def reply_answer(reply: Reply, policy_hash: str, *, repeated: bool) -> Answer:
    """Return an answer with all that was found, and what was sent."""
    return {
        **full_answer(
            reply.judgement,
            reply.suggestion,
            intent_id=reply.intent.intent_id,
            policy_hash=policy_hash,
        ),
        "record": str(reply.head),
        "order_id": reply.order_id,
        "order_qty": reply.quantity,
        "outcome": reply.outcome,
        "repeated": repeated,
    }


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), value)
    return found


async def _body(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    content_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if content_type != _JSON.encode():
        raise Refused(400, "invalid_content_type", f"send Content-Type: {_JSON}")
    length = headers.get(b"content-length")
    if length is None and b"transfer-encoding" not in headers:
        raise Refused(400, "missing_content_length", "send Content-Length")
    if length is not None:
        if not length.isdigit() or len(length) > 18:
            raise Refused(400, "invalid_content_length", "Content-Length must be a whole number")
        if int(length) > MAX_BODY_BYTES:
            raise Refused(413, "payload_too_large", f"at most {MAX_BODY_BYTES} bytes are read")
    try:
        async with asyncio.timeout(BODY_MAX_S):
            return await _read_body(receive)
    except TimeoutError:
        raise Refused(408, "request_timeout", "the body did not come in time") from None


async def _read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(400, "invalid_json", "the request ended early")
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY_BYTES:
            raise Refused(413, "payload_too_large", f"at most {MAX_BODY_BYTES} bytes are read")
        if not message.get("more_body", False):
            return body


def _refuse_prices(request: dict[str, Any]) -> None:
    intent = request.get("intent")
    names = set(request) | (set(intent) if isinstance(intent, dict) else set())
    given = sorted(names & _PRICE_KEYS)
    if given:
        message = f"prices and state are the server's own; remove {', '.join(given)}"
        raise Refused(400, "caller_prices_refused", message)
