"""What recorded clients did, and what the server asked Kite for them: rows 129 to 166."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import httpx2
import pytest
from mcp import Client, ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client
from pydantic import JsonValue

from tests.fakes.kite_standin import Kind, Trouble
from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.kite_standin.tool_server import Login
from tests.unit.brokers.kite_replay import A, B, Stage
from tests.unit.brokers.kite_replay_sessions import Step


async def other_client_object(stage: Stage) -> None:
    headers = {"mcp-session-id": stage.clients["A"].session_id}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        streamable_http_client(
            stage.kite.url, http_client=http, terminate_on_close=False
        ) as streams,
        ClientSession(*streams) as session,
    ):
        result = await session.call_tool("get_profile", {})
    starts_alike(stage, 129, text_of(result), stage.recorded[129]["result"]["text"])
    stage.compare_equal(129, "mark", result.is_error, stage.recorded[129]["result"]["isError"])


def plain_post(number: int) -> Step:
    """Return the same with a plain POST."""

    async def step(stage: Stage) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            client = HttpClient(stage.kite.url, http, stage.kite.logged_in(A))
            answer = await client.post("tools/call", {"name": "get_profile"}, number=1)
        row = stage.recorded[number]
        if "http_body" in row:
            stage.compare_equal(number, "status", answer.status_code, row["http_status"])
            starts_alike(stage, number, answer.text, row["http_body"])
        else:
            result = answer.json()["result"]
            stage.compare_equal(number, "mark", result.get("isError", False), False)
            starts_alike(stage, number, result["content"][0]["text"], row["result"]["text"])

    return step


def starts_alike(stage: Stage, number: int, ours: str, theirs: str) -> None:
    """Compare the fields of what was cut off in the recording."""
    fields = [re.findall(r'"(\w+)\\?":', text) for text in (ours, theirs)]
    stage.compare_equal(number, "fields", fields[0][: len(fields[1])], fields[1])


async def client_leaves(stage: Stage) -> None:
    async with Client(stage.kite.url, mode="legacy") as client:
        before, session_id = len(stage.kite.upstream), newest(stage)
        assert not (await client.call_tool("get_profile", {})).is_error
    ends_like(stage, 131, before + 1, session_id)
    answer = await stage.client(session_id).post("tools/call", {"name": "get_profile"})
    row = stage.recorded[131]
    stage.compare_equal(131, "status", answer.status_code, row["then_http_status"])
    stage.compare_equal(131, "body", answer.text, row["then_http_body"])


async def plain_client_leaves(stage: Stage) -> None:
    client = stage.client(stage.kite.logged_in(A))
    before, row = len(stage.kite.upstream), stage.recorded[144]
    await client.delete()
    ends_like(stage, 144, before, client.session_id)
    answer = await client.post("tools/call", {"name": "get_profile"})
    stage.compare_equal(144, "status", answer.status_code, row["then_http_status"])
    stage.compare_equal(144, "body", answer.text, row["then_http_body"])


def newest(stage: Stage) -> str:
    """Log the first user in to the session opened last."""
    session = stage.kite.sessions.all()[-1]
    session.login = Login(stage.kite.kite.access_token(A))
    return session.id


def ends_like(stage: Stage, number: int, before: int, session_id: str) -> None:
    session = stage.kite.sessions.find(session_id)
    stage.compare_equal(number, "ended", session is not None and session.ended, True)
    stage.compare_upstream(number, before, stage.recorded[number]["upstream_requests"])


def under_a_live_client(number: int, happens: Callable[[Stage], None]) -> Step:
    """Return a call of the official client after something happened to its session."""

    async def step(stage: Stage) -> None:
        expected = stage.recorded[number]["result"]
        async with Client(stage.kite.url, mode="legacy") as client:
            happens(stage)
            with pytest.raises(MCPError) as caught:
                await client.call_tool("get_profile", {})
        stage.compare_equal(number, "text", str(caught.value), expected["text"])
        stage.compare_equal(number, "exception", type(caught.value).__name__, expected["exception"])

    return step


async def falls_back(stage: Stage) -> None:
    async with Client(stage.kite.url) as client:
        version = client.protocol_version
    stage.compare_equal(136, "version", version, stage.recorded[136]["protocol_version"])


def text_of(result: Any) -> str:
    (content,) = result.content
    return str(content.text)


async def many_at_once(stage: Stage) -> None:
    stage.clients["A"].session_id = stage.kite.logged_in(A)
    client, before, row = stage.clients["A"], len(stage.kite.upstream), stage.recorded[155]
    calls = [client.tool("get_ltp", instruments=["NSE:INFY"]) for _ in range(20)]
    replies = await asyncio.gather(*calls)
    failed = sum(reply.is_error for reply in replies)
    stage.compare_equal(155, "errors", failed, row["errors"])
    asked = len(stage.kite.upstream) - before
    stage.compare_equal(155, "asked Kite", asked, row["upstream_request_count"])


def only_asked(number: int, tool: str | None = None, **arguments: Any) -> Step:
    """Return a call of which what Kite was asked is compared; the answer was not recorded."""

    async def step(stage: Stage) -> None:
        row, before = stage.recorded[number], len(stage.kite.upstream)
        recorded = row.get("arguments", arguments)
        await stage.clients["A"].tool(tool or row["tool"], **stage.mine(recorded))
        stage.compare_upstream(number, before, row["upstream_requests"])

    return step


SBIN_ORDER: Final = {
    "variety": "regular",
    "exchange": "NSE",
    "tradingsymbol": "SBIN",
    "transaction_type": "BUY",
    "quantity": 5,
    "product": "CNC",
    "order_type": "LIMIT",
    "price": 470,
    "validity": "DAY",
}


async def children_are_dropped(stage: Stage) -> None:
    request = stage.kite.kite.request

    async def with_children(*arguments: Any, **named: Any) -> JsonValue:
        data = await request(*arguments, **named)
        assert isinstance(data, dict)
        return {**data, "children": [{"order_id": "1"}]}

    stage.kite.kite.request = with_children  # type: ignore[method-assign]
    await stage.message(157, *place(stage))
    stage.kite.kite.request = request  # type: ignore[method-assign]


async def empty_answer(stage: Stage) -> None:
    stage.kite.troubles.add("place_order", Trouble(Kind.KITE_EMPTY))
    await stage.message(158, *place(stage))


async def unknown_arguments(stage: Stage) -> None:
    dropped = {"autoslice": True, "algo_id": "1", "market_protection": -1}
    await stage.message(159, *place(stage, **dropped))
    rows = await stage.clients["A"].read("get_orders")
    stage.ids["261120000000003"] = rows[-1]["order_id"]


def place(stage: Stage, **changes: Any) -> tuple[HttpClient, str, Any]:
    arguments = SBIN_ORDER | changes
    return stage.clients["A"], "tools/call", {"name": "place_order", "arguments": arguments}


def trigger_asked(number: int, tool: str, **arguments: Any) -> Step:
    """Return a trigger of which the decoded form is compared, as far as it was recorded."""

    async def step(stage: Stage) -> None:
        given = {
            "exchange": "NSE",
            "tradingsymbol": "INFY",
            "last_price": 1412.95,
            "transaction_type": "SELL",
            "trigger_type": "single",
            "quantity": 1,
        }
        await stage.clients["A"].tool(tool, **given, **arguments)
        form = dict(parse_qsl(stage.kite.upstream[-1].form))
        for name, theirs in stage.recorded[number]["upstream_form"].items():
            ours = form[name] if name == "type" else json.loads(form[name])
            if name == "orders":
                ours = [{key: ours[0][key] for key in theirs[0]}]
            stage.compare_equal(number, name, ours, theirs)

    return step


async def delete_logged_in(stage: Stage) -> None:
    client, before = stage.client(stage.kite.logged_in(B)), len(stage.kite.upstream)
    answer = await client.delete()
    stage.compare_equal(163, "status", answer.status_code, stage.recorded[163]["http_status"])
    stage.compare_upstream(163, before, stage.recorded[163]["upstream_requests"])


async def delete_unknown(stage: Stage) -> None:
    stranger = stage.client("kitemcp-00000000-0000-4000-8000-000000000000")
    stage.compare_http(164, await stranger.delete())


async def login_gives_a_good_token_up(stage: Stage) -> None:
    row, before = stage.recorded[165], len(stage.kite.upstream)
    stage.kite.troubles.add("login", Trouble(Kind.KITE_REFUSES))
    text = (await stage.clients["A"].tool("login")).text
    stage.compare_equal(165, "text", text[: len(row["text_start"])], row["text_start"])
    stage.compare_upstream(165, before, row["upstream_requests"])


async def and_is_logged_out(stage: Stage) -> None:
    params = {"name": "get_profile", "arguments": {}}
    await stage.message(166, stage.clients["A"], "tools/call", params)


CLIENT_STEPS: Final[Mapping[int, Step]] = {
    129: other_client_object,
    130: plain_post(130),
    131: client_leaves,
    132: under_a_live_client(132, lambda stage: stage.kite.end_sessions()),
    135: under_a_live_client(135, lambda stage: stage.kite.restart()),
    136: falls_back,
    142: plain_post(142),
    143: plain_post(143),
    144: plain_client_leaves,
    155: many_at_once,
    156: only_asked(156),
    157: children_are_dropped,
    158: empty_answer,
    159: unknown_arguments,
    160: only_asked(
        160,
        variety="regular",
        order_id="261120000000003",
        order_type="LIMIT",
        quantity=5,
        price=471,
        validity="TTL",
        validity_ttl=10,
    ),
    161: trigger_asked(161, "place_gtt_order", product="MIS", trigger_value=1300, limit_price=1299),
    162: trigger_asked(
        162,
        "modify_gtt_order",
        trigger_id=1,
        product="MTF",
        trigger_value=1310,
        limit_price=1309,
    ),
    163: delete_logged_in,
    164: delete_unknown,
    165: login_gives_a_good_token_up,
    166: and_is_logged_out,
}
