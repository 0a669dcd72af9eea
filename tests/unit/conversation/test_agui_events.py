"""What a turn does, in AG-UI's own words."""

import json
from typing import Any, cast

import pytest
from ag_ui.core import BaseEvent

from app.conversation import agui_events
from app.conversation.agui_events import ANSWER_SCHEMA, APPROVAL_SCHEMA, AguiTurnEvents
from app.conversation.event_log import EventLog
from app.persistence.runs import MessageRecord
from riskgate.contracts.cards import Card, CardKind, CardStatus
from tests.builders import a_card
from tests.fakes.ids import CountingIds


class MemoryLog:
    """Keeps what is emitted, as it goes on the wire."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def emit(self, event: BaseEvent) -> None:
        self.events.append(wire(event))


def wire(event: BaseEvent) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(event.model_dump_json(by_alias=True, exclude_none=True))
    return said


def turn() -> tuple[AguiTurnEvents, MemoryLog]:
    log = MemoryLog()
    return AguiTurnEvents(cast(EventLog, log), CountingIds()), log


def test_a_sentence_is_a_whole_text_message_and_is_kept() -> None:
    events, log = turn()
    events.said("Hello.")
    events.said("")
    assert log.events == [
        {"type": "TEXT_MESSAGE_START", "messageId": "msg_1", "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "msg_1", "delta": "Hello."},
        {"type": "TEXT_MESSAGE_END", "messageId": "msg_1"},
    ]
    assert events.texts == [("msg_1", "Hello.")]


def test_a_tool_call_is_started_given_its_arguments_ended_and_answered() -> None:
    events, log = turn()
    events.tool_called("get_quotes", {"instruments": ["NSE:INFY"]}, "1 of 1 quotes")
    assert log.events == [
        {"type": "TOOL_CALL_START", "toolCallId": "call_1", "toolCallName": "get_quotes"},
        {
            "type": "TOOL_CALL_ARGS",
            "toolCallId": "call_1",
            "delta": '{"instruments": ["NSE:INFY"]}',
        },
        {"type": "TOOL_CALL_END", "toolCallId": "call_1"},
        {
            "type": "TOOL_CALL_RESULT",
            "messageId": "msg_2",
            "toolCallId": "call_1",
            "content": "1 of 1 quotes",
            "role": "tool",
        },
    ]


def test_a_step_is_started_and_finished_by_its_name() -> None:
    events, log = turn()
    events.step_started("gate")
    events.step_finished("gate")
    assert log.events == [
        {"type": "STEP_STARTED", "stepName": "gate"},
        {"type": "STEP_FINISHED", "stepName": "gate"},
    ]


def test_a_card_is_an_activity_of_its_kind_with_the_whole_card_in_it() -> None:
    events, log = turn()
    events.card(a_card())
    assert events.cards == [a_card()]
    (shown,) = log.events
    content = shown.pop("content")
    assert {"type": "ACTIVITY_SNAPSHOT", "messageId": "card-1"}.items() <= shown.items()
    assert shown["activityType"] == "trade_plan"
    assert {k: v for k, v in a_card().model_dump(mode="json").items() if v is not None}.items() <= (
        content.items()
    )


def test_a_run_starts_with_the_version_of_the_protocol() -> None:
    assert wire(agui_events.started("thread-1", "run-1")) == {
        "type": "RUN_STARTED",
        "threadId": "thread-1",
        "runId": "run-1",
        "protocolVersion": "1.0",
    }


def test_a_run_without_a_waiting_card_ends_with_success() -> None:
    event = agui_events.finished("thread-1", "run-1", result={"ok": True}, interrupts=[])
    assert wire(event) == {
        "type": "RUN_FINISHED",
        "threadId": "thread-1",
        "runId": "run-1",
        "result": {"ok": True},
        "outcome": {"type": "success"},
    }


QUESTION = a_card(id="card-2", kind=CardKind.QUESTION, title="How many?", expires_at=None)


@pytest.mark.parametrize(
    ("card", "reason", "schema", "expiry"),
    [
        (a_card(), "confirmation", APPROVAL_SCHEMA, {"expiresAt": "2026-03-02T06:05:00.000000Z"}),
        (QUESTION, "input_required", ANSWER_SCHEMA, {}),
    ],
)
def test_a_waiting_card_is_an_interrupt_that_says_what_answer_it_takes(
    card: Card, reason: str, schema: dict[str, Any], expiry: dict[str, str]
) -> None:
    event = agui_events.finished("thread-1", "run-1", result={}, interrupts=[card])
    outcome = wire(event)["outcome"]
    (interrupt,) = outcome["interrupts"]
    metadata = interrupt.pop("metadata")
    assert outcome["type"] == "interrupt"
    assert interrupt == {
        "id": card.id,
        "reason": reason,
        "message": card.title,
        "responseSchema": schema,
        **expiry,
    }
    assert metadata["card"]["id"] == card.id


def test_a_run_can_be_cancelled_or_fail_with_its_code() -> None:
    assert wire(agui_events.cancelled("thread-1", "run-1", {"n": 1}))["outcome"] == {
        "type": "cancelled"
    }
    assert wire(agui_events.failed("It broke.", "INTERNAL")) == {
        "type": "RUN_ERROR",
        "message": "It broke.",
        "code": "INTERNAL",
    }


def test_a_thread_is_shown_with_who_said_what() -> None:
    event = agui_events.messages_snapshot(
        [
            MessageRecord(message_id="m-1", role="user", content="buy"),
            MessageRecord(message_id="m-2", role="assistant", content="How many?"),
        ]
    )
    assert wire(event) == {
        "type": "MESSAGES_SNAPSHOT",
        "messages": [
            {"id": "m-1", "role": "user", "content": "buy"},
            {"id": "m-2", "role": "assistant", "content": "How many?"},
        ],
    }
    assert wire(agui_events.state_snapshot({"a": 1})) == {
        "type": "STATE_SNAPSHOT",
        "snapshot": {"a": 1},
    }


def test_only_pending_cards_wait_for_a_person() -> None:
    cards = [a_card(id=f"card-{status}", status=status) for status in CardStatus]
    assert [card.status for card in agui_events.waiting(cards)] == [CardStatus.PENDING]
