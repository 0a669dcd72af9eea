"""What the conversation asks of a language model: words for words, within one turn's limits."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import JsonValue

from riskgate.contracts.models import (
    ModelCall,
    ModelFailure,
    ModelReply,
    ModelRequest,
    PortfolioTier,
)
from tools.ports import Caller


class TurnModel(Protocol):
    """The model of one turn; it counts what the turn takes and stops where a limit is reached."""

    @property
    def portfolio(self) -> PortfolioTier:
        """Return how much of the portfolio the model may see in this turn."""
        ...

    @property
    def may_ask_for_more(self) -> bool:
        """Say whether a person may be asked to show more of it; a no lasts for the session."""
        ...

    def hide(self, name: str) -> str:
        """Return a name for an id that says nothing and is the same each time."""
        ...

    def allows(self, tool: str, symbols: Sequence[str]) -> bool:
        """Count a look that the model asks for; False when it asks too often."""
        ...

    @property
    def calls(self) -> Sequence[ModelCall]:
        """Return every call of the turn so far, failed ones too."""
        ...

    async def ask(self, request: ModelRequest) -> ModelReply | ModelFailure:
        """Return the answer, or why there is none; never raises for what the model does."""
        ...


class TurnModels(Protocol):
    """Gives each turn its model."""

    async def for_turn(self, caller: Caller) -> TurnModel:
        """Return the model of a fresh turn, with as much sight as people gave it."""
        ...


class Shows(Protocol):
    """Shows a model what it asks to see, as far as it may."""

    async def look(self, tool: str, symbols: Sequence[str], model: TurnModel) -> JsonValue:
        """Return a safe view, or the code of why there is none."""
        ...


class NoModel:
    """Stands where no model is configured; implements TurnModel."""

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
        return ModelFailure(
            code="MODEL_UNAVAILABLE", message=f"no model is there for {request.prompt_name}"
        )


class NoModels:
    """Gives every turn none; implements TurnModels."""

    async def for_turn(self, caller: Caller) -> TurnModel:  # noqa: ARG002
        """Return the model that has no answers."""
        return NoModel()
