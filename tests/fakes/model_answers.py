"""Answers as a model would write them, and a model of one turn that gives them."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from pydantic import JsonValue

from agents.reading.model_port import TurnModel
from riskgate.contracts.models import (
    ModelCall,
    ModelFailure,
    ModelReply,
    ModelRequest,
    PortfolioTier,
)

Pair: TypeAlias = tuple[str, str]


def an_answer(kind: str = "chat", **parts: Any) -> str:
    """Return an answer of the grammar; parts not given are empty."""
    whole: dict[str, Any] = {
        "kind": kind,
        "topic": None,
        "symbols": [],
        "orders": [],
        "looks": [],
        "wants": "nothing",
    }
    return json.dumps(whole | parts)


def an_order(
    *,
    side: Pair | None = None,
    symbols: Sequence[Pair] = (),
    quantity: Pair | None = None,
    method: str = "quantity",
    **others: Pair | None,
) -> dict[str, Any]:
    """Return one order of an answer, each field as (value, words)."""
    names = ("product", "order_type", "limit_price", "trigger_price", "validity")
    order: dict[str, Any] = {name: _said(others.get(name)) for name in names}
    offsets = {name: others.get(name) for name in ("stop_loss", "target")}
    return {
        **order,
        **{name: pair and {"kind": "price", **_pair(pair)} for name, pair in offsets.items()},
        "side": _said(side),
        "symbols": [_pair(pair) for pair in symbols],
        "size": quantity and {"method": method, **_pair(quantity)},
    }


def said(value: str, words: str) -> dict[str, str]:
    """Return a value and its words."""
    return _pair((value, words))


def _said(pair: Pair | None) -> dict[str, str] | None:
    return None if pair is None else _pair(pair)


def _pair(pair: Pair) -> dict[str, str]:
    return {"value": pair[0], "words": pair[1]}


class ScriptedModel(TurnModel):
    """Gives the answers of a script in turn; a failure where there are none left."""

    def __init__(
        self,
        *answers: str | ModelFailure,
        portfolio: PortfolioTier = PortfolioTier.DIGEST_ONLY,
        may_ask: bool = False,
        allow: Callable[[str], bool] = lambda tool: True,
    ) -> None:
        self._answers = list(answers)
        self._portfolio = portfolio
        self._may_ask = may_ask
        self._allow = allow
        self.requests: list[ModelRequest] = []

    @property
    def portfolio(self) -> PortfolioTier:
        return self._portfolio

    @property
    def may_ask_for_more(self) -> bool:
        return self._may_ask

    @property
    def calls(self) -> Sequence[ModelCall]:
        return ()

    def hide(self, name: str) -> str:
        return f"hidden-{len(name)}"

    def allows(self, tool: str, symbols: Sequence[str]) -> bool:
        return self._allow(tool)

    async def ask(self, request: ModelRequest) -> ModelReply | ModelFailure:
        self.requests.append(request)
        if not self._answers:
            return ModelFailure(code="MODEL_UNAVAILABLE", message="nothing left to say")
        answer = self._answers.pop(0)
        if isinstance(answer, ModelFailure):
            return answer
        return ModelReply(text=answer, model="scripted")

    @property
    def told(self) -> str:
        """Everything that was said to the model, as one text."""
        return "\n".join(
            message.content for request in self.requests for message in request.messages
        )


class NothingToSee:
    """Implements agents.reading.model_port.Shows and remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def look(self, tool: str, symbols: Sequence[str], model: TurnModel) -> JsonValue:
        self.asked.append((tool, tuple(symbols)))
        return {"blocked": "TOOL_UNKNOWN"}
