"""The recorded exchanges of the real server, done again over HTTP with the stand-in.

They are compared where the recordings are at hand, as in test_kite_recordings.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import httpx2
import pytest
from mcp import Client, ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client
from pydantic import JsonValue

from tests.fakes.clock import FakeClock
from tests.fakes.kite_standin import Kind, Trouble, running
from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.kite_standin.server import LINK
from tests.fakes.kite_standin.tool_server import Login
from tests.figures import tell
from tests.unit.brokers.kite_replay import (
    NOT_REPLAYED,
    STRICTER,
    A,
    B,
    Row,
    Stage,
    fill_the_book,
    the_server,
)
from tests.unit.brokers.kite_shapes import masked, without_ids_and_times
from tests.unit.brokers.test_kite_recordings import RECORDINGS

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_file(), reason="the recordings of the real Kite server are not at hand"
)
ROWS: Final = 166
Step = Callable[[Stage], Awaitable[None]]

KITE_REFUSES: Final = (*range(91, 104),)
KITE_NULL: Final = (35, 49)
# The book and the history of the order that row 61 placed, alike to the last field.
SAME_ORDER: Final = (63, 64)
TOOL_ROWS: Final = (*range(3, 10), *range(14, 90), *range(91, 106))


@pytest.fixture(scope="module")
def recorded() -> Mapping[int, Row]:
    lines = RECORDINGS.read_text(encoding="utf-8").splitlines()
    return {row["n"]: row for row in map(json.loads, lines) if row["n"] > 0}


@pytest.fixture
async def stage(recorded: Mapping[int, Row]) -> AsyncIterator[Stage]:
    name = json.loads(recorded[15]["content"][0]["text"])["user_name"]
    clock = FakeClock()
    async with (
        running(the_server(clock, name)) as kite,
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        client = HttpClient(kite.url, http)
        yield Stage(kite, clock, recorded, {"A": client})


async def test_the_recorded_exchanges_come_out_the_same(stage: Stage) -> None:
    for number in sorted(stage.recorded.keys() - NOT_REPLAYED.keys()):
        step = STEPS.get(number)
        if step is not None:
            await step(stage)
        elif number in TOOL_ROWS:
            await do_the_tool(stage, number)
    differing = {number: found for number, found in stage.found.items() if found}
    tell(
        "recorded exchanges",
        compared=len(stage.found),
        listed_as_not=len(NOT_REPLAYED),
        of_them_stricter=len(STRICTER),
        requests_to_kite=stage.requests,
    )
    assert differing == {}, json.dumps(differing, indent=1)
    assert len(stage.found) == ROWS - len(NOT_REPLAYED) == 149
    assert stage.requests == 99


async def do_the_tool(stage: Stage, number: int) -> None:
    tool = stage.recorded[number]["tool"]
    if number in KITE_REFUSES:
        stage.kite.troubles.add(tool, Trouble(Kind.KITE_REFUSES))
    if number in KITE_NULL:
        stage.kite.troubles.add(tool, Trouble(Kind.KITE_NULL))
    if number == 104:
        stage.kite.lose_next_reply()
    text = await stage.tool(number, stage.clients["A"])
    if number in SAME_ORDER:
        ours, theirs = (
            without_ids_and_times(json.loads(whole))
            for whole in (text, stage.recorded[number]["content"][0]["text"])
        )
        rows = [found["data"][-2:] if number == 63 else found for found in (ours, theirs)]
        stage.compare_equal(number, "orders", rows[0], rows[1])
    if number == 105:
        tags = [row["tag"] for row in json.loads(text)]
        stage.compare_equal(number, "orders of the lost answer", tags.count("AMBIG1"), 1)


async def initialize(stage: Stage) -> None:
    answer = await stage.clients["A"].initialize()
    stage.compare_http(1, answer, body=False)
    stage.compare_equal(1, "body", answer.text, stage.recorded[1]["http_body"])
    theirs, ours = (
        masked(headers["mcp-session-id"])
        for headers in (stage.recorded[1]["http_headers"], answer.headers)
    )
    stage.compare_equal(1, "session id", ours, theirs)


async def initialized(stage: Stage) -> None:
    answer = await stage.clients["A"].post("notifications/initialized", number=None)
    stage.compare_http(2, answer)
    stage.compare_equal(2, "type", answer.headers.get("content-type"), None)


def signed_of(text: str) -> str:
    """Return the signed parameter in the text of the `login` tool."""
    found = LINK.search(text)
    assert found is not None
    (redirect,) = parse_qs(urlsplit(found[1]).query)["redirect_params"]
    return redirect.removeprefix("session_id=")


async def callback(
    stage: Stage, number: int, *, body: bool = True, before: int | None = None, **query: str
) -> httpx.Response:
    before = len(stage.kite.upstream) if before is None else before
    answer = await stage.clients["A"].http.get(f"{stage.kite.origin}/callback", params=query)
    stage.compare_http(number, answer, body=body)
    stage.compare_upstream(number, before, stage.recorded[number].get("upstream_requests"))
    return answer


def says_success(stage: Stage, number: int, answer: httpx.Response) -> None:
    """Compare the title: the page itself is our own."""
    titles = [
        text.partition("<title>")[2].partition("</title>")[0]
        for text in (answer.text, stage.recorded[number]["http_body"])
    ]
    stage.compare_equal(number, "title", titles[0], titles[1])


async def callback_without_a_session(stage: Stage) -> None:
    await callback(stage, 10, request_token="x")


async def callback_tampered(stage: Stage) -> None:
    signed = signed_of((await stage.clients["A"].tool("login")).text)
    await callback(stage, 11, request_token="x", session_id=f"{signed[:-2]}A=")


async def callback_refused(stage: Stage) -> None:
    signed = signed_of((await stage.clients["A"].tool("login")).text)
    await callback(stage, 12, request_token="bad1", session_id=signed)


async def callback_done(stage: Stage) -> None:
    signed = signed_of((await stage.clients["A"].tool("login")).text)
    token = stage.kite.kite.request_token(A)
    answer = await callback(
        stage,
        13,
        body=False,
        action="login",
        type="login",
        status="success",
        request_token=token,
        session_id=signed,
    )
    says_success(stage, 13, answer)
    await fill_the_book(stage)


async def unknown_tool(stage: Stage) -> None:
    answer = await stage.clients["A"].post("tools/call", {"name": "convert_position"})
    error, theirs = answer.json()["error"], stage.recorded[90]["protocol_error"]
    stage.compare_equal(90, "error", error, {"code": theirs["code"], "message": theirs["text"]})


def called(number: int, tool: str, **arguments: Any) -> Step:
    """Return a raw call of session B."""

    async def step(stage: Stage) -> None:
        params = {"name": tool, "arguments": arguments}
        await stage.message(number, stage.clients["B"], "tools/call", params)

    return step


async def b_opens(stage: Stage) -> None:
    stage.clients["B"] = await stage.opened()
    await called(106, "get_profile")(stage)


async def b_logs_in(stage: Stage) -> None:
    before = len(stage.kite.upstream)
    signed = signed_of((await stage.clients["B"].tool("login")).text)
    token = stage.kite.kite.request_token(B)
    answer = await callback(
        stage, 107, body=False, before=before, request_token=token, session_id=signed
    )
    says_success(stage, 107, answer)


async def b_from_elsewhere(stage: Stage) -> None:
    async with httpx.AsyncClient(trust_env=False) as fresh:
        client = HttpClient(stage.kite.url, fresh, stage.clients["B"].session_id)
        await stage.message(109, client, "tools/call", {"name": "get_profile"})


async def b_is_dead(stage: Stage) -> None:
    stage.kite.kite.end_tokens(B)
    await called(110, "get_profile")(stage)


async def bad_params(stage: Stage) -> None:
    await stage.message(112, stage.clients["B"], "tools/call", [])


async def null_arguments(stage: Stage) -> None:
    params = {"name": "place_order", "arguments": None}
    await stage.message(113, stage.clients["B"], "tools/call", params)


async def unknown_method(stage: Stage) -> None:
    await stage.message(114, stage.clients["B"], "resources/list", {})


async def ping(stage: Stage) -> None:
    await stage.message(115, stage.clients["B"], "ping", None)


async def b_ends(stage: Stage) -> None:
    before = len(stage.kite.upstream)
    stage.compare_http(116, await stage.clients["B"].delete())
    stage.compare_upstream(116, before, stage.recorded[116]["upstream_requests"])


async def b_is_over(stage: Stage) -> None:
    answer = await stage.clients["B"].post("tools/call", {"name": "get_profile"})
    stage.compare_http(117, answer)


async def unknown_session(stage: Stage) -> None:
    stranger = stage.client("kitemcp-00000000-0000-4000-8000-000000000000")
    stage.compare_http(118, await stranger.post("tools/call", {"name": "get_profile"}))


async def charset(stage: Stage) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    stage.compare_http(119, await stage.clients["A"].post("ping", headers=headers))


async def client_hangs_up(stage: Stage) -> None:
    row = stage.recorded[120]
    async with httpx.AsyncClient(trust_env=False) as http:
        client = HttpClient(stage.kite.url, http, stage.clients["A"].session_id)
        with stage.kite.troubles.held("place_order", before=True) as held:
            placing = asyncio.ensure_future(client.tool("place_order", **row["arguments"]))
            await held.reached.wait()
            placing.cancel()
    rows = await stage.clients["A"].read("get_orders")
    tags = [found["tag"] for found in rows]
    booked = tags.count(row["arguments"]["tag"])
    stage.compare_equal(120, "orders", booked, row["orders_with_tag_in_book"])


async def registry_waits(stage: Stage) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        leaving = HttpClient(stage.kite.url, http, stage.kite.logged_in(B))
        with stage.kite.troubles.held("DELETE") as held:
            ending = asyncio.ensure_future(leaving.delete())
            await held.reached.wait()
            waiting = asyncio.ensure_future(
                stage.clients["A"].post("tools/call", {"name": "get_profile"})
            )
            done, _ = await asyncio.wait({waiting}, timeout=0.05)
            stage.compare_equal(121, "answered during the logout", done, set())
        stage.compare_equal(121, "status", (await waiting).status_code, 200)
        await ending


async def first_calls(stage: Stage) -> None:
    client = await stage.opened()
    replies = await asyncio.gather(*[client.tool("get_profile") for _ in range(4)])
    texts = sorted(reply.text for reply in replies)
    stage.compare_equal(122, "texts", texts, sorted(stage.recorded[122]["texts"]))


async def callback_after_the_end(stage: Stage) -> None:
    client = await stage.opened()
    signed = signed_of((await client.tool("login")).text)
    await client.delete()
    token = stage.kite.kite.request_token(B)
    await callback(stage, 123, request_token=token, session_id=signed)


async def link_used_twice(stage: Stage) -> None:
    client = await stage.opened()
    link = (await client.tool("login")).text
    statuses = [await stage.kite.finish_login(link, user) for user in (A, B)]
    stage.compare_equal(124, "statuses", statuses, stage.recorded[124]["http_status"])
    user = (await client.read("get_profile"))["user_id"]
    stage.compare_equal(124, "who is logged in", user, B)
    stage.clients["A"].session_id = stage.kite.logged_in(A)


async def excluded(stage: Stage) -> None:
    stage.kite.listing.exclude("place_order", "modify_order", "cancel_order")
    listed = (await stage.clients["A"].post("tools/list")).json()["result"]["tools"]
    row = stage.recorded[125]
    stage.compare_equal(125, "names", [tool["name"] for tool in listed], row["names"])
    stage.compare_equal(125, "count", len(listed), row["count"])


async def excluded_call(stage: Stage) -> None:
    answer = await stage.clients["A"].post("tools/call", {"name": "place_order"})
    stage.compare_http(126, answer)
    stage.kite.listing.allow()


async def no_sse(stage: Stage) -> None:
    answer = await stage.clients["A"].http.get(f"{stage.kite.origin}/sse")
    stage.compare_equal(127, "status", answer.status_code, stage.recorded[127]["http_status"])


async def restarted(stage: Stage) -> None:
    stage.kite.restart()
    answer = await stage.clients["A"].post("tools/call", {"name": "get_profile"})
    stage.compare_http(128, answer)
    stage.clients["A"].session_id = stage.kite.logged_in(A)


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
        async with httpx.AsyncClient(trust_env=False) as http:
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


STEPS: Final[Mapping[int, Step]] = {
    1: initialize,
    2: initialized,
    10: callback_without_a_session,
    11: callback_tampered,
    12: callback_refused,
    13: callback_done,
    90: unknown_tool,
    106: b_opens,
    107: b_logs_in,
    108: called(108, "get_ltp", instruments=["NSE:SBIN"]),
    109: b_from_elsewhere,
    110: b_is_dead,
    111: called(111, "login"),
    112: bad_params,
    113: null_arguments,
    114: unknown_method,
    115: ping,
    116: b_ends,
    117: b_is_over,
    118: unknown_session,
    119: charset,
    120: client_hangs_up,
    121: registry_waits,
    122: first_calls,
    123: callback_after_the_end,
    124: link_used_twice,
    125: excluded,
    126: excluded_call,
    127: no_sse,
    128: restarted,
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
