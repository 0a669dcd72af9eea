"""The event-stream parser and the follower that survives cut streams."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from app.cli.sse_client import (
    MOST_RESUMES,
    RunFollower,
    ServerEvent,
    ServerRefused,
    ServerUnreachable,
    SseParser,
    StreamLost,
)

STREAM = (
    b"retry: 3000\n\n"
    b": keepalive\n\n"
    b'id: run_1:1\ndata: {"a":\ndata: 1}\n\n'
    b"event: odd\r\nid: run_1:2\r\ndata:tight\r\n\r\n"
    b"id: run_1:3\rdata:  two spaces \xe2\x82\xb9\r\r\n"
    b"data\n\n"
    b"id: only\n\n"
    b"data: never ended\n"
)
EVENTS = [
    ServerEvent('{"a":\n1}', "message", "run_1:1"),
    ServerEvent("tight", "odd", "run_1:2"),
    ServerEvent(" two spaces ₹", "message", "run_1:3"),
    ServerEvent("", "message", None),
]


def test_a_whole_stream_is_read_by_the_rules() -> None:
    parser = SseParser()
    assert parser.feed(STREAM) == EVENTS
    assert parser.retry_ms == 3000


def test_every_place_a_stream_may_be_cut_gives_the_same_events() -> None:
    for cut in range(len(STREAM)):
        parser = SseParser()
        assert parser.feed(STREAM[:cut]) + parser.feed(STREAM[cut:]) == EVENTS, cut


def test_a_stream_byte_by_byte_gives_the_same_events() -> None:
    parser = SseParser()
    assert [event for byte in STREAM for event in parser.feed(bytes([byte]))] == EVENTS


def test_a_byte_order_mark_bad_ids_and_bad_retries_are_passed_over() -> None:
    parser = SseParser()
    events = parser.feed(b"\xef\xbb\xbfdata: x\nid: a\0b\nretry: soon\nunknown: y\n\n")
    assert events == [ServerEvent("x", "message", None)]
    assert parser.retry_ms is None


# Following a run

Answer = Callable[[httpx.Request], httpx.Response]


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


RUN = [
    event("RUN_STARTED", runId="run_1", threadId="thr_1"),
    event("STEP_STARTED", stepName="parse"),
    event("STEP_FINISHED", stepName="parse"),
    event("RUN_FINISHED", result={}),
]


def frames(events: list[dict[str, Any]], first: int = 1) -> bytes:
    return b"".join(
        f"id: run_1:{number}\ndata: {json.dumps(item)}\n\n".encode()
        for number, item in enumerate(events, first)
    )


class Broken(httpx.SyncByteStream):
    """A body that breaks off."""

    def __init__(self, sent: bytes) -> None:
        self.sent = sent

    def __iter__(self) -> Iterator[bytes]:
        yield self.sent
        raise httpx.ReadError("cut")


def ok(body: bytes) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(body))


def cut(body: bytes) -> httpx.Response:
    return httpx.Response(200, stream=Broken(body))


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"detail": "no", "code": code, "remediation": "do"})


class Script:
    """Answers requests one after another and remembers them."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def follow(self) -> list[dict[str, Any]]:
        transport = httpx.MockTransport(self)
        with httpx.Client(base_url="http://server", transport=transport) as client:
            follower = RunFollower(client=client, sleep=self.waits.append)
            return list(follower.follow("/api/v1/chat", {"message": "hi"}, key="k1"))


def test_a_run_is_followed_to_its_last_event() -> None:
    script = Script(ok(frames(RUN)))
    assert script.follow() == RUN
    sent = script.requests[0]
    assert (sent.method, sent.url.path, json.loads(sent.content)) == (
        "POST",
        "/api/v1/chat",
        {"message": "hi"},
    )
    assert sent.headers["accept"] == "text/event-stream"
    assert sent.headers["idempotency-key"] == "k1"


def test_a_run_that_carries_the_first_one_on_is_followed_in_the_same_stream() -> None:
    second = frames(RUN).replace(b"id: run_1:", b"id: run_2:")
    script = Script(ok(frames(RUN) + second))
    assert script.follow() == [*RUN, *RUN]
    assert len(script.requests) == 1


