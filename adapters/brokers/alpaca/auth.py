"""Who we are at Alpaca, and whether its address trades with real money."""

from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from riskgate.contracts.base import Contract
from riskgate.contracts.orders import ExecutionMode

PAPER_URL: Final = "https://paper-api.alpaca.markets"


class AlpacaKeys(Contract):
    """The two keys of one Alpaca account; each account has its own."""

    key_id: SecretStr
    secret_key: SecretStr


def mode_of(url: str) -> ExecutionMode:
    """Return PAPER for Alpaca's own paper address; any other address counts as real money."""
    paper = urlsplit(url).hostname == urlsplit(PAPER_URL).hostname
    return ExecutionMode.PAPER if paper else ExecutionMode.LIVE
