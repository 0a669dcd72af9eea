"""Whatever is sent in: a clear code, what to do, and nothing half-written."""

import random
from typing import Any

import httpx

from app.persistence.location import DatabaseLocation
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import BUY, counts, rows

HARMLESS = {"ANSWERED", "NEEDS_INPUT", "DENIED", "NOT_EXECUTED"}
BAD_ORDERS = [
    "buy 10 NOSUCHTHING at market, cnc",
    "buy 0 INFY at market, cnc",
    "buy -5 INFY at market, cnc",
    "buy 1.5 INFY at market, cnc",
    "buy NaN INFY at market, cnc",
    "buy Infinity INFY at market, cnc",
    "buy 1e9 INFY at market, cnc",
    "buy 1000000000 INFY at market, cnc",
    "buy 99999999999999999999999999999999999999 INFY at market, cnc",
    "buy 10 INFY at 1480.03, cnc",
    "buy 10 INFY at 0, cnc",
    "buy 10 INFY at -1, cnc",
    "buy 10 INFY at 1e400, cnc",
    "buy ten thousand crore INFY at market, cnc",
    "buy 10\u200b0 INFY at market, cnc",
    "buy 1\u202e00 INFY at market, cnc",
    "buy 10 \u0406NFY at market, cnc",
    "buy 10 INFY at market, cnc" + "!" * 15_000,
    "",
    "   ",
    "\n\t",
    "\u200b",
    "'; DROP TABLE orders; --",
    "{{7*7}} ${jndi:ldap://x}",
]


async def test_a_bad_order_is_answered_with_why_and_writes_no_order(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        for message in BAD_ORDERS:
            reply = await client.post("/api/v1/chat", json={"message": message})
            answer = reply.json()
            assert reply.status_code == 200, (message, reply.text)
            assert answer["outcome"] in HARMLESS, (message, answer["message"])
            assert answer["message"], message
            assert answer["outcome"] == "ANSWERED" or answer["error_code"], message

    assert rows(location, "SELECT 1 FROM cards WHERE kind = 'trade_plan'") == []
    assert counts(location)["orders"] == 0
    assert rows(location, "SELECT 1 FROM runs WHERE status = 'RUNNING'") == []
    check(location)


BAD_BODIES: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"null", 400),
    (b"[]", 400),
    (b'"buy 10 INFY"', 400),
    (b"{}", 400),
    (b'{"message": 10}', 400),
    (b'{"message": null}', 400),
    (b'{"message": ["buy 10 INFY"]}', 400),
    (b'{"message": "help", "surprise": 1}', 400),
    (b'{"message": "help", "mode": "LIVE"}', 400),
    (b'{"message": "help", "mode": "YOLO"}', 400),
    (b'{"message": "help", "thread_id": ""}', 400),
    (b'{"message": "help", "thread_id": "../../etc"}', 400),
    (b'{"message": "help", "account_id": "nobodys"}', 404),
    (b'{"message": "buy 1 INFY", "message": "buy 100 INFY"}', 400),
    (b'{"message": "help", "context": {"page": "a", "page": "b"}}', 400),
    (b'{"message": NaN}', 400),
    (b'{"message": "help", "context": Infinity}', 400),
    (b'{"message": "\xff\xfe"}', 400),
    (b'{"message": "buy 1 INFY \\u0000"}', 400),
    (b'{"message": "buy 1 INFY \\ud800"}', 400),
    (b'{"message": "' + b"x" * 16_001 + b'"}', 400),
    (b'{"message": "' + b"x" * 1_000_000 + b'"}', 413),
    (b"[" * 30_000, 400),
]