def test_a_carrying_run_that_is_cut_is_resumed_by_its_own_id() -> None:
    second = frames(RUN[:2]).replace(b"id: run_1:", b"id: run_2:")
    rest = frames(RUN[2:], first=3).replace(b"id: run_1:", b"id: run_2:")
    script = Script(cut(frames(RUN) + second), ok(rest))
    assert script.follow() == [*RUN, *RUN]
    assert script.requests[1].url.path == "/api/v1/runs/run_2/events"
    assert script.requests[1].headers["last-event-id"] == "run_2:2"


@pytest.mark.parametrize("kept", range(1, len(RUN)))
def test_a_run_cut_anywhere_is_resumed_after_the_last_event_seen(kept: int) -> None:
    script = Script(cut(frames(RUN[:kept])), ok(frames(RUN)))
    assert script.follow() == RUN
    again = script.requests[1]
    assert (again.method, again.url.path) == ("GET", "/api/v1/runs/run_1/events")
    assert again.headers["last-event-id"] == f"run_1:{kept}"


def test_a_stream_that_ends_early_without_an_error_is_resumed_too() -> None:
    script = Script(ok(frames(RUN[:2])), ok(frames(RUN[2:], first=3)))
    assert script.follow() == RUN


def test_failing_resumes_wait_longer_and_are_bounded() -> None:
    down = [httpx.ConnectError("down") for _ in range(MOST_RESUMES)]
    script = Script(cut(frames(RUN[:1])), *down)
    with pytest.raises(StreamLost, match="run_1 goes on"):
        script.follow()
    assert script.waits == sorted(script.waits)
    assert len(script.waits) == MOST_RESUMES


def test_a_server_error_while_resuming_is_tried_again() -> None:
    script = Script(cut(frames(RUN[:1])), problem(503, "UNAVAILABLE"), ok(frames(RUN)))
    assert script.follow() == RUN


def test_a_refusal_while_resuming_ends_it() -> None:
    script = Script(cut(frames(RUN[:1])), problem(404, "NOT_FOUND"))
    with pytest.raises(ServerRefused) as refused:
        script.follow()
    assert refused.value.code == "NOT_FOUND"


def test_nothing_left_to_send_ends_the_run() -> None:
    script = Script(cut(frames(RUN[:2])), httpx.Response(204))
    assert script.follow() == RUN[:2]


def test_the_request_that_starts_a_run_is_never_repeated() -> None:
    script = Script(cut(b": keepalive\n\n"))
    with pytest.raises(StreamLost, match="before the server said anything"):
        script.follow()
    assert len(script.requests) == 1


def test_a_stream_cut_before_its_first_event_is_resumed_by_its_runs_id() -> None:
    first = cut(b": keepalive\n\n")
    first.headers["X-Run-ID"] = "run_1"
    script = Script(first, ok(frames(RUN)))
    assert script.follow() == RUN
    again = script.requests[1]
    assert (again.method, again.url.path) == ("GET", "/api/v1/runs/run_1/events")
    assert "last-event-id" not in again.headers


def test_a_server_that_is_not_there_is_said_with_how_to_start_it() -> None:
    with pytest.raises(ServerUnreachable, match="http://server") as nobody:
        Script(httpx.ConnectError("refused")).follow()
    assert "make run" in nobody.value.remedy


def test_a_problem_keeps_its_code_and_remedy() -> None:
    with pytest.raises(ServerRefused) as refused:
        Script(problem(401, "UNAUTHORIZED")).follow()
    assert (refused.value.status, refused.value.code, refused.value.remedy) == (
        401,
        "UNAUTHORIZED",
        "do",
    )


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_a_refusal_without_a_problem_body_still_says_its_status(body: bytes) -> None:
    with pytest.raises(ServerRefused, match="the server answered 502") as refused:
        Script(httpx.Response(502, content=body)).follow()
    assert refused.value.code == "HTTP_502"


@pytest.mark.parametrize("data", ["nonsense", "[1]"])
def test_an_event_that_is_not_json_is_named(data: str) -> None:
    with pytest.raises(StreamLost, match="not JSON"):
        Script(ok(f"id: run_1:1\ndata: {data}\n\n".encode())).follow()
