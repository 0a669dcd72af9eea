"""Which market an instrument's price comes from."""

from collections.abc import Sequence

from adapters.market_data.replay import ReplayMarket
from adapters.ports import MarketData
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.snapshots import Quote


class MarketRouter:
    """Replay for instruments with imported bars, the simulated market for the rest.

    Implements MarketData. An instrument with bars is never simulated, also not on a bar that
    has no quote: a made-up price must not stand in for a real one.
    """

    def __init__(self, *, replay: ReplayMarket, simulated: MarketData) -> None:
        self._replay = replay
        self._simulated = simulated

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return one quote for each instrument that has one; the others are left out."""
        real = [ref for ref in instruments if await self._replay.has_bars(ref)]
        rest = [ref for ref in instruments if ref not in real]
        return (
            *await self._replay.get_quotes(real),
            *await self._simulated.get_quotes(rest),
        )


class LiveRouter:
    """The live market for the exchanges it has; elsewhere replay, and nothing is simulated.

    Implements MarketData. Imported bars of a live exchange are for looking back: their prices must
    not stand beside those of now.
    """

    def __init__(
        self, *, live: MarketData, exchanges: frozenset[Exchange], replay: MarketData
    ) -> None:
        self._live = live
        self._exchanges = exchanges
        self._replay = replay

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return one quote for each instrument that has one; the others are left out."""
        live = [ref for ref in instruments if ref.exchange in self._exchanges]
        rest = [ref for ref in instruments if ref.exchange not in self._exchanges]
        return (
            *(await self._live.get_quotes(live) if live else ()),
            *await self._replay.get_quotes(rest),
        )
