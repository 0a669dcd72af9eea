"""What a turn does, as AG-UI 1.0 events."""

import json
from collections.abc import Mapping, Sequence

from ag_ui.core import (
    ActivitySnapshotEvent,
    AssistantMessage,
    Interrupt,
    MessagesSnapshotEvent,
    RunErrorEvent,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    StateSnapshotEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
    UserMessage,
)
from pydantic import JsonValue

from adapters.ports import IdFactory
from app.conversation.event_log import EventLog
from app.persistence.runs import MessageRecord
from riskgate.contracts.base import time_text
from riskgate.contracts.cards import Card, CardKind, CardStatus

PROTOCOL_VERSION = "1.0"
APPROVAL_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean"},
        "comment": {"type": "string"},
        # A LIVE plan is not approved without it; for any other it says nothing.
        "acknowledge_risk": {"type": "boolean"},
    },
    "required": ["approved"],
}
ANSWER_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "properties": {"value": {"type": "string"}},
    "required": ["value"],
}


class AguiTurnEvents:
    """Implements agents.context.TurnEvents on a run's event log."""

    def __init__(self, log: EventLog, ids: IdFactory) -> None:
        self._log = log
        self._ids = ids
        self.cards: list[Card] = []
        self.texts: list[tuple[str, str]] = []

    def step_started(self, name: str) -> None:
        self._log.emit(StepStartedEvent(step_name=name))

    def step_finished(self, name: str) -> None:
        self._log.emit(StepFinishedEvent(step_name=name))

    def card(self, card: Card) -> None:
        self.cards.append(card)
        self._log.emit(
            ActivitySnapshotEvent(
                message_id=card.id,
                activity_type=card.kind.value,
                content=card.model_dump(mode="json"),
            )
        )

    def said(self, text: str) -> None:
        if not text:
            return
        message_id = self._ids.new("msg")
        self.texts.append((message_id, text))
        self._log.emit(TextMessageStartEvent(message_id=message_id, role="assistant"))
        self._log.emit(TextMessageContentEvent(message_id=message_id, delta=text))
        self._log.emit(TextMessageEndEvent(message_id=message_id))

    def tool_called(self, name: str, arguments: Mapping[str, JsonValue], summary: str) -> None:
        call_id = self._ids.new("call")
        self._log.emit(ToolCallStartEvent(tool_call_id=call_id, tool_call_name=name))
        self._log.emit(ToolCallArgsEvent(tool_call_id=call_id, delta=json.dumps(dict(arguments))))
        self._log.emit(ToolCallEndEvent(tool_call_id=call_id))
        self._log.emit(
            ToolCallResultEvent(
                message_id=self._ids.new("msg"),
                tool_call_id=call_id,
                content=summary,
                role="tool",
            )
        )


def started(thread_id: str, run_id: str) -> RunStartedEvent:
    return RunStartedEvent(thread_id=thread_id, run_id=run_id, protocol_version=PROTOCOL_VERSION)


def finished(
    thread_id: str, run_id: str, *, result: Mapping[str, JsonValue], interrupts: Sequence[Card]
) -> RunFinishedEvent:
    """End a run: with an interrupt for each card that waits for a person, else with success."""
    outcome = (
        RunFinishedInterruptOutcome(
            type="interrupt", interrupts=[_interrupt(card) for card in interrupts]
        )
        if interrupts
        else RunFinishedSuccessOutcome(type="success")
    )
    return RunFinishedEvent(
        thread_id=thread_id, run_id=run_id, result=dict(result), outcome=outcome
    )


def cancelled(thread_id: str, run_id: str, result: Mapping[str, JsonValue]) -> RunFinishedEvent:
    return RunFinishedEvent(
        thread_id=thread_id,
        run_id=run_id,
        result=dict(result),
        outcome=RunFinishedCancelledOutcome(type="cancelled"),
    )


def failed(message: str, code: str) -> RunErrorEvent:
    return RunErrorEvent(message=message, code=code)


def state_snapshot(state: Mapping[str, JsonValue]) -> StateSnapshotEvent:
    return StateSnapshotEvent(snapshot=dict(state))


def messages_snapshot(messages: Sequence[MessageRecord]) -> MessagesSnapshotEvent:
    """Show the thread so far."""
    return MessagesSnapshotEvent(
        messages=[
            UserMessage(id=item.message_id, role="user", content=item.content)
            if item.role == "user"
            else AssistantMessage(id=item.message_id, role="assistant", content=item.content)
            for item in messages
        ]
    )


def waiting(cards: Sequence[Card]) -> list[Card]:
    """Return the cards that wait for a person."""
    return [card for card in cards if card.status is CardStatus.PENDING]


def _interrupt(card: Card) -> Interrupt:
    asks = card.kind is CardKind.QUESTION
    return Interrupt(
        id=card.id,
        reason="input_required" if asks else "confirmation",
        message=card.title,
        response_schema=ANSWER_SCHEMA if asks else APPROVAL_SCHEMA,
        expires_at=None if card.expires_at is None else time_text(card.expires_at),
        metadata={"card": card.model_dump(mode="json")},
    )
