"""What is asked of a language model and what it answers; words only, never a decision."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, JsonValue

from riskgate.contracts.base import Code, Contract, Identifier, Number, Sha256, ShortText

LONGEST_MODEL_NAME: Final = 200
ModelName = Annotated[str, Field(min_length=1, max_length=LONGEST_MODEL_NAME)]


class ModelRole(StrEnum):
    """Who speaks in a request: our instructions, or what they are applied to."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class PortfolioTier(StrEnum):
    """How much of a portfolio a model may see: nothing, magnitudes, or positions without ids."""

    OFF = "OFF"
    DIGEST_ONLY = "DIGEST_ONLY"
    FULL_SANITIZED = "FULL_SANITIZED"


class ModelMessage(Contract):
    """One message of a request."""

    role: ModelRole
    content: Annotated[str, Field(max_length=100_000)]


class ModelRequest(Contract):
    """One question whose answer must be a JSON object of the schema.

    `prompt_name` and `prompt_sha256` name the versioned text that the instructions are.
    """

    messages: Annotated[tuple[ModelMessage, ...], Field(min_length=1)]
    schema_name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    json_schema: dict[str, JsonValue]
    prompt_name: Identifier
    prompt_sha256: Sha256


class ModelReply(Contract):
    """The model's words, and what they took; None where the endpoint does not say."""

    text: str
    model: ModelName
    tokens_in: Annotated[int, Field(ge=0)] | None = None
    tokens_out: Annotated[int, Field(ge=0)] | None = None


class ModelFailure(Contract):
    """Why there is no answer: a result, not an error. The turn goes on without a model."""

    code: Code
    message: ShortText


class ModelCall(Contract):
    """The record of one call: which prompt, what it took, how it ended (`ok` or a code).

    `cost` is in the currency that the prices are configured in; None where none are.
    """

    model: ModelName
    prompt_name: Identifier
    prompt_sha256: Sha256
    outcome: Annotated[str, Field(max_length=64)]
    tokens_in: Annotated[int, Field(ge=0)] | None = None
    tokens_out: Annotated[int, Field(ge=0)] | None = None
    duration_ms: Annotated[int, Field(ge=0)]
    cost: Number | None = None
