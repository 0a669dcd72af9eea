"""A local stand-in for an OpenAI-compatible endpoint that keeps every payload it was sent."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.fakes.loopback import LoopbackServer, Reply, Request, silence

COMPLETIONS = "/v1/chat/completions"
Payload: TypeAlias = dict[str, Any]
Script: TypeAlias = Callable[[Payload], Reply | str | None]


class ModelServer(LoopbackServer):
    """Answers each request by a script: a reply, the model's words, or None for silence."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def payloads(self) -> list[Payload]:
        """Every body that arrived, oldest first."""
        return [json.loads(request.body) for request in self.requests]

    @property
    def received(self) -> str:
        """Everything that arrived, as one text to look for canaries in."""
        return "\n".join(request.body for request in self.requests)

    async def answer(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", COMPLETIONS):
            return Reply(404, json.dumps({"error": {"message": "no such page"}}))
        answer = self.script(json.loads(request.body))
        if answer is None:
            return await silence()
        return completion(answer) if isinstance(answer, str) else answer


def completion(
    text: str | None, *, finish: str = "stop", refusal: str | None = None, tokens: int = 40
) -> Reply:
    """Return a chat completion that says a text."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1773203400,
        "model": "stand-in-1",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 600, "completion_tokens": tokens, "total_tokens": 600 + tokens},
    }
    return Reply(200, json.dumps(body))


def failure(status: int, message: str = "no", headers: Mapping[str, str] | None = None) -> Reply:
    """Return an error as endpoints write them."""
    return Reply(status, json.dumps({"error": {"message": message}}), headers or {})
