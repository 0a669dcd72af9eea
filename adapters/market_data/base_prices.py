"""Plausible prices to simulate around; nobody's quotes."""

import csv
import io
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from types import MappingProxyType

from adapters.market_data.noise import draw
from riskgate.contracts.instruments import Exchange, InstrumentRef


@cache
def bundled_prices() -> Mapping[InstrumentRef, Decimal]:
    """Read the base prices that ship with the package, once."""
    source = resources.files("adapters.market_data.data").joinpath("base_prices.csv")
    records = csv.DictReader(io.StringIO(source.read_text(encoding="utf-8")))
    return MappingProxyType(
        {
            InstrumentRef(
                exchange=Exchange(record["exchange"]), tradingsymbol=record["tradingsymbol"]
            ): Decimal(record["price"])
            for record in records
        }
    )


def base_price(seed: int, ref: InstrumentRef) -> Decimal:
    """Return the price an instrument's simulated price keeps coming back to."""
    known = bundled_prices().get(ref)
    return known if known is not None else Decimal(100 + draw(2_901, seed, ref, "base"))
