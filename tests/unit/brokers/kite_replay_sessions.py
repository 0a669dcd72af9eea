"""The recorded sessions, logins and messages, done again: rows 1 to 128."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.kite_standin.server import LINK
from tests.unit.brokers.kite_replay import A, B, Stage, fill_the_book
from tests.unit.brokers.kite_shapes import masked

Step = Callable[[Stage], Awaitable[None]]


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
    async with httpx.AsyncClient(trust_env=False, timeout=60) as fresh:
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
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        client = HttpClient(stage.kite.url, http, stage.clients["A"].session_id)
        with stage.kite.troubles.held("place_order", before=True) as held:
            placing = asyncio.ensure_future(client.tool("place_order", **row["arguments"]))
            await asyncio.wait_for(held.reached.wait(), 60)
            placing.cancel()
    rows = await stage.clients["A"].read("get_orders")
    tags = [found["tag"] for found in rows]
    booked = tags.count(row["arguments"]["tag"])
    stage.compare_equal(120, "orders", booked, row["orders_with_tag_in_book"])


async def registry_waits(stage: Stage) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        leaving = HttpClient(stage.kite.url, http, stage.kite.logged_in(B))
        with stage.kite.troubles.held("DELETE") as held:
            ending = asyncio.ensure_future(leaving.delete())
            await asyncio.wait_for(held.reached.wait(), 60)
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


SESSION_STEPS: Final[Mapping[int, Step]] = {
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
}
