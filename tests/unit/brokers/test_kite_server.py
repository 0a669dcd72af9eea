"""The stand-in over HTTP: sessions, logins and everything that can happen to a call."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.kite_standin import Kind, KiteStandin, Trouble
from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.kite_standin.server import LINK
from tests.fakes.kite_standin.tool_server import LOG_IN_FIRST
from tests.unit.brokers.kite_server import ORDER, served

Served = tuple[KiteStandin, HttpClient]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def both(clock: FakeClock) -> AsyncIterator[Served]:
    async with served(lambda market, now: KiteStandin(market=market, clock=now), clock) as pair:
        yield pair


@pytest.fixture
def kite(both: Served) -> KiteStandin:
    return both[0]


@pytest.fixture
def client(both: Served) -> HttpClient:
    return both[1]


@pytest.fixture
def trader(kite: KiteStandin, client: HttpClient) -> HttpClient:
    """A client of a session in which the first user is logged in."""
    client.session_id = kite.logged_in()
    return client


async def test_initialize_answers_the_old_dialect_and_gives_the_id_only_there(
    client: HttpClient,
) -> None:
    answer = await client.initialize()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    result = answer.json()["result"]
    assert result["protocolVersion"] == "2025-03-26"
    assert result["capabilities"] == {"tools": {"listChanged": True}}
    assert client.session_id.startswith("kitemcp-")
    assert "mcp-session-id" not in (await client.post("ping")).headers
    assert (await client.post("notifications/initialized", number=None)).status_code == 202


async def test_a_person_logs_in_by_the_link_and_trades(
    kite: KiteStandin, client: HttpClient
) -> None:
    await client.initialize()
    link = (await client.tool("login")).text
    assert f"]({kite.origin}/connect/login?api_key=" in link
    assert await kite.finish_login(link) == 200
    assert (await client.read("get_profile"))["user_id"] == "AB1234"
    assert (await client.tool("login")).text == "You are already logged in as Asha Bose"
    placed = await client.read("place_order", **ORDER)
    assert [row["order_id"] for row in await client.read("get_orders")] == [placed["order_id"]]


async def test_only_the_first_call_of_a_session_says_that_nobody_is_logged_in(
    client: HttpClient,
) -> None:
    await client.initialize()
    assert not (await client.tool("search_instruments", query="INFY")).is_error
    assert (await client.tool("get_orders")).text == LOG_IN_FIRST
    assert (await client.tool("get_orders")).text == "Failed to execute get_orders"


async def test_a_session_works_from_any_connection_without_initialize(
    kite: KiteStandin, trader: HttpClient
) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as other:
        elsewhere = HttpClient(kite.url, other, trader.session_id)
        assert (await elsewhere.read("get_profile"))["user_name"] == "Asha Bose"


async def test_an_unknown_session_and_an_ended_one_are_told_apart(
    kite: KiteStandin, trader: HttpClient
) -> None:
    ended = trader.session_id
    answer = await trader.delete()
    assert answer.status_code == 200
    assert [asked.method for asked in kite.upstream] == ["DELETE"]
    gone = await trader.post("tools/call", {"name": "get_profile"})
    assert (gone.status_code, gone.text) == (404, "Session terminated\n")
    kite.restart()
    lost = await trader.post("tools/call", {"name": "get_profile"})
    assert (lost.status_code, lost.text) == (400, "Invalid session ID\n")
    assert (await trader.delete()).text == "Session termination failed: session ID not found\n"
    assert trader.session_id == ended


async def test_a_session_ends_after_12_hours_and_is_forgotten_by_the_next_sweep(
    client: HttpClient, clock: FakeClock
) -> None:
    await client.initialize()
    clock.advance(hours=12)
    assert (await client.post("ping")).status_code == 200
    clock.advance(seconds=1)
    assert (await client.post("ping")).status_code == 404
    clock.advance(minutes=30)
    assert (await client.post("ping")).status_code == 400


async def test_a_token_dies_at_six_in_india_and_the_text_does_not_say_so(
    kite: KiteStandin, trader: HttpClient, clock: FakeClock
) -> None:
    clock.set(MORNING.replace(hour=18))
    session = kite.logged_in()
    clock.set(MORNING.replace(hour=0, minute=29) + timedelta(days=1))
    trader.session_id = session
    assert (await trader.read("get_profile"))["user_id"] == "AB1234"
    clock.advance(minutes=1)
    reply = await trader.tool("get_profile")
    assert (reply.is_error, reply.text) == (True, "Failed to execute get_profile")
    assert "[Login to Kite](" in (await trader.tool("login")).text


async def test_content_type_must_be_exact(client: HttpClient) -> None:
    exact = {"content-type": "application/json; charset=utf-8"}
    answer = await client.post("ping", headers=exact)
    assert answer.text == "Invalid content type: must be 'application/json'\n"
    assert answer.status_code == 400


async def test_listening_is_answered_202_with_a_stream_that_stays_silent(
    client: HttpClient,
) -> None:
    async with client.http.stream("GET", client.url) as listening:
        assert listening.status_code == 202
        assert listening.headers["content-type"] == "text/event-stream"


@pytest.mark.parametrize("booked", [True, False])
async def test_a_dropped_connection_does_not_say_whether_the_order_was_booked(
    kite: KiteStandin, trader: HttpClient, booked: bool
) -> None:
    kite.drop_next(booked=booked)
    with pytest.raises(httpx.RemoteProtocolError):
        await trader.tool("place_order", **ORDER)
    assert len(kite.oms.orders) == booked
    assert not (await trader.tool("place_order", **ORDER)).is_error


@pytest.mark.parametrize("booked", [True, False])
async def test_kites_silence_reads_the_same_booked_or_not(
    kite: KiteStandin, trader: HttpClient, booked: bool
) -> None:
    lose = kite.lose_next_reply if booked else kite.lose_next_order
    lose()
    reply = await trader.tool("place_order", **ORDER)
    assert (reply.is_error, reply.text) == (True, "Failed to place order")
    assert len(kite.oms.orders) == booked


@pytest.mark.parametrize(("status", "booked"), [(503, False), (429, False), (504, True)])
async def test_a_storm_at_the_proxy_passes(
    kite: KiteStandin, trader: HttpClient, status: int, booked: bool
) -> None:
    kite.storm("place_order", status, times=2, booked=booked)
    call = {"name": "place_order", "arguments": ORDER}
    answers = [await trader.post("tools/call", call) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert len(kite.oms.orders) == (3 if booked else 1)


async def test_a_client_that_hangs_up_does_not_stop_its_order(
    kite: KiteStandin, trader: HttpClient
) -> None:
    with kite.troubles.held("place_order", before=True) as held:
        placing = asyncio.ensure_future(trader.tool("place_order", **ORDER))
        await asyncio.wait_for(held.reached.wait(), 60)
        placing.cancel()
    trader.http = httpx.AsyncClient(trust_env=False, timeout=60)
    async with trader.http:
        await trader.read("get_orders")
    assert [order.form["tag"] for order in kite.oms.orders] == [ORDER["tag"]]


async def test_every_call_waits_while_a_session_is_logged_out(
    kite: KiteStandin, trader: HttpClient
) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        leaving = HttpClient(kite.url, http, kite.logged_in("CD5678"))
        with kite.troubles.held("DELETE") as held:
            ending = asyncio.ensure_future(leaving.delete())
            await asyncio.wait_for(held.reached.wait(), 60)
            waiting = asyncio.ensure_future(trader.tool("get_profile"))
            assert await asyncio.wait({waiting}, timeout=0.05) == (set(), {waiting})
        assert not (await waiting).is_error
        assert (await ending).status_code == 200


async def test_another_replica_knows_no_session_and_the_first_still_does(
    kite: KiteStandin, trader: HttpClient
) -> None:
    kite.troubles.add("get_profile", Trouble(Kind.OTHER_REPLICA))
    answer = await trader.post("tools/call", {"name": "get_profile"})
    assert (answer.status_code, answer.text) == (400, "Invalid session ID\n")
    assert (await trader.read("get_profile"))["user_id"] == "AB1234"


async def test_a_server_that_is_down_cuts_what_is_open_and_comes_back(
    kite: KiteStandin, trader: HttpClient
) -> None:
    await trader.read("get_profile")
    kite.go_down()
    with pytest.raises(httpx.TransportError):
        await trader.tool("get_profile")
    kite.come_up()
    assert (await trader.read("get_profile"))["user_id"] == "AB1234"


async def test_an_excluded_tool_is_not_there(kite: KiteStandin, trader: HttpClient) -> None:
    kite.listing.exclude("place_order", "modify_order", "cancel_order")
    listed = (await trader.post("tools/list")).json()["result"]["tools"]
    assert len(listed) == 19
    answer = await trader.post("tools/call", {"name": "place_order", "arguments": ORDER})
    assert answer.json()["error"] == {
        "code": -32602,
        "message": "tool 'place_order' not found: tool not found",
    }
    assert kite.oms.orders == []


async def link_of(client: HttpClient) -> str:
    """Return the text with a login link of a new session."""
    await client.initialize()
    return (await client.tool("login")).text


async def test_a_login_link_lives_35_minutes_and_no_restart(
    kite: KiteStandin, client: HttpClient, clock: FakeClock
) -> None:
    link = await link_of(client)
    clock.advance(minutes=35)
    assert await kite.finish_login(link) == 200
    clock.advance(seconds=1)
    assert await kite.finish_login(link) == 400
    link = await link_of(client)
    kite.restart()
    assert await kite.finish_login(link) == 400


async def test_a_link_is_not_used_up_and_whoever_came_last_is_logged_in(
    kite: KiteStandin, client: HttpClient
) -> None:
    link = await link_of(client)
    assert await kite.finish_login(link, "AB1234") == 200
    assert await kite.finish_login(link, "CD5678") == 200
    assert (await client.read("get_profile"))["user_id"] == "CD5678"


async def test_a_link_of_an_ended_session_leads_nowhere(
    kite: KiteStandin, client: HttpClient
) -> None:
    link = await link_of(client)
    await client.delete()
    assert await kite.finish_login(link) == 500


async def test_kites_request_token_is_exchanged_once_and_in_time(
    kite: KiteStandin, client: HttpClient, clock: FakeClock
) -> None:
    text = await link_of(client)
    (redirect,) = parse_qs(urlsplit(LINK.findall(text)[0]).query)["redirect_params"]
    signed = redirect.removeprefix("session_id=")

    async def back(token: str) -> int:
        query = {"request_token": token, "session_id": signed}
        return (await client.http.get(f"{kite.origin}/callback", params=query)).status_code

    token = kite.kite.request_token("AB1234")
    assert [await back(token), await back(token), await back("made-up")] == [200, 500, 500]
    late = kite.kite.request_token("AB1234")
    clock.advance(minutes=5)
    assert await back(late) == 500


async def test_a_login_elsewhere_ends_the_token_and_nobody_is_told(
    kite: KiteStandin, trader: HttpClient
) -> None:
    assert not (await trader.tool("get_profile")).is_error
    kite.logged_in("AB1234")
    assert (await trader.tool("get_profile")).text == "Failed to execute get_profile"


async def test_asking_to_log_in_gives_a_good_token_up_when_kite_fails_for_a_moment(
    kite: KiteStandin, trader: HttpClient
) -> None:
    kite.troubles.add("login", Trouble(Kind.KITE_REFUSES))
    assert "[Login to Kite](" in (await trader.tool("login")).text
    assert [asked.method for asked in kite.upstream] == ["GET", "DELETE"]
    assert (await trader.tool("get_profile")).text == "Failed to execute get_profile"


async def test_a_swept_session_is_logged_out_at_kite(
    kite: KiteStandin, trader: HttpClient, clock: FakeClock
) -> None:
    clock.advance(hours=12, minutes=31)
    assert (await trader.post("ping")).status_code == 400
    assert [asked.method for asked in kite.upstream] == ["DELETE"]


@pytest.mark.parametrize(
    ("method", "params", "code", "told"),
    [
        ("tools/call", {"name": "convert_position"}, -32602, "tool 'convert_position' not found"),
        ("tools/call", [], -32600, "unparsable tools/call request"),
        ("resources/list", {}, -32601, "resources not supported"),
        ("no/such", {}, -32601, "Method no/such not found"),
    ],
)
async def test_what_cannot_be_called_is_an_error_of_the_protocol(
    trader: HttpClient, method: str, params: object, code: int, told: str
) -> None:
    answer = await trader.post(method, params)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (200, code)
    assert error["message"].startswith(told)


@pytest.mark.parametrize("body", ["{", "[]", '{"method": 1}', '{"method": "ping", "id": NaN}'])
async def test_a_body_that_is_no_message_is_refused(trader: HttpClient, body: str) -> None:
    headers = {"content-type": "application/json", "mcp-session-id": trader.session_id}
    answer = await trader.http.post(trader.url, content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32700)


async def test_orders_can_be_late_in_the_book_and_tools_can_fail_until_told_otherwise(
    kite: KiteStandin, trader: HttpClient
) -> None:
    kite.hide_new_orders(reads=1)
    await trader.read("place_order", **ORDER)
    assert [len(await trader.read("get_orders")) for _ in range(2)] == [0, 1]
    kite.fail("get_orders")
    assert [(await trader.tool("get_orders")).is_error for _ in range(2)] == [True, True]
    kite.troubles.clear("get_orders")
    assert not (await trader.tool("get_orders")).is_error


async def test_half_an_answer_and_an_empty_one_are_of_an_order_that_is_booked(
    kite: KiteStandin, trader: HttpClient
) -> None:
    kite.troubles.add("place_order", Trouble(Kind.CUT))
    with pytest.raises(httpx.RemoteProtocolError):
        await trader.tool("place_order", **ORDER)
    kite.troubles.add("place_order", Trouble(Kind.KITE_EMPTY))
    assert await trader.read("place_order", **ORDER) == {"order_id": ""}
    assert len(kite.oms.orders) == 2
