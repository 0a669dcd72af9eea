"""A run's events as server-sent events: stored first, numbered, resumable."""

import re
from collections.abc import AsyncIterator

from fastapi import Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from app.conversation.event_log import NumberedEvent
from app.errors import InvalidRequest

RETRY_MS = 3_000
KEEPALIVE_S = 15
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
EVENT_ID = re.compile(r"(?:(?P<run>.+):)?(?P<seq>\d{1,9})")


def wants_stream(request: Request) -> bool:
    """Say whether the client asked for server-sent events."""
    return "text/event-stream" in request.headers.get("accept", "")


def stream(run_id: str, events: AsyncIterator[NumberedEvent]) -> EventSourceResponse:
    """Answer with a run's events; leaving does not stop the run."""
    return EventSourceResponse(
        _frames(run_id, events),
        ping=KEEPALIVE_S,
        ping_message_factory=lambda: ServerSentEvent(comment="keepalive"),
        headers={**HEADERS, "X-Run-ID": run_id},
    )


def resume_after(request: Request, run_id: str, after: int | None) -> int:
    """Return the number after which a client wants a run's events.

    Raises InvalidRequest for an event id of another run or of no run.
    """
    given = request.headers.get("last-event-id")
    if given is None:
        return after or 0
    match = EVENT_ID.fullmatch(given)
    if match is None or match["run"] not in (None, run_id):
        raise InvalidRequest(
            f"Last-Event-ID is not an event of run {run_id}",
            remedy="Send the id of the last event you had of this run, or none.",
        )
    return int(match["seq"])


async def _frames(
    run_id: str, events: AsyncIterator[NumberedEvent]
) -> AsyncIterator[ServerSentEvent]:
    async for event in events:
        event_id = f"{event.run_id or run_id}:{event.seq}"
        yield ServerSentEvent(data=event.text, id=event_id, retry=RETRY_MS, sep="\n")
