"""Bars in memory."""

from collections.abc import Sequence

from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import InstrumentRef


class MemoryBarHistory:
    """Gives the bars put into it, oldest first; implements BarHistory."""

    def __init__(self, *bars: Bar) -> None:
        self.bars = list(bars)
        self.loads = 0

    async def load_bars(self, instrument: InstrumentRef) -> Sequence[Bar]:
        self.loads += 1
        own = [bar for bar in self.bars if bar.instrument == instrument]
        return tuple(sorted(own, key=lambda bar: bar.opened_at))
