import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from adapters.mcp.client import Era, McpClient, ServerSession, Waits
from adapters.mcp.errors import CallFailed, Sent
from adapters.mcp.labelled import Origin
from tests.fakes.loopback import HangUp, Reply, silence
from tests.fakes.mcp_server import (
    EVENTS,
    SESSION_CANARY,
    TEXT,
    ScriptedMcpServer,
    a_tool,
    refused,
    result,
    said,
)

QUICK = Waits(connect_s=2, read_s=0.3, write_s=2, pool_s=2, whole_s=5)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedMcpServer]:
    server = ScriptedMcpServer(a_tool("echo", text="string"))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: ScriptedMcpServer) -> AsyncIterator[McpClient]:
    client = McpClient(name="scripted", url=server.url, waits=QUICK)
    yield client
    await client.aclose()


async def failing(client: McpClient, session: ServerSession) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await client.call_tool(session, "echo", {"text": "hello"})
    return caught.value


async def test_a_session_is_begun_once_and_every_call_goes_through_it(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    for _ in range(2):
        await client.call_tool(session, "echo", {})
    answer = await client.call_tool(session, "echo", {"text": "hello"})
    assert [text.text for text in answer.texts] == ['{"text": "hello"}']
    assert (server.rpc["initialize"], server.rpc["notifications/initialized"]) == (1, 1)
    assert server.rpc["tools/call"] == 3
    assert session.protocol == "2025-03-26"
    asked = {request.headers["mcp-protocol-version"] for request in server.requests[1:]}
    assert asked == {"2025-03-26"}


async def test_another_process_takes_the_session_up_without_a_handshake(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    other = McpClient(name="scripted", url=server.url, waits=QUICK)
    kept = ServerSession(session.session_id, session.protocol)
    await other.call_tool(kept, "echo", {"text": "again"})
    await other.aclose()
    assert server.rpc["initialize"] == 1
    assert len(server.sessions) == 1


async def test_a_call_lists_nothing_and_is_sent_once(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    server.script("tools/call", lambda message: refused(message, -32001, "header mismatch"))
    await failing(client, session)
    assert server.rpc["tools/list"] == 0
    assert server.rpc["tools/call"] == 1


async def test_closing_ends_no_session_and_only_end_does(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    await client.call_tool(session, "echo", {})
    await client.aclose()
    assert server.called == ["echo"]
    assert server.sessions
    assert (await client.end(session)).status == 200
    assert not server.sessions
    assert (await client.end(session)).status == 500


async def test_the_media_type_has_no_charset_behind_it(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    await client.call_tool(session, "echo", {})
    assert {request.headers["content-type"] for request in server.requests} == {"application/json"}


async def test_a_refused_connection_is_surely_not_sent_and_the_client_lives_on(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    server.go_down()
    failed = await failing(client, session)
    assert (failed.sent, failed.status) == (Sent.NO, None)
    server.come_up()
    assert (await client.call_tool(session, "echo", {})).is_error is False


async def test_a_server_that_cannot_be_reached_begins_no_session(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    server.go_down()
    with pytest.raises(CallFailed) as caught:
        await client.begin()
    assert caught.value.sent is Sent.NO


async def test_a_connection_that_ends_without_an_answer_may_have_been_sent(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()

    def hang_up(_message: Mapping[str, Any]) -> Reply:
        raise HangUp

    server.script("tools/call", hang_up)
    assert (await failing(client, session)).sent is Sent.MAYBE


async def test_half_an_answer_may_have_been_sent(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    server.script("tools/call", lambda message: Reply(200, '{"jsonrpc": "2.0"}', cut=True))
    assert (await failing(client, session)).sent is Sent.MAYBE


async def test_an_answer_that_takes_too_long_may_have_been_sent(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    server.script("tools/call", lambda _message: silence())
    assert (await failing(client, session)).sent is Sent.MAYBE


@pytest.mark.parametrize(
    ("status", "text"),
    [(400, "Invalid session ID\n"), (404, "Session terminated\n"), (502, "<html>bad</html>")],
)
async def test_an_http_refusal_is_told_with_its_short_text(
    server: ScriptedMcpServer, client: McpClient, status: int, text: str
) -> None:
    session = await client.begin()
    server.script("tools/call", lambda _message: Reply(status, text, TEXT))
    failed = await failing(client, session)
    assert (failed.sent, failed.status, failed.said) == (Sent.MAYBE, status, text.strip())


async def test_a_json_rpc_error_is_told_with_its_code(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    server.script("tools/call", lambda message: refused(message, -32602, "tool not found"))
    failed = await failing(client, session)
    assert (failed.rpc_code, failed.rpc_said) == (-32602, "tool not found")


async def test_an_answer_that_is_no_result_is_no_answer(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    for body in ("[]", "{}", "null", '{"jsonrpc": "2.0", "id": 1, "result": {"content": 4}}'):
        server.script("tools/call", lambda _message, body=body: Reply(200, body))  # type: ignore[misc]
        assert (await failing(client, session)).sent is Sent.MAYBE


async def test_a_redirect_to_another_host_is_not_followed(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    other = ScriptedMcpServer()
    await other.start()
    server.script("tools/call", lambda _message: Reply(307, "", {"location": other.url}))
    failed = await failing(client, session)
    await other.stop()
    assert (failed.status, other.requests) == (307, [])


async def test_an_answer_larger_than_any_of_theirs_is_not_read(
    server: ScriptedMcpServer, client: McpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await client.begin()
    monkeypatch.setattr("adapters.mcp.client.BODY_LIMIT", 1_000)
    server.script("tools/call", lambda message: said(message, "x" * 2_000))
    assert (await failing(client, session)).sent is Sent.MAYBE
    server.script("tools/call", lambda _message: Reply(200, "x" * 500, endless=True))
    assert (await failing(client, session)).sent is Sent.MAYBE


async def test_a_packed_answer_is_not_unpacked(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    server.script("tools/call", lambda _message: Reply(200, "x", {"content-encoding": "gzip"}))
    assert (await failing(client, session)).sent is Sent.MAYBE
    assert {request.headers["accept-encoding"] for request in server.requests} == {"identity"}


async def test_an_answer_in_events_is_read_and_a_broken_one_is_none(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()

    def in_events(message: Mapping[str, Any]) -> Reply:
        return Reply(200, f"event: message\ndata: {said(message, 'hi').body}\n\n", EVENTS)

    server.script("tools/call", in_events)
    assert (await client.call_tool(session, "echo", {})).texts[0].text == "hi"
    server.script("tools/call", lambda _message: Reply(200, ": nothing\n\n", EVENTS))
    assert (await failing(client, session)).sent is Sent.MAYBE


async def test_a_notice_that_the_tools_changed_is_passed_on(server: ScriptedMcpServer) -> None:
    told = asyncio.Event()
    client = McpClient(name="scripted", url=server.url, waits=QUICK, tools_changed=told.set)
    session = await client.begin()
    notice = json.dumps({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})

    def with_notice(message: Mapping[str, Any]) -> Reply:
        lines = f"data: {notice}\n\ndata: {said(message, 'hi').body}\n\n"
        return Reply(200, lines, EVENTS)

    server.script("tools/call", with_notice)
    await client.call_tool(session, "echo", {})
    await client.aclose()
    assert told.is_set()


async def test_every_page_of_the_tools_is_listed_with_repeats(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    first, second = a_tool("echo"), a_tool("echo", "Something else.")
    server.script(
        "tools/list",
        lambda message: result(message, {"tools": [first], "nextCursor": "2"}),
        lambda message: result(message, {"tools": [second]}),
    )
    listed = await client.list_tools(session)
    assert [tool.description for tool in listed] == ["What it does.", "Something else."]


async def test_a_list_of_tools_without_end_is_no_list(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    page = [lambda message: result(message, {"tools": [], "nextCursor": "again"})] * 50
    server.script("tools/list", *page)
    with pytest.raises(CallFailed):
        await client.list_tools(session)


async def test_a_result_is_labelled_with_where_it_came_from_and_its_repr_tells_no_word(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    answer = await client.call_tool(session, "echo", {"text": "a secret link"})
    (text,) = answer.texts
    assert text.origin == Origin("scripted", "echo")
    assert "secret" not in repr(answer)


async def test_a_result_that_reads_like_a_call_calls_nothing(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    bait = {"method": "tools/call", "params": {"name": "echo", "arguments": {"text": "go"}}}
    content = [
        {"type": "text", "text": json.dumps(bait)},
        {"type": "resource_link", "uri": f"{server.url}/go", "name": "go"},
    ]
    server.script("tools/call", lambda message: result(message, {"content": content}))
    answer = await client.call_tool(session, "echo", {})
    assert (len(answer.texts), answer.others) == (1, 1)
    assert server.rpc["tools/call"] == 1
    assert {(request.method, request.path) for request in server.requests} == {("POST", "/mcp")}


async def test_a_server_that_asks_us_for_something_is_refused(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    ask = {"jsonrpc": "2.0", "id": "s-1", "method": "sampling/createMessage"}
    params = {"messages": [], "maxTokens": 9}

    def asks(message: Mapping[str, Any]) -> Reply:
        asked = json.dumps({**ask, "params": params})
        return Reply(200, f"data: {asked}\n\ndata: {said(message, 'hi').body}\n\n", EVENTS)

    server.script("tools/call", asks)
    assert (await client.call_tool(session, "echo", {})).texts[0].text == "hi"
    assert server.rpc["tools/call"] == 1


async def test_no_session_id_is_in_any_log_error_or_repr(
    server: ScriptedMcpServer, client: McpClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session = await client.begin()
    await client.list_tools(session)
    await client.call_tool(session, "echo", {})
    assert session.session_id is not None
    echo = session.session_id.get_secret_value()
    server.script("tools/call", lambda _message: Reply(400, f"no such session {echo}", TEXT))
    failed = await failing(client, session)
    server.script("tools/call", lambda _message: Reply(200, f"{echo} is no JSON"))
    await failing(client, session)
    await client.end(session)
    shown = [caplog.text, repr(session), repr(failed), str(failed), failed.said, str(vars(client))]
    assert [text for text in shown if SESSION_CANARY in text] == []


async def test_a_cancelled_call_leaves_nothing_behind(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    session = await client.begin()
    arrived = asyncio.Event()

    async def arrives_and_waits() -> Reply:
        arrived.set()
        return await silence()

    server.script("tools/call", lambda _message: arrives_and_waits())
    task = asyncio.ensure_future(client.call_tool(session, "echo", {}))
    await asyncio.wait_for(arrived.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.call_tool(session, "echo", {})).is_error is False


async def test_errors_of_a_transport_that_are_no_http_errors_end_the_call_alone() -> None:
    class Odd(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            raise OSError("odd")

    client = McpClient(name="odd", url="http://127.0.0.1:1/mcp", http=Odd(), waits=QUICK)
    with pytest.raises(CallFailed) as caught:
        await client.begin()
    assert caught.value.sent is Sent.MAYBE


async def test_a_slow_server_is_not_taken_for_an_older_one(server: ScriptedMcpServer) -> None:
    client = McpClient(
        name="scripted", url=server.url, era=Era.EITHER, waits=Waits(read_s=5, whole_s=0.5)
    )
    server.script("server/discover", lambda _message: silence())
    with pytest.raises(CallFailed):
        await client.begin()
    await client.aclose()
    assert server.rpc["initialize"] == 0


async def test_a_server_that_knows_no_discovery_is_greeted_the_older_way(
    server: ScriptedMcpServer,
) -> None:
    client = McpClient(name="scripted", url=server.url, era=Era.EITHER, waits=QUICK)
    server.script("server/discover", lambda message: refused(message, -32601, "no such method"))
    session = await client.begin()
    await client.aclose()
    assert (session.protocol, server.rpc["initialize"]) == ("2025-03-26", 1)


async def test_an_sdk_client_that_listens_ends_no_session_either(
    server: ScriptedMcpServer, client: McpClient
) -> None:
    async with client.watched_http() as http:
        transport = streamable_http_client(server.url, http_client=http, terminate_on_close=False)
        async with Client(transport, mode="legacy") as sdk:
            await sdk.call_tool("echo", {"text": "hello"})
    assert server.called == ["echo"]
    assert {asked.method for asked in server.requests} == {"POST", "GET"}


def test_an_answer_is_awaited_longer_than_the_servers_7_s_and_the_5_s_it_may_stall() -> None:
    assert Waits().read_s > 7 + 5
    assert Waits().whole_s > Waits().read_s
