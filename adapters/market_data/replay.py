"""Stored daily bars played as quotes, a bar at a time, by the clock."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from adapters.ports import BarHistory, Clock, InstrumentLookup
from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import Instrument, InstrumentRef, round_down
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource

KEEP_BARS: Final = timedelta(seconds=60)
_LEAST_DEPTH: Final = 1
_MOST_DEPTH: Final = 1_000_000
_CENT: Final = Decimal("0.01")


class ReplayMarket:
    """Quotes from stored bars; implements MarketData.

    Each instrument starts at its first bar on or after `start_on` and moves on one bar every
    `seconds_per_bar`; the last bar stays. Bars are read again after a minute, so an import
    shows. A bar that looks like a split has no quote.
    """

    def __init__(
        self,
        *,
        history: BarHistory,
        clock: Clock,
        instruments: InstrumentLookup,
        started_at: datetime,
        seconds_per_bar: int,
        start_on: date | None = None,
    ) -> None:
        if seconds_per_bar < 1:
            raise ValueError(f"seconds_per_bar must be at least 1, was {seconds_per_bar}")
        self._history = history
        self._clock = clock
        self._instruments = instruments
        self._started_at = started_at
        self._seconds_per_bar = seconds_per_bar
        self._start_on = start_on
        self._kept: dict[InstrumentRef, tuple[datetime, Sequence[Bar]]] = {}

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return the quote of the bar each instrument is at; one without bars is left out."""
        now = self._clock.now()
        quotes: list[Quote] = []
        for ref in dict.fromkeys(instruments):
            bars = await self._bars(ref)
            instrument = self._instruments.get(ref)
            if not bars or instrument is None:
                continue
            bar = bars[self._index(bars, now)]
            if not bar.split_suspected:
                quotes.append(bar_quote(bar, instrument, as_of=now))
        return tuple(quotes)

    async def has_bars(self, ref: InstrumentRef) -> bool:
        """Say whether any bar of the instrument was ever imported."""
        return bool(await self._bars(ref))

    async def _bars(self, ref: InstrumentRef) -> Sequence[Bar]:
        now = self._clock.now()
        read_at, bars = self._kept.get(ref, (None, ()))
        if read_at is None or now - read_at >= KEEP_BARS:
            bars = await self._history.load_bars(ref)
            if bars:
                self._kept[ref] = (now, bars)
        return bars

    def _index(self, bars: Sequence[Bar], now: datetime) -> int:
        elapsed_s = max((now - self._started_at).total_seconds(), 0)
        steps = int(elapsed_s) // self._seconds_per_bar
        return min(first_bar_on(bars, self._start_on) + steps, len(bars) - 1)


def first_bar_on(bars: Sequence[Bar], day: date | None) -> int:
    """Return the index of the first bar on or after a day; the first bar for no day."""
    if day is None:
        return 0
    return bisect_left(bars, datetime.combine(day, time(), UTC), key=lambda bar: bar.opened_at)


def bar_quote(bar: Bar, instrument: Instrument, *, as_of: datetime) -> Quote:
    """Return a bar as a quote: last is the close, the touch is a tick around it.

    The touch never leaves the bar's own low and high, prices that were really traded that day;
    its depth is one per cent of the day's volume.
    """
    tick = instrument.tick_size or _CENT
    highest = round_down(bar.high, tick)
    lowest = _round_up(bar.low, tick)
    bid = max(round_down(bar.close - tick, tick), lowest)
    ask = min(_round_up(bar.close + tick, tick), highest)
    quantity = _depth(bar.volume, instrument.lot_size)
    return Quote(
        instrument=bar.instrument,
        source=QuoteSource.REPLAY,
        as_of=as_of,
        market_time=bar.opened_at,
        last=bar.close,
        bids=_touch(bid, quantity) if bid <= highest else (),
        asks=_touch(ask, quantity) if ask >= lowest else (),
    )


def _round_up(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(rounding=ROUND_CEILING) * step


def _depth(volume: int, lot_size: int) -> Decimal:
    shares = min(max(volume // 100, _LEAST_DEPTH), _MOST_DEPTH)
    return Decimal(max(shares // lot_size, 1) * lot_size)


def _touch(price: Decimal, quantity: Decimal) -> tuple[DepthLevel, ...]:
    return (DepthLevel(price=price, quantity=quantity),)
