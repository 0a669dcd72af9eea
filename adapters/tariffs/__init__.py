"""What trades cost, as tables that ship with the package."""

import csv
import io
from functools import cache
from importlib import resources

from riskgate.tariff import Tariff, read_tariff


@cache
def indian_tariff() -> Tariff:
    """Read Zerodha's price list and the levies on Indian trades, once."""
    source = resources.files("adapters.tariffs").joinpath("charges.csv")
    return read_tariff(csv.DictReader(io.StringIO(source.read_text(encoding="utf-8"))))
