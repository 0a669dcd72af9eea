"""The model of a turn: within its limits, written down, and never a reason for a turn to fail."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from adapters.errors import ModelError
from adapters.ports import Clock, IdFactory, LanguageModel
from app.persistence import models
from app.persistence.database import Database
from app.understanding.limits import (
    SESSION,
    ModelLimits,
    ModelPrices,
    Sight,
    sight,
    used_up,
)
from app.understanding.rates import LookRates
from riskgate.contracts.models import (
    ModelCall,
    ModelFailure,
    ModelReply,
    ModelRequest,
    PortfolioTier,
)
from tools.ports import Caller

OK: Final = "ok"
HIDDEN_LENGTH: Final = 8


@dataclass(frozen=True, kw_only=True)
class ModelDesk:
    """What the models of all turns share; implements agents.reading.model_port.TurnModels.

    `secret` keys the names that ids are hidden behind.
    """

    database: Database
    clock: Clock
    ids: IdFactory
    monotonic: Callable[[], float]
    model: LanguageModel
    limits: ModelLimits
    prices: ModelPrices
    portfolio: PortfolioTier
    rates: LookRates
    secret: bytes

    async def for_turn(self, caller: Caller) -> "MeteredModel":
        """Return the model of one turn, which sees what people let it see in this session."""
        since = self.clock.now() - SESSION
        async with self.database.tenant(caller.tenant_id) as session:
            grants = await models.grants_since(
                session, thread_id=caller.thread_id, user_id=caller.user_id, since=since
            )
        seen = sight(self.portfolio, grants, caller.run_id)
        return MeteredModel(desk=self, caller=caller, seen=seen)


@dataclass(kw_only=True)
class MeteredModel:
    """Implements agents.reading.model_port.TurnModel."""

    desk: ModelDesk
    caller: Caller
    seen: Sight
    made: list[ModelCall] = field(default_factory=list)
    spent_s: float = 0.0

    @property
    def calls(self) -> Sequence[ModelCall]:
        return tuple(self.made)

    @property
    def portfolio(self) -> PortfolioTier:
        return self.seen.portfolio

    @property
    def may_ask_for_more(self) -> bool:
        return self.seen.may_ask_for_more

    def hide(self, name: str) -> str:
        """Return a keyed hash of an id: the same each time, and nothing to anybody else."""
        digest = hmac.new(self.desk.secret, name.encode(), hashlib.sha256).hexdigest()
        return f"o-{digest[:HIDDEN_LENGTH]}"

    def allows(self, tool: str, symbols: Sequence[str]) -> bool:
        """Count a look against the person's rates."""
        person = (self.caller.tenant_id, self.caller.user_id)
        return self.desk.rates.allows(person, tool, symbols)

    async def ask(self, request: ModelRequest) -> ModelReply | ModelFailure:
        """Ask within what is left of the turn and of the day, and write down what it took."""
        reached = await self._limit_reached()
        if reached is not None:
            return ModelFailure(code="MODEL_LIMIT", message=f"the limit of {reached} is reached")
        started = self.desk.monotonic()
        answer = await self._answer(request, self.desk.limits.turn_s - self.spent_s)
        took_s = self.desk.monotonic() - started
        self.spent_s += took_s
        await self._write_down(request, answer, took_s)
        return answer

    async def _limit_reached(self) -> str | None:
        limits, caller = self.desk.limits, self.caller
        if len(self.made) >= limits.calls_per_turn:
            return f"{limits.calls_per_turn} calls a turn"
        if self.spent_s >= limits.turn_s:
            return f"{limits.turn_s} seconds a turn"
        since = _start_of_day(self.desk.clock.now())
        async with self.desk.database.tenant(caller.tenant_id) as session:
            used = await models.used_since(session, user_id=caller.user_id, since=since)
        return used_up(used, limits)

    async def _answer(self, request: ModelRequest, left_s: float) -> ModelReply | ModelFailure:
        try:
            async with asyncio.timeout(left_s):
                return await self.desk.model.complete(request)
        except ModelError as error:
            return ModelFailure(code=error.code, message=error.message[:500])
        except TimeoutError:
            return ModelFailure(
                code="MODEL_UNAVAILABLE", message="the model took all the time of the turn"
            )

    async def _write_down(
        self, request: ModelRequest, answer: ModelReply | ModelFailure, took_s: float
    ) -> None:
        reply = answer if isinstance(answer, ModelReply) else None
        call = ModelCall(
            model=reply.model if reply else self.desk.model.name,
            prompt_name=request.prompt_name,
            prompt_sha256=request.prompt_sha256,
            outcome=OK if isinstance(answer, ModelReply) else answer.code,
            tokens_in=reply.tokens_in if reply else None,
            tokens_out=reply.tokens_out if reply else None,
            duration_ms=max(int(took_s * 1000), 0),
            cost=self.desk.prices.cost(reply.tokens_in, reply.tokens_out) if reply else None,
        )
        self.made.append(call)
        async with self.desk.database.tenant(self.caller.tenant_id) as session:
            await models.add_call(
                session,
                call,
                call_id=self.desk.ids.new("mdl"),
                user_id=self.caller.user_id,
                run_id=self.caller.run_id,
                at=self.desk.clock.now(),
            )


def _start_of_day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
