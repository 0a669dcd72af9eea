"""Bars of price history."""

from typing import Annotated

from pydantic import Field

from riskgate.contracts.base import Contract, Price, UtcTime
from riskgate.contracts.instruments import InstrumentRef


class Bar(Contract):
    """One daily bar; `split_suspected` bars are shown and never traded."""

    instrument: InstrumentRef
    opened_at: UtcTime
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Annotated[int, Field(ge=0)]
    split_suspected: bool = False
