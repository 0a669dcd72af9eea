"""The desk over ASGI: every wrong request has an answer, and prices are the server's own."""

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from uvicorn.server import ServerState

from app.cli.risk_serve import server_config
from app.riskdesk.broker import Broker
from app.riskdesk.desk import Desk
from app.riskdesk.heads import HeadInTime
from app.riskdesk.market_file import MarketFile
from app.riskdesk.server import MAX_BODY_BYTES, RiskServer
from riskgate.documents import Prices
from tests.unit.riskdesk.desks import FailingBroker, a_desk, at, prices

INTENT = {
    "intent_id": "i-1",
    "timestamp": "2026-03-02T04:00:00Z",
    "strategy_id": "alpha",
    "account_id": "acct",
    "instrument": {"symbol": "A", "asset_class": "equity"},
    "side": "buy",
    "order_type": "market",
    "qty": 10,
    "limit_price": None,
}
JSON = (b"content-type", b"application/json")


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return at(self.seconds)


def a_server(
    desk: Desk | None = None, *, markets: Iterable[Prices] = (), token: str | None = None
) -> RiskServer:
    waiting = list(markets)
    return RiskServer(
        desk or a_desk(),
        Clock(),
        prices=lambda: waiting.pop(0) if waiting else None,
        token=token,
    )


async def ask(
    server: RiskServer,
    body: object = None,
    *,
    method: str = "POST",
    path: str = "/intent",
    headers: Iterable[tuple[bytes, bytes]] = (JSON,),
    length: bytes | None = None,
) -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent: list[Any] = []
    pieces = [raw[:100], raw[100:]]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    counted = (b"content-length", length or b"%d" % len(raw))
    scope = {"type": "http", "method": method, "path": path, "headers": [*headers, counted]}
    await server(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


async def test_an_order_is_judged_recorded_and_sent() -> None:
    status, answer = await ask(a_server(), {"intent": INTENT})
    assert status == 200
    assert (answer["decision"], answer["outcome"], answer["order_qty"]) == ("ALLOW", "filled", 10)
    assert answer["repeated"] is False


async def test_the_same_order_again_gets_the_same_answer() -> None:
    server = a_server()
    first = await ask(server, {"intent": INTENT})
    again = await ask(server, {"intent": INTENT})
    assert again == (200, {**first[1], "repeated": True})


async def test_an_intent_id_of_another_order_is_a_conflict() -> None:
    server = a_server()
    await ask(server, {"intent": INTENT})
    status, answer = await ask(server, {"intent": {**INTENT, "qty": 11}})
    assert (status, answer["error"]) == (409, "intent_reused")


@pytest.mark.parametrize(
    "body",
    [
        {"intent": INTENT, "market_snapshot": {"timestamp": "t", "prices": {"A": 0.0001}}},
        {"intent": INTENT, "prices": {"A": 0.0001}},
        {"intent": {**INTENT, "price": 0.0001}},
        {"intent": INTENT, "execution_state": {}},
    ],
)
async def test_prices_of_the_caller_are_refused(body: object) -> None:
    desk = a_desk()
    status, answer = await ask(a_server(desk), body)
    assert (status, answer["error"]) == (400, "caller_prices_refused")
    assert desk.state.sent == 0


async def test_what_an_instrument_is_worth_is_not_the_caller_s_to_say() -> None:
    desk = a_desk()
    for name, value in (("multiplier", 0.0001), ("lot_size", 7), ("sector", "x")):
        instrument = {**INTENT["instrument"], name: value}  # type: ignore[dict-item]
        status, answer = await ask(a_server(desk), {"intent": {**INTENT, "instrument": instrument}})
        assert (status, answer["error"]) == (400, "caller_terms_refused")
    assert desk.state.sent == 0


@pytest.mark.parametrize("began", [b"", b"POST /intent HTTP/1.1\r\nHost: x\r\n"])
async def test_a_connection_that_does_not_send_its_head_in_time_is_closed(
    began: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeadInTime, "head_max_s", 0.2)
    config = server_config(a_server())
    assert config.limit_concurrency
    config.load()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: HeadInTime(config, ServerState(), {}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(began or b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(60):
        if not began:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.3)
            writer.write(b"GET /health HTTP/1.1\r\n")
        await reader.read()
    writer.close()
    listening.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[1]",
        b"[" * 30_000,
        b'{"intent":' * 6_000,
        {"intent": {**INTENT, "qty": "5"}},
        {"intent": {**INTENT, "qty": True}},
        {"intent": {**INTENT, "timestamp": "2026-03-02T04:00:00"}},
        {"intent": {**INTENT, "surprise": 1}},
        {"intent": INTENT, "surprise": 1},
        {},
        b'{"intent": {"qty": 1, "qty": 2}}',
    ],
)
async def test_a_body_that_is_no_order_is_answered(body: object) -> None:
    status, answer = await ask(a_server(), body)
    assert (status, answer["error"]) == (400, "invalid_json")
    assert answer["message"]


