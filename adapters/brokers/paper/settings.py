"""How the paper broker is set up."""

from collections.abc import Awaitable, Callable
from datetime import time
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from riskgate.contracts.base import Contract, NonNegative, Number
from riskgate.contracts.instruments import Currency

CurrencyOf = Callable[[str], Awaitable[Currency]]


async def indian_rupee(account_id: str) -> Currency:  # noqa: ARG001
    """Say that every account is in rupees."""
    return Currency.INR


Milliseconds = Annotated[int, Field(ge=0, le=60_000)]


class PaperSettings(Contract):
    """Money, limits and hardships of every paper account.

    `margin_rate` is the part of an MIS or NRML exposure that is blocked. A quote older than
    `quote_max_age_s` fills nothing and prices nothing. `save_attempts` bounds how often a change
    lost to another writer is made again.

    `seed` decides every chance there is. An order takes between the two of `latency_ms` to reach
    the book. Of what a display shows, our orders together get at most `participation`. At
    `session_expires_at_ist` each day the session ends and every call fails until it is renewed;
    None for a session that never ends.
    """

    opening_cash: dict[Currency, NonNegative] = Field(
        default={Currency.INR: Decimal(1_000_000), Currency.USD: Decimal(100_000)}
    )
    margin_rate: Annotated[Number, Field(gt=0, le=1)] = Decimal("0.20")
    quote_max_age_s: Annotated[int, Field(ge=1)] = 10
    save_attempts: Annotated[int, Field(ge=1)] = 8
    seed: int = 1
    latency_ms: tuple[Milliseconds, Milliseconds] = (0, 0)
    participation: Annotated[Number, Field(gt=0, le=1)] = Decimal(1)
    session_expires_at_ist: time | None = None

    @model_validator(mode="after")
    def _latency_is_a_range(self) -> Self:
        shortest, longest = self.latency_ms
        if shortest > longest:
            raise ValueError(f"latency_ms must be (shortest, longest), was {self.latency_ms}")
        return self
