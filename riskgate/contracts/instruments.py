"""Instruments as the exchanges list them, and arithmetic on their steps."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from riskgate.contracts.base import Contract, Positive, ShortText


class Exchange(StrEnum):
    NSE = "NSE"
    BSE = "BSE"
    NFO = "NFO"
    BFO = "BFO"
    MCX = "MCX"
    NASDAQ = "NASDAQ"
    NYSE = "NYSE"
    ARCA = "ARCA"


class Currency(StrEnum):
    INR = "INR"
    USD = "USD"


class InstrumentKind(StrEnum):
    EQUITY = "EQ"
    FUTURE = "FUT"
    CALL = "CE"
    PUT = "PE"
    INDEX = "INDEX"


Tradingsymbol = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Z0-9][A-Z0-9 &.\-]*$")
]


class InstrumentRef(Contract):
    """The broker's name of one contract."""

    exchange: Exchange
    tradingsymbol: Tradingsymbol

    def __str__(self) -> str:
        return f"{self.exchange}:{self.tradingsymbol}"


class Instrument(Contract):
    """One row of the instrument master.

    `tick_size` is None where the master does not know it; such an instrument cannot be planned.
    `freeze_quantity` is the largest quantity the exchange takes in one order, None for no limit.
    """

    ref: InstrumentRef
    name: ShortText
    kind: InstrumentKind
    currency: Currency
    lot_size: Annotated[int, Field(ge=1)]
    tick_size: Positive | None
    freeze_quantity: Positive | None = None
    multiplier: Positive = Decimal(1)

    @property
    def tradable(self) -> bool:
        return self.kind is not InstrumentKind.INDEX


def on_step(value: Decimal, step: Decimal) -> bool:
    """Say whether a price or quantity is a whole number of steps."""
    return value % step == 0


def round_down(value: Decimal, step: Decimal) -> Decimal:
    """Round a non-negative value down to a whole number of steps."""
    return (value / step).to_integral_value(rounding=ROUND_DOWN) * step


def round_nearest(value: Decimal, step: Decimal) -> Decimal:
    """Round a value to the nearest whole number of steps, ties to even."""
    return (value / step).to_integral_value(rounding=ROUND_HALF_EVEN) * step


def slice_quantity(
    quantity: Decimal, *, lot_size: int, freeze_quantity: Decimal | None
) -> tuple[Decimal, ...]:
    """Cut a quantity into the fewest lot-sized orders that the exchange's freeze limit allows.

    The slices sum to the quantity. Raises ValueError when one lot exceeds the freeze limit.
    """
    if freeze_quantity is None or quantity <= freeze_quantity:
        return (quantity,)
    largest = round_down(freeze_quantity, Decimal(lot_size))
    if largest <= 0:
        raise ValueError(f"freeze quantity {freeze_quantity} is below the lot size {lot_size}")
    whole, rest = divmod(quantity, largest)
    return (largest,) * int(whole) + ((rest,) if rest else ())


class Resolution(Contract):
    """What a name may mean: exactly one instrument, several candidates, or nothing."""

    text: str
    candidates: tuple[Instrument, ...]

    @property
    def instrument(self) -> Instrument | None:
        """The instrument when there is exactly one; never a guess among several."""
        return self.candidates[0] if len(self.candidates) == 1 else None
