"""From an endpoint's chat completion to the model's own words."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.errors import ModelRefused, ModelReplyInvalid
from riskgate.contracts.models import LONGEST_MODEL_NAME, ModelReply

TOKENS_MOST: Final = 100_000_000
Count = Annotated[int, Field(ge=0, le=TOKENS_MOST)] | None


class _Wire(BaseModel):
    """A part of the answer as far as it is read; endpoints add fields of their own."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Message(_Wire):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Wire):
    message: _Message
    finish_reason: str | None = None


class _Usage(_Wire):
    prompt_tokens: Count = None
    completion_tokens: Count = None


class _Completion(_Wire):
    model: str | None = None
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


def reply_of(body: bytes, asked_model: str) -> ModelReply:
    """Return the first choice's text; raises ModelRefused or ModelReplyInvalid."""
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError:
        raise ModelReplyInvalid("the endpoint's answer is no chat completion") from None
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise ModelRefused("the model refused to answer")
    if choice.finish_reason == "length":
        raise ModelReplyInvalid("the model's answer was cut off at the most tokens it may take")
    if not choice.message.content:
        raise ModelReplyInvalid("the model answered nothing")
    usage = completion.usage or _Usage()
    return ModelReply(
        text=choice.message.content,
        model=_printable(completion.model or "") or asked_model,
        tokens_in=usage.prompt_tokens,
        tokens_out=usage.completion_tokens,
    )


def _printable(name: str) -> str:
    return "".join(char for char in name if char.isprintable())[:LONGEST_MODEL_NAME]
