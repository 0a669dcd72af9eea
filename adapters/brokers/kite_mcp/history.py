"""Past bars of one logged-in Kite session."""

from collections.abc import Callable, Sequence
from datetime import date

from adapters.brokers.kite_mcp import replies
from adapters.brokers.kite_mcp.asking import ask
from adapters.brokers.kite_mcp.bars import Window, bars_of, windows
from adapters.brokers.kite_mcp.fields import Unreadable
from adapters.brokers.kite_mcp.instruments import KiteInstruments
from adapters.brokers.kite_mcp.ports import KiteTools
from adapters.errors import MarketDataUnavailable
from adapters.ports import Clock
from riskgate.contracts.bars import Bar, BarInterval
from riskgate.contracts.instruments import InstrumentRef


class KiteHistory:
    """Bars by window; implements BarSource.

    Kite adjusts bars for splits and bonuses, back to the first; a load is of the day it is made.
    """

    def __init__(self, *, tools: KiteTools, clock: Clock, instruments: KiteInstruments) -> None:
        self._tools = tools
        self._clock = clock
        self._instruments = instruments

    async def get_bars(
        self,
        instrument: InstrumentRef,
        *,
        interval: BarInterval,
        first_day: date,
        last_day: date,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Sequence[Bar]:
        """Return the closed bars of the days, both included and in India, oldest first."""
        await self._instruments.learn([instrument])
        token = self._instruments.token_of(instrument)
        if token is None:
            raise MarketDataUnavailable(
                f"Kite does not list {instrument}; check the name, a contract may have ended"
            )
        cut = windows(interval, first_day, last_day)
        found: list[Bar] = []
        for done, window in enumerate(cut, start=1):
            found += await self._load(instrument, token, window, interval)
            progress(done, len(cut))
        return tuple(found)

    async def _load(
        self, ref: InstrumentRef, token: int, window: Window, interval: BarInterval
    ) -> Sequence[Bar]:
        now = self._clock.now()
        arguments = window.arguments(token, interval)
        rows = await ask(self._tools, "get_historical_data", arguments, replies.rows_of)
        instrument = self._instruments.get(ref)
        tick = None if instrument is None else instrument.tick_size
        try:
            return bars_of(ref, rows, window=window, interval=interval, tick=tick, now=now)
        except Unreadable as odd:
            raise MarketDataUnavailable(
                f"Kite's history of {ref} from {window.first_day} to {window.last_day} cannot be "
                f"used: {odd}; ask for other days"
            ) from None
