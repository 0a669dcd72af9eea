"""An AG-UI consumer as strict as the protocol: every event must be valid and every start ended."""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx
from ag_ui.core import Event
from pydantic import TypeAdapter

JsonObject: TypeAlias = dict[str, Any]
EVENT: TypeAdapter[Any] = TypeAdapter(Event)
PARTS = {
    "STEP_STARTED": ("STEP_FINISHED", "stepName"),
    "TEXT_MESSAGE_START": ("TEXT_MESSAGE_END", "messageId"),
    "TOOL_CALL_START": ("TOOL_CALL_END", "toolCallId"),
}
INSIDE = {"TEXT_MESSAGE_CONTENT": "messageId", "TOOL_CALL_ARGS": "toolCallId"}
LAST = {"RUN_FINISHED", "RUN_ERROR"}


@dataclass(frozen=True)
class Run:
    """The events of one run, in order, as the wire had them."""

    events: tuple[JsonObject, ...]
    ids: tuple[str, ...]

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def last(self) -> JsonObject:
        return self.events[-1]

    @property
    def interrupts(self) -> list[JsonObject]:
        found: list[JsonObject] = self.last["outcome"]["interrupts"]
        return found

    def of(self, kind: str) -> list[JsonObject]:
        return [event for event in self.events if event["type"] == kind]


def run_input(message: str, *, thread: str = "t1", run: str = "r1", **more: Any) -> JsonObject:
    """Return a RunAgentInput as a client sends it."""
    return {
        "threadId": thread,
        "runId": run,
        "protocolVersion": "1.0",
        "state": {},
        "messages": [{"id": "m1", "role": "user", "content": message}],
        "tools": [],
        "context": [],
        "forwardedProps": {},
        **more,
    }


def answer(interrupt_id: str, status: str = "resolved", payload: Any = None) -> JsonObject:
    """Return one entry of a resume."""
    entry = {"interruptId": interrupt_id, "status": status}
    return entry if payload is None else {**entry, "payload": payload}


async def send(client: httpx.AsyncClient, body: JsonObject) -> Run:
    """Run it, check every rule of the protocol that holds for any run, and return its events."""
    response = await client.post("/agui", json=body, headers={"Accept": "text/event-stream"})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    run = read(response.text)
    check_rules(run)
    assert {event["runId"] for event in run.of("RUN_STARTED")} == {body["runId"]}
    return run


def read(text: str) -> Run:
    events: list[JsonObject] = []
    ids: list[str] = []
    for frame in text.split("\n\n"):
        fields = [line.partition(": ") for line in frame.splitlines() if not line.startswith(":")]
        data = "\n".join(value for name, _, value in fields if name == "data")
        if data:
            events.append(json.loads(data))
            ids += [value for name, _, value in fields if name == "id"]
    return Run(tuple(events), tuple(ids))


def check_rules(run: Run) -> None:
    """Assert what holds for every run, however it ends."""
    for event in run.events:
        validated = EVENT.validate_python(event)
        again = json.loads(validated.model_dump_json(by_alias=True, exclude_none=True))
        assert {**again, "rawEvent": None} == {**event, "rawEvent": None}
        assert not any("_" in name for name in event), event
        assert None not in event.values(), event
    assert run.kinds[0] == "RUN_STARTED"
    assert run.events[0]["protocolVersion"] == "1.0"
    assert run.kinds.count("RUN_STARTED") == 1
    assert run.kinds[-1] in LAST
    assert not LAST & set(run.kinds[:-1])
    _check_pairs(run)
    if run.last.get("outcome", {}).get("type") == "interrupt":
        assert run.kinds[-3:-1] == ["STATE_SNAPSHOT", "MESSAGES_SNAPSHOT"]


def _check_pairs(run: Run) -> None:
    open_now: set[tuple[str, str]] = set()
    for event in run.events:
        kind = event["type"]
        for start, (end, name) in PARTS.items():
            if kind == start:
                assert (start, event[name]) not in open_now, event
                open_now.add((start, event[name]))
            if kind == end:
                open_now.remove((start, event[name]))
        if kind in INSIDE:
            assert any(ident == event[INSIDE[kind]] for _, ident in open_now), event
        if kind in LAST - {"RUN_ERROR"}:
            assert open_now == set()
