"""The state of a turn: plain JSON, so that a checkpoint can hold it across a restart."""

from typing import Any, Literal, TypeAlias, TypedDict

JsonObject: TypeAlias = dict[str, Any]
Path: TypeAlias = Literal["plan", "ask", "answer", "cancel", "stop"]


class TurnState(TypedDict, total=False):
    """What the nodes add, in order; a node returns only the keys it decides."""

    message: str
    kind: str
    path: Path
    parsed: JsonObject
    draft: JsonObject | None
    question: str
    supersedes: str | None
    cancels: list[str]
    wants_more: bool
    reading: JsonObject
    worded: JsonObject
    intent: JsonObject
    plan_id: str
    plan_hash: str
    decision: JsonObject
    card_id: str
    approval: JsonObject
    approved_by: str | None
    orders: list[JsonObject]
    reconciliation: JsonObject | None
    inputs_used: JsonObject
    outcome: str
    error_code: str | None
    explanations: list[str]


class Resumption(TypedDict):
    """What wakes a waiting turn. The stored card decides; this only explains a refusal."""

    card_id: str
    refusal: JsonObject | None
    decision: JsonObject | None
    trip: str | None


def refused(outcome: str, code: str, *sentences: str) -> TurnState:
    """Return the state of a turn that ends without an order, with the reason."""
    return {
        "path": "stop",
        "outcome": outcome,
        "error_code": code,
        "explanations": [as_sentence(text) for text in sentences if text],
    }


def as_sentence(text: str) -> str:
    """Write a message with a capital and a full stop."""
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."