async def test_a_body_that_is_not_a_message_is_a_problem_with_a_code(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        for body, status in BAD_BODIES:
            reply = await client.post(
                "/api/v1/chat", content=body, headers={"Content-Type": "application/json"}
            )
            assert reply.status_code == status, (body[:80], reply.text)
            assert_problem(reply)

    assert set(counts(location).values()) == {0}
    assert rows(location, "SELECT 1 FROM runs UNION ALL SELECT 1 FROM threads") == []


def assert_problem(reply: httpx.Response) -> None:
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["ok"] is False
    assert problem["status"] == reply.status_code
    for field in ("code", "detail", "remediation", "request_id", "title", "type"):
        assert problem[field], field


async def test_a_key_in_the_address_is_refused_even_when_it_counts(desk: Desk) -> None:
    async with desk.client() as client:
        for name in ("key", "api_key", "token", "access_token", "API_KEY"):
            reply = await client.get("/api/v1/me", params={name: desk.owner_key})
            assert reply.status_code == 400
            assert desk.owner_key not in reply.text
            assert_problem(reply)


async def test_without_a_valid_key_nothing_is_answered(desk: Desk) -> None:
    headers = ("", "Bearer", "Bearer ", "Basic abc", "Bearer st_nope", "Bearer st_", "st_x")
    async with desk.client() as client:
        for header in headers:
            client.headers["Authorization"] = header
            reply = await client.get("/api/v1/me")
            assert (reply.status_code, reply.headers["WWW-Authenticate"]) == (401, "Bearer"), header
            assert_problem(reply)


NO_IDS = ("nope", "%00", "%F0%9F%92%A9", "a" * 5_000, "..%2F..", "'%20OR%201=1", "%ED%A0%80")
READS = ("cards/{}", "decisions/{}", "plans/{}", "orders/{}", "snapshots/{}", "runs/{}/events")
WRITES = ("cards/{}/approve", "exceptions/{}/ack", "orders/{}/cancel", "runs/{}/cancel")


async def test_an_id_that_cannot_be_is_not_found(desk: Desk) -> None:
    async with desk.client() as client:
        for wrong in NO_IDS:
            for method, paths in (("GET", READS), ("POST", WRITES)):
                for path in paths:
                    url = f"/api/v1/{path.format(wrong)}"
                    reply = await client.request(method, url)
                    assert reply.status_code in {400, 404}, (method, url[:60], reply.text)
                    assert_problem(reply)


BAD_QUERIES = [
    ("/api/v1/orders", {"limit": "0"}),
    ("/api/v1/orders", {"limit": "201"}),
    ("/api/v1/orders", {"limit": "NaN"}),
    ("/api/v1/orders", {"offset": "-1"}),
    ("/api/v1/orders", {"offset": "99999999999999999999"}),
    ("/api/v1/orders", {"account_id": "\x00"}),
    ("/api/v1/orders", {"account_id": "x" * 65}),
    ("/api/v1/cards", {"status": "MAYBE"}),
    ("/api/v1/instruments", {}),
    ("/api/v1/instruments", {"query": "x" * 61}),
    ("/api/v1/audit", {"after": "-1"}),
    ("/api/v1/audit", {"after": "1e3"}),
]


async def test_a_query_out_of_range_is_refused(desk: Desk) -> None:
    async with desk.client() as client:
        for url, query in BAD_QUERIES:
            reply = await client.get(url, params=query)
            assert reply.status_code == 400, (url, query, reply.text)
            assert_problem(reply)


async def test_a_position_beyond_every_log_is_no_error_of_ours(desk: Desk) -> None:
    async with desk.client() as client:
        for after in ("99999999999999999999999999", "9223372036854775808"):
            reply = await client.get("/api/v1/audit", params={"after": after})
            assert reply.status_code in {200, 400}, reply.text


BAD_KILLS: list[dict[str, Any]] = [
    {},
    {"level": "HALTED"},
    {"level": "OFF", "reason": "because"},
    {"level": "HALTED", "reason": "no"},
    {"level": "HALTED", "reason": "x" * 301},
    {"level": "HALTED", "reason": "nul \x00 inside"},
    {"level": "HALTED", "reason": "because", "extra": 1},
]


async def test_a_kill_switch_that_is_not_understood_changes_nothing(desk: Desk) -> None:
    async with desk.client() as client:
        for body in BAD_KILLS:
            reply = await client.post("/api/v1/kill-switch", json=body)
            assert reply.status_code == 400, (body, reply.text)
            assert_problem(reply)
        level = (await client.get("/api/v1/kill-switch")).json()["level"]

    assert level == "RUNNING"


async def test_a_decision_with_a_bad_comment_leaves_the_card(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        answer = (await client.post("/api/v1/chat", json={"message": BUY})).json()
        card = answer["cards"][0]["id"]
        for comment in ("nul \x00", "x" * 501, 7, ["yes"]):
            reply = await client.post(f"/api/v1/cards/{card}/approve", json={"comment": comment})
            assert reply.status_code == 400, reply.text
        shown = (await client.get(f"/api/v1/cards/{card}")).json()["card"]

    assert shown["status"] == "PENDING"
    assert counts(location)["orders"] == 0


WORDS = [
    "buy",
    "sell",
    "BUY",
    "short",
    "exit",
    "half",
    "all",
    "10",
    "0",
    "-3",
    "1.5",
    "1e9",
    "NaN",
    "INFY",
    "TCS",
    "RELIANCE",
    "nosuch",
    "₹",
    "%",
    "cnc",
    "mis",
    "nrml",
    "market",
    "limit",
    "at",
    "stop",
    "sl",
    "target",
    "1480",
    "1480.03",
    "lots",
    "lakh",
    "and",
    "then",
    "if",
    "crosses",
    "above",
    "approve",
    "cancel",
    "modify",
    "positions",
    "orders",
    "price",
    "of",
    "funds",
    "help",
    "yes",
    "no",
    "\u202e",
    "\u200b",
    "'",
    '"',
    ";",
    "--",
    "{",
    "}",
    "null",
    "٠",
    "💩",
    "kill",
    "switch",
    "off",
    "confirm",
    "risk",
    "2%",
    "of",
    "my",
    "50000",
    "worth",
]


async def test_three_hundred_random_messages_never_break_a_turn_or_send_an_order(
    desk: Desk, location: DatabaseLocation
) -> None:
    dice = random.Random(20261120)
    async with desk.client() as client:
        thread = None
        for number in range(300):
            words = " ".join(dice.choices(WORDS, k=dice.randint(1, 12)))
            if number % 10 == 0:
                words = "".join(chr(dice.randint(1, 0xD7FF)) for _ in range(40))
            body = {"message": words, "thread_id": thread if number % 3 else None}
            reply = await client.post("/api/v1/chat", json=body)
            assert reply.status_code == 200, (words, reply.text)
            answer = reply.json()
            assert answer["outcome"] in HARMLESS | {"AWAITING_APPROVAL"}, (words, answer["message"])
            thread = answer["thread_id"]

    assert counts(location)["orders"] == 0
    check(location)
