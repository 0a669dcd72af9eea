"""Who we are at Tradier, and whether its address trades with real money."""

from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from riskgate.contracts.base import Contract
from riskgate.contracts.orders import ExecutionMode

SANDBOX_URL: Final = "https://sandbox.tradier.com"


class TradierAccess(Contract):
    """A token, where it counts, and Tradier's number of each of our accounts that it reaches."""

    url: str
    token: SecretStr
    accounts: dict[str, str]


def mode_of(url: str) -> ExecutionMode:
    """Return PAPER for Tradier's own sandbox; any other address counts as real money."""
    paper = urlsplit(url).hostname == urlsplit(SANDBOX_URL).hostname
    return ExecutionMode.PAPER if paper else ExecutionMode.LIVE
