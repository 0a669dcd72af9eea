"""The closed grammar of a model's answer: what it read, and the very words it read it in.

Nothing in an answer is believed. Each value comes with words of the message, and code reads those
words again; a model can name no price, size or instrument that the words do not carry.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, ValidationError

from agents.intent.model import MessageKind, QueryTopic
from riskgate.contracts.base import Contract
from riskgate.contracts.intents import OffsetKind, SizingMethod

ANSWER_MAX: Final = 20_000
Value = Annotated[str, Field(max_length=60)]
Words = Annotated[str, Field(max_length=200)]


class Said(Contract):
    """A value, and the words of the message that say it, letter for letter."""

    value: Value
    words: Words


class SaidSize(Contract):
    method: SizingMethod
    value: Value
    words: Words


class SaidOffset(Contract):
    kind: OffsetKind
    value: Value
    words: Words


class OrderAnswer(Contract):
    """One order; what was not said is null."""

    side: Said | None
    symbols: Annotated[tuple[Said, ...], Field(max_length=10)]
    size: SaidSize | None
    product: Said | None
    order_type: Said | None
    limit_price: Said | None
    trigger_price: Said | None
    stop_loss: SaidOffset | None
    target: SaidOffset | None
    validity: Said | None


class Look(Contract):
    """Something the model would like to see before it answers; only what may be seen is shown."""

    tool: Annotated[str, Field(max_length=60)]
    symbols: Annotated[tuple[Value, ...], Field(max_length=5)]


class ModelAnswer(Contract):
    """What a message is for. `wants` asks a person, never code, for more of the portfolio."""

    kind: MessageKind
    topic: QueryTopic | None
    symbols: Annotated[tuple[Said, ...], Field(max_length=10)]
    orders: Annotated[tuple[OrderAnswer, ...], Field(max_length=10)]
    looks: Annotated[tuple[Look, ...], Field(max_length=3)]
    wants: Literal["nothing", "portfolio_detail"]


class Malformed(Contract):
    """An answer that is not of the grammar: where it goes wrong, without a word of its own."""

    where: str


def answer_schema() -> dict[str, JsonValue]:
    """Return the JSON Schema that the model is asked to keep to."""
    schema: dict[str, JsonValue] = ModelAnswer.model_json_schema()
    return schema


def read_answer(text: str) -> ModelAnswer | Malformed:
    """Read a model's text; fences around the object are forgiven, nothing else is."""
    if len(text) > ANSWER_MAX:
        return Malformed(where=f"the answer has more than {ANSWER_MAX} characters")
    try:
        return ModelAnswer.model_validate_json(_unfenced(text))
    except ValidationError as invalid:
        places = {".".join(map(_place, error["loc"])) or "the whole" for error in invalid.errors()}
        return Malformed(where=", ".join(sorted(places)[:8]))


def _unfenced(text: str) -> str:
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```"):
        return bare.strip("`").removeprefix("json").strip()
    return bare


def _place(part: str | int) -> str:
    """Name a place without repeating a key that the model made up."""
    return str(part) if isinstance(part, int) or part in KNOWN_PLACES else "an unknown key"


KNOWN_PLACES: Final = frozenset(
    name for model in (ModelAnswer, OrderAnswer, Said, SaidSize, SaidOffset, Look)
    for name in model.model_fields
)  # fmt: skip
