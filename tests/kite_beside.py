"""The stand-in of Kite's MCP server beside the processes of a test, in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.brokers.mock.market import FixedMarket
from app.clock import SystemClock
from tests.fakes.kite_standin import KiteStandin

START_MAX_S = 60


@contextmanager
def kite_beside() -> Iterator[KiteStandin]:
    """Serve Kite as it is now; its state may be looked at, and its calls must come over HTTP."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    clock = SystemClock()
    kite = KiteStandin(market=FixedMarket(clock=clock, seed=7), clock=clock)
    asyncio.run_coroutine_threadsafe(kite.start(), loop).result(START_MAX_S)
    try:
        yield kite
    finally:
        asyncio.run_coroutine_threadsafe(kite.stop(), loop).result(START_MAX_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_MAX_S)
        loop.close()
