"""The adapter over real HTTP: it answers, or fails by one of four names, and always in time."""

import gzip
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import httpx2
import pytest
import respx
from pydantic import SecretStr

from adapters.errors import (
    ModelError,
    ModelRefused,
    ModelReplyInvalid,
    ModelUnavailable,
    OutboundBlocked,
)
from adapters.llm.openai_model import ModelEndpoint, OpenAIModel
from riskgate.contracts.models import ModelMessage, ModelReply, ModelRequest, ModelRole
from tests.fakes.loopback import HangUp, Reply
from tests.fakes.model_server import ModelServer, Payload, completion, failure

KEY = "sk-test-0123456789abcdef"
BYTES_MAX = 20_000
# No answer is slow by design but silence, so a busy machine may take its time over the others.
TIMEOUT_S = 60.0
SILENCE_S = 0.2


def a_request(text: str = "buy 10 INFY") -> ModelRequest:
    return ModelRequest(
        messages=(
            ModelMessage(role=ModelRole.SYSTEM, content="Read the order."),
            ModelMessage(role=ModelRole.USER, content=text),
        ),
        schema_name="reading",
        json_schema={"type": "object", "properties": {}, "additionalProperties": False},
        prompt_name="read_message",
        prompt_sha256="0" * 64,
    )


def a_model(
    url: str,
    transport: httpx2.AsyncBaseTransport | None = None,
    timeout_s: float = TIMEOUT_S,
) -> OpenAIModel:
    endpoint = ModelEndpoint(
        url=url,
        api_key=SecretStr(KEY),
        model="any-1",
        timeout_s=timeout_s,
        tokens_max=200,
        reply_bytes_max=BYTES_MAX,
    )
    return OpenAIModel(endpoint, never=(SecretStr("the-desk-secret"),), transport=transport)


@asynccontextmanager
async def standing_in(
    script: Callable[[Payload], Reply | str | None],
    timeout_s: float = TIMEOUT_S,
) -> AsyncIterator[tuple[ModelServer, OpenAIModel]]:
    server = ModelServer(script)
    await server.start()
    model = a_model(server.base_url, timeout_s=timeout_s)
    try:
        yield server, model
    finally:
        await model.close()
        await server.stop()


async def test_an_answer_comes_with_what_it_took() -> None:
    async with standing_in(lambda _: '{"kind": "chat"}') as (server, model):
        reply = await model.complete(a_request())
    assert reply == ModelReply(
        text='{"kind": "chat"}', model="stand-in-1", tokens_in=600, tokens_out=40
    )
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    sent = server.payloads[0]
    assert sent["response_format"]["json_schema"]["name"] == "reading"
    assert (sent["max_tokens"], sent["temperature"]) == (200, 0)


async def test_an_endpoint_without_schemas_is_asked_more_simply_and_that_is_remembered() -> None:
    def knows_only_plain(payload: Payload) -> Reply | str:
        return failure(400) if "response_format" in payload else "{}"

    async with standing_in(knows_only_plain) as (server, model):
        await model.complete(a_request())
        await model.complete(a_request())
    assert [sent.get("response_format", {}).get("type") for sent in server.payloads] == [
        "json_schema",
        "json_schema",
        "json_object",
        None,
        None,
    ]


FAILURES: list[tuple[str, Reply, type[ModelError]]] = [
    ("endless", Reply(200, " " * 1000, endless=True), ModelReplyInvalid),
    ("one megabyte", completion("x" * 1_000_000), ModelReplyInvalid),
    ("a huge error", Reply(500, "x" * 1_000_000), ModelReplyInvalid),
    ("cut off", Reply(200, completion("hello").body, cut=True), ModelUnavailable),
    ("no json", Reply(200, "<html>"), ModelReplyInvalid),
    ("other json", Reply(200, '{"choices": []}'), ModelReplyInvalid),
    ("a list", Reply(200, "[1]"), ModelReplyInvalid),
    ("nothing said", completion(""), ModelReplyInvalid),
    ("stopped at the limit", completion("{", finish="length"), ModelReplyInvalid),
    ("refused", completion(None, refusal="I would rather not"), ModelRefused),
    ("filtered", completion("no", finish="content_filter"), ModelRefused),
    ("key", failure(401), ModelRefused),
    ("quota", failure(429), ModelUnavailable),
    ("down", failure(503), ModelUnavailable),
    ("elsewhere", Reply(307, "", {"location": "http://127.0.0.1:1/v1"}), ModelRefused),
]


@pytest.mark.parametrize(("reply", "error"), [case[1:] for case in FAILURES])
async def test_every_failure_has_a_name_and_is_asked_once(
    reply: Reply, error: type[ModelError]
) -> None:
    async with standing_in(lambda _: reply) as (server, model):
        with pytest.raises(error) as raised:
            await model.complete(a_request())
    assert len(server.requests) == 1
    assert KEY not in str(raised.value)


async def test_silence_ends_at_the_time_limit_as_unavailable() -> None:
    async with standing_in(lambda _: None, timeout_s=SILENCE_S) as (_, model):
        with pytest.raises(ModelUnavailable, match="did not answer within"):
            await model.complete(a_request())


async def test_a_reply_that_could_unfold_without_end_is_refused() -> None:
    async def packed(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            200, content=gzip.compress(b"{}"), headers={"content-encoding": "gzip"}
        )

    model = a_model("http://127.0.0.1:9/v1", httpx2.MockTransport(packed))
    with pytest.raises(ModelReplyInvalid, match="compressed"):
        await model.complete(a_request())


async def test_hanging_up_and_nobody_there_are_unavailable() -> None:
    def hang_up(_: Payload) -> Reply:
        raise HangUp

    async with standing_in(hang_up) as (server, model):
        with pytest.raises(ModelUnavailable):
            await model.complete(a_request())
        server.go_down()
        with pytest.raises(ModelUnavailable):
            await model.complete(a_request())


@pytest.mark.parametrize("text", ["call 9876543210", "the-desk-secret", f"key {KEY}"])
async def test_what_must_stay_is_never_sent(text: str) -> None:
    async with standing_in(lambda _: "{}") as (server, model):
        with pytest.raises(OutboundBlocked) as raised:
            await model.complete(a_request(text))
    assert server.requests == []
    assert text not in str(raised.value)


async def test_no_failure_writes_the_key_or_the_message_to_a_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with standing_in(lambda _: failure(500, f"bad key {KEY}")) as (_, model):
            with pytest.raises(ModelUnavailable):
                await model.complete(a_request("buy 10 INFY"))
    assert KEY not in caplog.text


class ThroughRespx(httpx2.AsyncBaseTransport):
    """Lets a respx router answer requests of httpx2, which respx itself does not know."""

    def __init__(self, router: respx.MockRouter) -> None:
        self._router = router

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = httpx.Request(request.method, str(request.url), content=request.content)
        answer = await self._router.async_handler(asked)
        return httpx2.Response(answer.status_code, content=answer.content)


async def test_the_same_answers_come_through_respx() -> None:
    router = respx.MockRouter(assert_all_called=True)
    route = router.post("https://models.test/v1/chat/completions").mock(
        return_value=httpx.Response(200, text=completion("{}").body)
    )
    model = a_model("https://models.test/v1", ThroughRespx(router))
    reply = await model.complete(a_request())
    assert reply.text == "{}"
    assert json.loads(route.calls.last.request.content)["model"] == "any-1"
