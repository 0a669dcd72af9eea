"""A simulated market that is open at any hour of any day and says that it is simulated."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from adapters.market_data.base_prices import base_price
from adapters.market_data.noise import MILLION, draw, drift_ppm
from adapters.ports import Clock, InstrumentLookup
from riskgate.contracts.instruments import Instrument, InstrumentKind, InstrumentRef
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource

DEPTH_LEVELS: Final = 5
# For showing a price where the master knows no tick; nothing can be planned on it.
DISPLAY_STEP: Final = Decimal("0.05")
_MAX_SPREAD_TICKS: Final = 3
_EQUITY_LOTS: Final = (50, 450)
_DERIVATIVE_LOTS: Final = (2, 18)


class SimulatedMarket:
    """Seeded prices; implements MarketData.

    A quote is a function of (seed, instrument, time step) alone: asking again in the same step,
    in any order or process, gives the same quote.
    """

    def __init__(
        self, *, seed: int, clock: Clock, instruments: InstrumentLookup, step_s: int = 1
    ) -> None:
        self._seed = seed
        self._clock = clock
        self._instruments = instruments
        self._step_s = step_s

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return one quote for each instrument the master knows; the others are left out."""
        second = int(self._clock.now().timestamp())
        second -= second % self._step_s
        rows = (self._instruments.get(ref) for ref in dict.fromkeys(instruments))
        return tuple(simulated_quote(self._seed, row, second) for row in rows if row is not None)


def simulated_quote(seed: int, instrument: Instrument, second: int) -> Quote:
    """Return the quote of one instrument at a whole second since 1970."""
    ref = instrument.ref
    tick = instrument.tick_size or DISPLAY_STEP
    moved = base_price(seed, ref) * (MILLION + drift_ppm(seed, ref, second)) / MILLION
    # Room below the last price for the spread and all five levels.
    last_tick = max(int(moved / tick), DEPTH_LEVELS + _MAX_SPREAD_TICKS)
    as_of = datetime.fromtimestamp(second, UTC)
    bids, asks = (
        ((), ())
        if instrument.kind is InstrumentKind.INDEX
        else _book(seed, instrument, second, last_tick, tick)
    )
    return Quote(
        instrument=ref,
        source=QuoteSource.SIMULATED,
        as_of=as_of,
        market_time=as_of,
        last=last_tick * tick,
        bids=bids,
        asks=asks,
    )


def _book(
    seed: int, instrument: Instrument, second: int, last_tick: int, tick: Decimal
) -> tuple[tuple[DepthLevel, ...], tuple[DepthLevel, ...]]:
    ref = instrument.ref
    spread = 1 + draw(_MAX_SPREAD_TICKS, seed, ref, "spread", second)
    bid = last_tick - draw(spread + 1, seed, ref, "touch", second)
    levels = range(DEPTH_LEVELS)
    bids = tuple(_level(seed, instrument, second, "bid", i, (bid - i) * tick) for i in levels)
    ask = bid + spread
    asks = tuple(_level(seed, instrument, second, "ask", i, (ask + i) * tick) for i in levels)
    return bids, asks


def _level(
    seed: int, instrument: Instrument, second: int, side: str, index: int, price: Decimal
) -> DepthLevel:
    cash = instrument.kind is InstrumentKind.EQUITY
    fewest, more = _EQUITY_LOTS if cash else _DERIVATIVE_LOTS
    lots = fewest + draw(more + 1, seed, instrument.ref, side, index, second)
    return DepthLevel(price=price, quantity=Decimal(lots * instrument.lot_size))
