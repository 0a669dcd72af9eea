"""The mock broker's own market: prices that stand still until told, deep on both sides."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Final

from adapters.ports import Clock
from riskgate.contracts.instruments import (
    Currency,
    Exchange,
    Instrument,
    InstrumentKind,
    InstrumentRef,
)
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource

STEP: Final = Decimal("0.05")
DEPTH: Final = Decimal(10_000_000)
_DOLLARS: Final = frozenset({Exchange.NASDAQ, Exchange.NYSE, Exchange.ARCA})


class FixedMarket:
    """Shows the bundled base prices, or those set; implements MarketData.

    An instrument without a base price has one drawn from the seed, the same each time.
    """

    def __init__(self, *, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._seed = seed
        self._set: dict[InstrumentRef, tuple[Decimal, Decimal, Decimal]] = {}

    def set_price(
        self,
        ref: InstrumentRef,
        last: Decimal,
        *,
        bid: Decimal | None = None,
        ask: Decimal | None = None,
    ) -> None:
        """Show a price from now on; raises ValueError when the bid would be above the ask."""
        touch = _touch(last, bid, ask)
        if touch[0] > touch[1]:
            raise ValueError(f"bid {touch[0]} is above ask {touch[1]}")
        self._set[ref] = (last, *touch)

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return one quote for each instrument, as of now."""
        return tuple(self._quote(ref) for ref in dict.fromkeys(instruments))

    def _quote(self, ref: InstrumentRef) -> Quote:
        last, bid, ask = self._set.get(ref) or self._base(ref)
        now = self._clock.now()
        return Quote(
            instrument=ref,
            source=QuoteSource.SIMULATED,
            as_of=now,
            market_time=now,
            last=last,
            bids=(DepthLevel(price=bid, quantity=DEPTH),),
            asks=(DepthLevel(price=ask, quantity=DEPTH),),
        )

    def _base(self, ref: InstrumentRef) -> tuple[Decimal, Decimal, Decimal]:
        last = base_prices().get(ref) or _drawn_price(self._seed, ref)
        return (last, *_touch(last, None, None))


class AnyInstrument:
    """Takes every name as a share with a lot of 1; implements InstrumentLookup.

    The mock process has no instrument master: steps are judged before an order reaches it.
    """

    def get(self, ref: InstrumentRef) -> Instrument | None:
        """Return a row for any name."""
        return Instrument(
            ref=ref,
            name=ref.tradingsymbol,
            kind=InstrumentKind.EQUITY,
            currency=Currency.USD if ref.exchange in _DOLLARS else Currency.INR,
            lot_size=1,
            tick_size=Decimal("0.01"),
        )


@cache
def base_prices() -> Mapping[InstrumentRef, Decimal]:
    """Read the prices that the simulated market is built around."""
    source = resources.files("adapters.market_data.data").joinpath("base_prices.csv")
    rows = csv.DictReader(io.StringIO(source.read_text(encoding="utf-8")))
    return {
        InstrumentRef(exchange=Exchange(row["exchange"]), tradingsymbol=row["tradingsymbol"]): (
            Decimal(row["price"])
        )
        for row in rows
    }


def _touch(last: Decimal, bid: Decimal | None, ask: Decimal | None) -> tuple[Decimal, Decimal]:
    low = max(last - STEP, STEP) if bid is None else bid
    high = last + STEP if ask is None else ask
    return low, high


def _drawn_price(seed: int, ref: InstrumentRef) -> Decimal:
    digest = hashlib.sha256(f"{seed}|{ref}|base".encode()).digest()
    return Decimal(100 + int.from_bytes(digest[:8], "big") % 2_901)
