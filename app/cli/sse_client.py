"""Follow a run's server-sent events, picking up a cut stream where it stopped."""

import codecs
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import httpx

Event: TypeAlias = dict[str, Any]

MOST_RESUMES: Final = 5
FIRST_WAIT_S: Final = 0.4
LAST_EVENTS: Final = frozenset({"RUN_FINISHED", "RUN_ERROR"})
STREAM_ACCEPT: Final = "text/event-stream"


class ChatError(Exception):
    """What stopped a request, in words for a person."""

    def __init__(self, message: str, *, code: str, remedy: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.remedy = remedy
        self.request_id = request_id


class ServerUnreachable(ChatError):
    """Nothing answers at the address."""


class ServerRefused(ChatError):
    """The server answered with a problem; `body` is the problem as it came."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(
            str(body.get("detail") or body.get("title") or f"the server answered {status}"),
            code=str(body.get("code") or f"HTTP_{status}"),
            remedy=str(body.get("remediation") or ""),
            request_id=str(body.get("request_id") or ""),
        )
        self.status = status
        self.body = dict(body)


class StreamLost(ChatError):
    """The events stopped coming and could not be picked up again."""


@dataclass(frozen=True)
class ServerEvent:
    """One event as the wire had it."""

    data: str
    event: str = "message"
    id: str | None = None


@dataclass
class SseParser:
    """Turns bytes, cut anywhere, into events; follows the WHATWG event-stream rules."""

    retry_ms: int | None = None
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8-sig")("replace")
    )
    _rest: str = ""
    _data: list[str] = field(default_factory=list)
    _event: str = "message"
    _id: str | None = None

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Return the events that this piece completes."""
        self._rest += self._decoder.decode(chunk)
        events: list[ServerEvent] = []
        while (line := self._take_line()) is not None:
            if line:
                self._read(line)
            elif self._data:
                events.append(ServerEvent("\n".join(self._data), self._event, self._id))
            if not line:
                self._data, self._event, self._id = [], "message", None
        return events

    def _take_line(self) -> str | None:
        ends = [at for at in (self._rest.find("\r"), self._rest.find("\n")) if at >= 0]
        if not ends:
            return None
        end = min(ends)
        # A CR at the very end may be half of a CRLF whose LF is still on its way.
        if self._rest[end] == "\r" and end == len(self._rest) - 1:
            return None
        line = self._rest[:end]
        width = 2 if self._rest.startswith("\r\n", end) else 1
        self._rest = self._rest[end + width :]
        return line

    def _read(self, line: str) -> None:
        name, _colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value or "message"
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_ms = int(value)


@dataclass
class _Seen:
    last_id: str | None = None
    run_id: str = ""
    seq: int = -1
    over: bool = False
    progress: bool = False


@dataclass(frozen=True, kw_only=True)
class RunFollower:
    """Starts runs and yields their events.

    Asking for events again changes nothing, so a cut stream is resumed a bounded number of
    times; the request that starts a run is sent once only.
    """

    client: httpx.Client
    on_resume: Callable[[int, int], None] = lambda _attempt, _most: None
    sleep: Callable[[float], None] = time.sleep

    def follow(self, path: str, body: Mapping[str, Any], *, key: str) -> Iterator[Event]:
        """Send a request that starts a run and yield its events to the last.

        Where the message was its own approval, the run that carries it out comes after it.
        Raises ServerUnreachable, ServerRefused or StreamLost.
        """
        seen = _Seen()
        headers = {"Accept": STREAM_ACCEPT, "Idempotency-Key": key}
        request = self.client.build_request("POST", path, json=dict(body), headers=headers)
        yield from self._read_first(request, seen)
        failures = 0
        while not seen.over:
            if not seen.run_id:
                raise _lost_at_the_start()
            failures = 1 if seen.progress else failures + 1
            seen.progress = False
            if failures > MOST_RESUMES:
                raise _lost(seen.run_id)
            self.on_resume(failures, MOST_RESUMES)
            self.sleep(FIRST_WAIT_S * 2 ** (failures - 1))
            yield from self._read_again(seen)

    def _read_first(self, request: httpx.Request, seen: _Seen) -> Iterator[Event]:
        response = open_stream(self.client, request)
        try:
            seen.run_id = response.headers.get("x-run-id", "")
            yield from _events(response, seen)
        finally:
            response.close()

    def _read_again(self, seen: _Seen) -> Iterator[Event]:
        headers = {"Accept": STREAM_ACCEPT}
        if seen.last_id:
            headers["Last-Event-ID"] = seen.last_id
        request = self.client.build_request(
            "GET", f"/api/v1/runs/{seen.run_id}/events", headers=headers
        )
        try:
            response = open_stream(self.client, request)
        except ServerUnreachable:
            return
        except ServerRefused as refused:
            if refused.status < 500:
                raise
            return
        try:
            seen.over = response.status_code == 204
            yield from _events(response, seen)
        finally:
            response.close()


def open_stream(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send a request and return its open answer; raises ServerUnreachable or ServerRefused."""
    try:
        response = client.send(request, stream=True)
    except httpx.TransportError as error:
        raise unreachable(client, error) from error
    if response.is_success:
        return response
    try:
        raise refusal(response)
    finally:
        response.close()


def unreachable(client: httpx.Client, error: httpx.TransportError) -> ServerUnreachable:
    """Say that nothing answers, and how to start it."""
    return ServerUnreachable(
        f"no SigmaTrader server answers at {client.base_url} ({type(error).__name__})",
        code="SERVER_UNREACHABLE",
        remedy="Start it with 'make run', or name its address with --url.",
    )


def refusal(response: httpx.Response) -> ServerRefused:
    """Read a problem answer, whatever its body is."""
    try:
        body = json.loads(response.read())
    except (ValueError, httpx.TransportError):
        body = {}
    return ServerRefused(response.status_code, body if isinstance(body, dict) else {})


def _events(response: httpx.Response, seen: _Seen) -> Iterator[Event]:
    parser = SseParser()
    try:
        for chunk in response.iter_bytes():
            for frame in parser.feed(chunk):
                event = _take(frame, seen)
                if event is not None:
                    yield event
    except httpx.TransportError:
        # The caller resumes: what was read stays read.
        return


def _take(frame: ServerEvent, seen: _Seen) -> Event | None:
    run_id, colon, seq = (frame.id or "").rpartition(":")
    if colon and seq.isascii() and seq.isdigit():
        if run_id == seen.run_id and int(seq) <= seen.seq:
            return None
        seen.last_id, seen.run_id, seen.seq, seen.progress = frame.id, run_id, int(seq), True
    event = _parse(frame.data)
    seen.over = event.get("type") in LAST_EVENTS
    return event


def _parse(data: str) -> Event:
    try:
        event = json.loads(data)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise StreamLost(
            "the server sent an event that is not JSON",
            code="BAD_EVENT",
            remedy="Look at the orders before you send it again.",
        )
    return event


def _lost_at_the_start() -> StreamLost:
    return StreamLost(
        "the connection was lost before the server said anything",
        code="CONNECTION_LOST",
        remedy="Look at the orders and the waiting cards before you send it again.",
    )


def _lost(run_id: str) -> StreamLost:
    return StreamLost(
        f"the connection was lost and did not come back; run {run_id} goes on without us",
        code="CONNECTION_LOST",
        remedy="Ask for 'orders' when the server is back.",
    )
