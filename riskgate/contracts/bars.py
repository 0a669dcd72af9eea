"""Bars of price history."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from riskgate.contracts.base import Contract, Price, UtcTime
from riskgate.contracts.instruments import InstrumentRef


class BarInterval(StrEnum):
    """How long a bar is."""

    MINUTE_1 = "1m"
    MINUTE_3 = "3m"
    MINUTE_5 = "5m"
    MINUTE_10 = "10m"
    MINUTE_15 = "15m"
    MINUTE_30 = "30m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def length(self) -> timedelta:
        """The time from one bar to the next; of daily bars only in name."""
        units = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
        return int(self[:-1]) * units[self[-1]]


class Bar(Contract):
    """One bar; `split_suspected` bars are shown and never traded.

    A daily bar opens at midnight UTC of its session's day, wherever the exchange is.
    """

    instrument: InstrumentRef
    opened_at: UtcTime
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Annotated[int, Field(ge=0)]
    split_suspected: bool = False
