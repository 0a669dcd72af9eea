"""A running stand-in and clients of it, for tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import httpx
from pydantic import JsonValue

from adapters.ports import Clock
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY
from tests.fakes.kite_standin import KiteStandin, running
from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.market import ScriptedMarket

ORDER: Final[dict[str, JsonValue]] = {
    "variety": "regular",
    "exchange": "NSE",
    "tradingsymbol": "INFY",
    "transaction_type": "BUY",
    "quantity": 5,
    "product": "CNC",
    "order_type": "LIMIT",
    "price": 1480.0,
    "validity": "DAY",
    "tag": "AB12CD34EF56GH78IJ90",
}


def a_market(clock: Clock) -> ScriptedMarket:
    """Show INFY at 1487.90 to 1488.10, 3 on each side."""
    market = ScriptedMarket(clock)
    market.show(INFY, bids=[("1487.90", 3)], asks=[("1488.10", 3)], last="1488.00")
    return market


@asynccontextmanager
async def served(
    make: Callable[[ScriptedMarket, FakeClock], KiteStandin], clock: FakeClock
) -> AsyncIterator[tuple[KiteStandin, HttpClient]]:
    """Run a stand-in and give a client that has opened no session."""
    async with (
        running(make(a_market(clock), clock)) as kite,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        yield kite, HttpClient(kite.url, http)
