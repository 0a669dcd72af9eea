"""Made-up prices of everything that Kite lists, contracts of any month included."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Final

from adapters.market_data.base_prices import base_price, bundled_prices
from adapters.market_data.noise import MILLION, drift_ppm
from adapters.market_data.simulated import DISPLAY_STEP, simulated_quote
from adapters.ports import Clock, InstrumentLookup
from riskgate.contracts.derivatives import Derivative, parse_tradingsymbol
from riskgate.contracts.instruments import Instrument, InstrumentKind, InstrumentRef, round_nearest
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource

LEVELS: Final = 5
LOTS_A_LEVEL: Final = 20
# What an option at the money costs over its worth, as a part of the underlying.
TIME_VALUE: Final = Decimal("0.01")


class ContractMarket:
    """The simulated market, with prices of contracts it has no base for; implements MarketData."""

    def __init__(self, *, seed: int, clock: Clock, instruments: InstrumentLookup) -> None:
        self._seed = seed
        self._clock = clock
        self._instruments = instruments

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return one quote for each instrument that is listed."""
        second = int(self._clock.now().timestamp())
        rows = (self._instruments.get(ref) for ref in dict.fromkeys(instruments))
        return tuple(quote_of(self._seed, row, second) for row in rows if row is not None)


def quote_of(seed: int, instrument: Instrument, second: int) -> Quote:
    """Return the quote of an instrument at a second, from its price alone for a contract."""
    if _derived(instrument.ref) is None:
        return simulated_quote(seed, instrument, second)
    tick = instrument.tick_size or DISPLAY_STEP
    last = max(last_price(seed, instrument, second), tick * (LEVELS + 1))
    quantity = Decimal(LOTS_A_LEVEL * instrument.lot_size)
    bids, asks = (
        tuple(DepthLevel(price=last + way * step * tick, quantity=quantity) for step in steps)
        for way, steps in ((-1, range(1, LEVELS + 1)), (1, range(LEVELS)))
    )
    as_of = datetime.fromtimestamp(second, UTC)
    return Quote(
        instrument=instrument.ref,
        source=QuoteSource.SIMULATED,
        as_of=as_of,
        market_time=as_of,
        last=last,
        bids=bids,
        asks=asks,
    )


def last_price(seed: int, instrument: Instrument, second: int) -> Decimal:
    """Return the last price of an instrument at a second since 1970, on its tick."""
    tick = instrument.tick_size or DISPLAY_STEP
    derived = _derived(instrument.ref)
    if derived is None:
        return _on(_moved(seed, instrument.ref, second), tick)
    future = _moved(seed, _twin(derived) or instrument.ref, second)
    if derived.kind is InstrumentKind.FUTURE or derived.strike is None:
        return _on(future, tick)
    return _on(_premium(derived, derived.strike, future), tick)


def _premium(derived: Derivative, strike: Decimal, future: Decimal) -> Decimal:
    sign = 1 if derived.kind is InstrumentKind.CALL else -1
    hope = future * TIME_VALUE
    return max(sign * (future - strike), Decimal(0)) + hope * hope / (hope + abs(future - strike))


def _moved(seed: int, ref: InstrumentRef, second: int) -> Decimal:
    return base_price(seed, ref) * (MILLION + drift_ppm(seed, ref, second)) / MILLION


def _on(price: Decimal, tick: Decimal) -> Decimal:
    return max(round_nearest(price, tick), tick)


def _derived(ref: InstrumentRef) -> Derivative | None:
    return None if ref in bundled_prices() else parse_tradingsymbol(ref)


def _twin(derived: Derivative) -> InstrumentRef | None:
    return _futures().get(derived.underlying)


@cache
def _futures() -> dict[str, InstrumentRef]:
    named = {ref: parse_tradingsymbol(ref) for ref in bundled_prices()}
    return {derived.underlying: ref for ref, derived in named.items() if derived is not None}
