"""How much a model may take, and how much of a portfolio it may see: pure decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.persistence.models import ModelGrant, ModelUse
from riskgate.contracts.models import PortfolioTier

SESSION: Final = timedelta(hours=12)
MILLION: Final = Decimal(1_000_000)


class Choice(StrEnum):
    """What a person may say when a model would like to see more."""

    ONCE = "once"
    SESSION = "session"
    DENY = "deny"


@dataclass(frozen=True, kw_only=True)
class ModelLimits:
    """The most that one turn and one person's day (UTC) may take; None for no limit of cost."""

    turn_s: float
    calls_per_turn: int
    calls_per_day: int
    tokens_per_day: int
    cost_per_day: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ModelPrices:
    """What a million tokens cost, in and out, in whatever currency they are configured."""

    tokens_in: Decimal | None = None
    tokens_out: Decimal | None = None

    def cost(self, tokens_in: int | None, tokens_out: int | None) -> Decimal | None:
        """Return what a call cost; None where no price is set or the endpoint does not count."""
        if None in (self.tokens_in, self.tokens_out, tokens_in, tokens_out):
            return None
        paid_in = (self.tokens_in or Decimal(0)) * (tokens_in or 0)
        return (paid_in + (self.tokens_out or Decimal(0)) * (tokens_out or 0)) / MILLION


def used_up(used: ModelUse, limits: ModelLimits) -> str | None:
    """Name the limit of the day that is reached."""
    if used.calls >= limits.calls_per_day:
        return f"{limits.calls_per_day} calls a day"
    if used.tokens >= limits.tokens_per_day:
        return f"{limits.tokens_per_day} tokens a day"
    if limits.cost_per_day is not None and used.cost >= limits.cost_per_day:
        return f"a cost of {limits.cost_per_day} a day"
    return None


@dataclass(frozen=True, kw_only=True)
class Sight:
    """How much a model sees in one turn, and whether a person may be asked for more."""

    portfolio: PortfolioTier
    may_ask_for_more: bool


def sight(configured: PortfolioTier, grants: Sequence[ModelGrant], run_id: str) -> Sight:
    """Return what a model sees: what is configured, raised by a person's word.

    Where the portfolio is OFF nobody is asked. A no holds for the rest of the session.
    """
    if configured is not PortfolioTier.DIGEST_ONLY:
        return Sight(portfolio=configured, may_ask_for_more=False)
    denied = any(grant.choice == Choice.DENY for grant in grants)
    raised = any(
        grant.choice == Choice.SESSION or (grant.choice == Choice.ONCE and grant.run_id == run_id)
        for grant in grants
    )
    if raised and not denied:
        return Sight(portfolio=PortfolioTier.FULL_SANITIZED, may_ask_for_more=False)
    return Sight(portfolio=configured, may_ask_for_more=not denied)
