"""A model for words that are only read: nothing is planned, nobody's portfolio is there to see."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from adapters.errors import ModelError
from adapters.ports import LanguageModel
from agents.reading.model_port import NoModel, TurnModel
from riskgate.contracts.models import (
    ModelFailure,
    ModelReply,
    ModelRequest,
)


@dataclass(frozen=True)
class DirectModel(NoModel):
    """Asks the model itself, and keeps nothing; there is nothing else to see or to allow."""

    model: LanguageModel
    failures: list[str] = field(default_factory=list)

    async def ask(self, request: ModelRequest) -> ModelReply | ModelFailure:
        """Return the answer, or why there is none."""
        try:
            return await self.model.complete(request)
        except ModelError as error:
            self.failures.append(f"{error.code}: {error.message}")
            return ModelFailure(code=error.code, message=error.message[:500])


class NothingToShow:
    """Implements agents.reading.model_port.Shows where there is nothing to see."""

    async def look(self, tool: str, symbols: Sequence[str], model: TurnModel) -> JsonValue:  # noqa: ARG002
        return {"blocked": "TOOL_UNKNOWN"}
