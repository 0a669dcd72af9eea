"""Have a model word an answer. It sees marks in the place of facts, and changes none of them."""

import json
from typing import Final

from pydantic import JsonValue

from agents.insights.wording import masked, reworded
from agents.prompts import Prompt
from agents.reading.model_port import TurnModel
from riskgate.contracts.models import ModelFailure, ModelMessage, ModelRequest, ModelRole

PROMPT_NAME: Final = "word_answer"
_SCHEMA: Final[dict[str, JsonValue]] = {
    "type": "object",
    "properties": {"wording": {"type": "string"}},
    "required": ["wording"],
    "additionalProperties": False,
}


class Writer:
    """Words answers once each; what is not faithful is not said."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    async def word(self, sentences: list[str], model: TurnModel) -> str:
        """Return the answer in the model's words, in ours where those are not faithful."""
        own, given = " ".join(sentences), masked(sentences)
        if not given.text:
            return own
        reply = await model.ask(self._request(given.text))
        if isinstance(reply, ModelFailure):
            return own
        wording = _wording(reply.text)
        return own if wording is None else reworded(wording, given) or own

    def _request(self, text: str) -> ModelRequest:
        return ModelRequest(
            messages=(
                ModelMessage(role=ModelRole.SYSTEM, content=self._prompt.text),
                ModelMessage(role=ModelRole.USER, content=json.dumps({"answer": text})),
            ),
            schema_name="wording",
            json_schema=_SCHEMA,
            prompt_name=self._prompt.name,
            prompt_sha256=self._prompt.sha256,
        )


def _wording(text: str) -> str | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    said = found.get("wording") if isinstance(found, dict) else None
    return said if isinstance(said, str) else None
