"""Any OpenAI-compatible endpoint as a language model."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import httpx2
import openai
from pydantic import SecretStr

from adapters.errors import ModelError, ModelRefused, ModelUnavailable
from adapters.llm.reply import reply_of
from adapters.llm.wire import GuardedTransport
from riskgate.contracts.models import ModelReply, ModelRequest

DIALECT_REFUSED: Final = frozenset({400, 404, 415, 422, 501})
NO_KEY: Final = "none"


class Shape(StrEnum):
    """How an answer of a schema is asked for."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PLAIN = "plain"


# An endpoint knows some row of these and all below it. Newer OpenAI models take no temperature
# and know the limit by another name.
DIALECTS: Final = (
    (Shape.JSON_SCHEMA, "max_tokens"),
    (Shape.JSON_SCHEMA, "max_completion_tokens"),
    (Shape.JSON_OBJECT, "max_tokens"),
    (Shape.PLAIN, "max_completion_tokens"),
)


@dataclass(frozen=True, kw_only=True)
class ModelEndpoint:
    """Where the model is and how much one answer may take. `timeout_s` is for the whole call."""

    url: str
    api_key: SecretStr | None
    model: str
    timeout_s: float
    tokens_max: int
    reply_bytes_max: int


class OpenAIModel:
    """Implements LanguageModel. An endpoint that refuses a dialect is asked in the next one within
    the same time, and what it took is spoken from then on."""

    def __init__(
        self,
        endpoint: ModelEndpoint,
        *,
        never: tuple[SecretStr, ...] = (),
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._dialect = 0
        key = endpoint.api_key
        guarded = GuardedTransport(
            transport or httpx2.AsyncHTTPTransport(retries=0),
            reply_bytes_max=endpoint.reply_bytes_max,
            never=never if key is None else (*never, key),
        )
        self._client = openai.AsyncOpenAI(
            api_key=key.get_secret_value() if key else NO_KEY,
            base_url=endpoint.url,
            max_retries=0,
            timeout=endpoint.timeout_s,
            http_client=httpx2.AsyncClient(
                transport=guarded, timeout=endpoint.timeout_s, follow_redirects=False
            ),
        )

    @property
    def name(self) -> str:
        return self._endpoint.model

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Return one answer; the whole of it, in whatever dialects, takes `timeout_s` at most."""
        try:
            async with asyncio.timeout(self._endpoint.timeout_s):
                return await self._in_some_dialect(request)
        except TimeoutError:
            raise ModelUnavailable(
                f"the model did not answer within {self._endpoint.timeout_s} seconds"
            ) from None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _in_some_dialect(self, request: ModelRequest) -> ModelReply:
        for at in range(self._dialect, len(DIALECTS)):
            try:
                reply = await self._once(request, *DIALECTS[at])
            except openai.APIStatusError as error:
                if error.status_code not in DIALECT_REFUSED or at == len(DIALECTS) - 1:
                    raise _failure(error) from None
            except (openai.OpenAIError, httpx2.HTTPError) as error:
                raise ModelUnavailable(
                    f"the model cannot be reached ({type(error).__name__})"
                ) from None
            else:
                self._dialect = at
                return reply
        raise AssertionError("the last dialect is answered or refused")

    async def _once(self, request: ModelRequest, shape: Shape, limit: str) -> ModelReply:
        completions: Any = self._client.chat.completions.with_streaming_response
        exact = {"temperature": 0} if limit == "max_tokens" else {}
        async with completions.create(
            model=self._endpoint.model,
            messages=[
                {"role": each.role.value, "content": each.content} for each in request.messages
            ],
            **{limit: self._endpoint.tokens_max},
            **exact,
            **_format(request, shape),
        ) as answer:
            body = b"".join([chunk async for chunk in answer.iter_bytes()])
        return reply_of(body, self._endpoint.model)


def _format(request: ModelRequest, shape: Shape) -> dict[str, object]:
    if shape is Shape.PLAIN:
        return {}
    if shape is Shape.JSON_OBJECT:
        return {"response_format": {"type": "json_object"}}
    schema = {"name": request.schema_name, "strict": True, "schema": request.json_schema}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _failure(error: openai.APIStatusError) -> ModelError:
    """Name a failure without a word of the endpoint's, which may quote the key or the request."""
    status = error.status_code
    if status in {401, 403}:
        return ModelRefused(f"the endpoint does not take the key ({status})")
    if status in {408, 409, 429} or status >= 500:
        return ModelUnavailable(f"the endpoint has no answer now ({status})")
    return ModelRefused(f"the endpoint refused the request ({status})")
