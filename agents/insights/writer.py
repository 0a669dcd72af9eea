"""Have a model word an answer. It sees marks in the place of facts, and changes none of them."""

import json
from typing import Final

from pydantic import JsonValue

from agents.insights.wording import masked, reworded
from agents.prompts import Prompt
from agents.reading.model_port import TurnModel
from riskgate.contracts.base import Contract, Identifier, Sha256
from riskgate.contracts.models import ModelFailure, ModelMessage, ModelRequest, ModelRole

PROMPT_NAME: Final = "word_answer"
WORDED: Final = "worded"
NOT_FAITHFUL: Final = "NOT_FAITHFUL"
_SCHEMA: Final[dict[str, JsonValue]] = {
    "type": "object",
    "properties": {"wording": {"type": "string"}},
    "required": ["wording"],
    "additionalProperties": False,
}


class Worded(Contract):
    """An answer in our own words, what was shown instead, and the prompt that asked for it.

    `outcome` is `worded`, or why our own words were shown: NOT_FAITHFUL, or a model's code.
    """

    template: str
    shown: str
    outcome: str
    prompt_name: Identifier
    prompt_sha256: Sha256


class Writer:
    """Words answers once each; what is not faithful is not said."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    async def word(self, sentences: list[str], model: TurnModel) -> Worded | None:
        """Return the answer in the model's words, in ours where those are not faithful.

        None where there is nothing to word.
        """
        own, given = " ".join(sentences), masked(sentences)
        if not given.text:
            return None
        reply = await model.ask(self._request(given.text))
        if isinstance(reply, ModelFailure):
            return self._worded(own, own, reply.code)
        wording = _wording(reply.text)
        said = None if wording is None else reworded(wording, given)
        return self._worded(own, said or own, NOT_FAITHFUL if said is None else WORDED)

    def _worded(self, template: str, shown: str, outcome: str) -> Worded:
        return Worded(
            template=template,
            shown=shown,
            outcome=outcome,
            prompt_name=self._prompt.name,
            prompt_sha256=self._prompt.sha256,
        )

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
