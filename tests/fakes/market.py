"""A market that shows what a test tells it to."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from adapters.errors import MarketDataUnavailable
from adapters.ports import Clock
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource

Level = tuple[str, int]


def levels(*rows: Level) -> tuple[DepthLevel, ...]:
    """Make depth from (price, quantity) pairs, best first."""
    return tuple(DepthLevel(price=Decimal(price), quantity=Decimal(size)) for price, size in rows)


class ScriptedMarket:
    """Shows the quotes set on it, as of the clock's now; implements MarketData.

    Each `show` is a new display with its own market time; reading it again is the same display.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shown: dict[InstrumentRef, tuple[Quote, bool]] = {}
        self._down = False
        self._source = QuoteSource.SIMULATED
        self._band: tuple[Decimal, Decimal] | None = None

    def go_live(self, low: str, high: str) -> None:
        """Give what is shown from now on as a broker's prices, with a circuit band."""
        self._source = QuoteSource.BROKER
        self._band = (Decimal(low), Decimal(high))

    def show(
        self,
        ref: InstrumentRef,
        *,
        bids: Sequence[Level] = (),
        asks: Sequence[Level] = (),
        last: str,
        as_of: datetime | None = None,
    ) -> None:
        """Display a book until the next `show`; with `as_of` it grows old from then on."""
        now = self._clock.now()
        quote = Quote(
            instrument=ref,
            source=self._source,
            as_of=as_of or now,
            market_time=as_of or now,
            last=Decimal(last),
            bids=levels(*bids),
            asks=levels(*asks),
            lower_circuit=self._band[0] if self._band else None,
            upper_circuit=self._band[1] if self._band else None,
        )
        self._shown[ref] = (quote, as_of is None)

    def hide(self, ref: InstrumentRef) -> None:
        """Show no quote of the instrument."""
        self._shown.pop(ref, None)

    def go_down(self) -> None:
        """Make every read raise MarketDataUnavailable."""
        self._down = True

    def come_up(self) -> None:
        """Answer again."""
        self._down = False

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        if self._down:
            raise MarketDataUnavailable("the feed is down")
        return tuple(self._fresh(ref) for ref in instruments if ref in self._shown)

    def _fresh(self, ref: InstrumentRef) -> Quote:
        quote, stays_fresh = self._shown[ref]
        return quote.model_copy(update={"as_of": self._clock.now()}) if stays_fresh else quote
