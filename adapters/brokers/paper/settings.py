"""How the paper broker is set up."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from riskgate.contracts.base import Contract, NonNegative, Number
from riskgate.contracts.instruments import Currency

CurrencyOf = Callable[[str], Awaitable[Currency]]


async def indian_rupee(account_id: str) -> Currency:  # noqa: ARG001
    """Say that every account is in rupees."""
    return Currency.INR


class PaperSettings(Contract):
    """Money and limits of every paper account.

    `margin_rate` is the part of an MIS or NRML exposure that is blocked. A quote older than
    `quote_max_age_s` fills nothing and prices nothing. `save_attempts` bounds how often a change
    lost to another writer is made again.
    """

    opening_cash: dict[Currency, NonNegative] = Field(
        default={Currency.INR: Decimal(1_000_000), Currency.USD: Decimal(100_000)}
    )
    margin_rate: Annotated[Number, Field(gt=0, le=1)] = Decimal("0.20")
    quote_max_age_s: Annotated[int, Field(ge=1)] = 10
    save_attempts: Annotated[int, Field(ge=1)] = 8
