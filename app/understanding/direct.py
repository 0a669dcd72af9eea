"""A model for words that are only read: nothing is planned, nobody's portfolio is there to see."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from adapters.errors import ModelError
from adapters.ports import LanguageModel
from agents.reading.model_port import TurnModel
from riskgate.contracts.models import (
    ModelCall,
    ModelFailure,
    ModelReply,
    ModelRequest,
    PortfolioTier,
)


@dataclass(frozen=True)
class DirectModel(TurnModel):
    """Asks the model itself, and keeps nothing."""

    model: LanguageModel
    failures: list[str] = field(default_factory=list)

    @property
    def portfolio(self) -> PortfolioTier:
        return PortfolioTier.OFF

    @property
    def may_ask_for_more(self) -> bool:
        return False

    @property
    def calls(self) -> Sequence[ModelCall]:
        return ()

    def hide(self, name: str) -> str:  # noqa: ARG002
        return ""

    def allows(self, tool: str, symbols: Sequence[str]) -> bool:  # noqa: ARG002
        return False

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