@pytest.mark.parametrize(
    ("kept", "length", "expected"),
    [
        ((), None, (400, "invalid_content_type")),
        (((b"content-type", b"text/plain"),), None, (400, "invalid_content_type")),
        ((JSON,), b"-1", (400, "invalid_content_length")),
        ((JSON,), b"ten", (400, "invalid_content_length")),
        ((JSON,), b"65537", (413, "payload_too_large")),
    ],
)
async def test_headers_that_do_not_fit_are_answered(
    kept: Any, length: bytes | None, expected: tuple[int, str]
) -> None:
    status, answer = await ask(a_server(), {"intent": INTENT}, headers=kept, length=length)
    assert (status, answer["error"]) == expected


async def test_a_body_longer_than_it_said_is_answered() -> None:
    status, answer = await ask(a_server(), b" " * (MAX_BODY_BYTES + 1), length=b"5")
    assert (status, answer["error"]) == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/intent", (405, "method_not_allowed")),
        ("PUT", "/health", (405, "method_not_allowed")),
        ("POST", "/", (404, "not_found")),
    ],
)
async def test_other_routes_and_methods_are_answered(
    method: str, path: str, expected: tuple[int, str]
) -> None:
    status, answer = await ask(a_server(), {}, method=method, path=path)
    assert (status, answer["error"]) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, 401),
        (b"Bearer wrong", 401),
        (b"Basic secret", 401),
        (b"Bearer \xff", 401),
        (b"Bearer secret", 200),
        (b"bearer secret", 200),
    ],
)
async def test_with_a_token_only_its_bearer_is_answered(
    header: bytes | None, expected: int
) -> None:
    headers = [JSON] if header is None else [JSON, (b"authorization", header)]
    status, _answer = await ask(a_server(token="secret"), {"intent": INTENT}, headers=headers)
    assert status == expected


async def test_health_tells_how_the_desk_stands() -> None:
    server = a_server()
    await ask(server, {"intent": INTENT})
    status, answer = await ask(server, method="GET", path="/health")
    assert status == 200
    assert answer["positions_count"] == 1
    assert answer["orders_last_60s_global"] == 1
    assert answer["kill_switch_level"] == "RUNNING"
    assert answer["journal_head"].startswith("5:")


async def test_a_broker_s_error_is_answered_and_the_order_stays_counted() -> None:
    broker: Broker = FailingBroker([RuntimeError("boom")])
    status, answer = await ask(a_server(a_desk(broker=broker)), {"intent": INTENT})
    assert (status, answer["outcome"]) == (200, "unknown")


async def test_orders_are_judged_by_the_server_s_newest_prices() -> None:
    server = a_server(markets=[prices(A=100_000, B=100)])
    _status, answer = await ask(server, {"intent": INTENT})
    assert (answer["decision"], answer["modified_qty"]) == ("MODIFY", 0.1)


async def test_a_market_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "market.json"
    path.write_text('{"timestamp": "t", "prices": {"A": 100, "B": 5}}')
    source = MarketFile(path)
    assert source.read().last["A"] == 100
    assert source.changed() is None
    path.write_text('{"timestamp": "t", "prices": {"A": 101.5}}')
    changed = source.changed()
    assert changed is not None
    assert str(changed.last["A"]) == "101.5"
    assert changed.last["B"].is_nan()


async def test_while_the_market_file_cannot_be_read_nothing_is_judged(tmp_path: Path) -> None:
    path, desk = tmp_path / "market.json", a_desk()
    path.write_text("{")
    server = RiskServer(desk, Clock(), prices=MarketFile(path).changed)
    for _round in range(2):
        status, answer = await ask(server, {"intent": INTENT})
        assert (status, answer["error"]) == (503, "prices_unavailable")
    assert desk.state.sent == 0
