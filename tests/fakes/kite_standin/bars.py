"""Price history that is made up, the same at each asking, and keeps the hours of the exchange."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from adapters.market_data.noise import draw
from adapters.ports import Clock
from riskgate.contracts.instruments import (
    Instrument,
    InstrumentKind,
    InstrumentRef,
)
from tests.fakes.kite_oms import Refused
from tests.fakes.kite_standin.hours import CLOSES, OPENS, trades_on
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_standin.prices import last_price
from tests.fakes.kite_wire import INDIA, lean, stamp

A_DAY: Final = timedelta(days=1)
MINUTES: Final = {
    "minute": 1,
    "3minute": 3,
    "5minute": 5,
    "10minute": 10,
    "15minute": 15,
    "30minute": 30,
    "60minute": 60,
}
# How many days of each Kite gives in one call.
MOST_DAYS: Final = {
    "minute": 60,
    "3minute": 100,
    "5minute": 100,
    "10minute": 100,
    "15minute": 200,
    "30minute": 200,
    "60minute": 400,
    "day": 2000,
}
SAMPLES: Final = 4


@dataclass(frozen=True)
class Bar:
    """One candle, from a time in India."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    oi: int


class Bars:
    """Candles around the prices of the simulated market of the same seed."""

    def __init__(self, *, seed: int, clock: Clock, master: KiteMaster) -> None:
        self._seed = seed
        self._clock = clock
        self._master = master

    def asked(self, token: int, interval: str, query: dict[str, str]) -> JsonValue:
        """Return the candles of a call as Kite writes them, None where there are none.

        Raises Refused for a token or an interval that Kite does not know, and for too long a time.
        """
        instrument = self._master.by_token(token)
        if instrument is None or interval not in MOST_DAYS:
            raise Refused("InputException: invalid token or interval")
        start, end = (_in_india(query[name]) for name in ("from", "to"))
        if start > end or (end - start).days > MOST_DAYS[interval]:
            raise Refused("InputException: invalid from date or interval exceeds max limit")
        open_interest = query["oi"] == "1" and instrument.kind is not InstrumentKind.EQUITY
        found: list[JsonValue] = [
            _written(bar, oi=open_interest)
            for bar in self._between(instrument, interval, start, end)
        ]
        return found or None

    def day(self, ref: InstrumentRef, day: date) -> Bar:
        """Return the candle of a day, as far as it has come; also of one without trading."""
        opened = datetime.combine(day, OPENS, INDIA)
        closed = min(datetime.combine(day, CLOSES, INDIA), max(self._now(), opened))
        return self._bar(ref, opened, opened, closed)

    def day_before(self, ref: InstrumentRef, day: date) -> Bar:
        """Return the candle of the trading day before."""
        day -= A_DAY
        while not trades_on(ref.exchange, day):
            day -= A_DAY
        return self.day(ref, day)

    def _between(
        self, instrument: Instrument, interval: str, start: datetime, end: datetime
    ) -> Iterator[Bar]:
        ref, day = instrument.ref, start.date()
        while day <= min(end, self._now()).date():
            if trades_on(ref.exchange, day):
                if interval == "day":
                    yield from self._days(ref, day)
                else:
                    parts = self._parts(ref, day, interval)
                    yield from (bar for bar in parts if start <= bar.at <= end)
            day += A_DAY

    def _days(self, ref: InstrumentRef, day: date) -> Iterator[Bar]:
        opened = datetime.combine(day, OPENS, INDIA)
        if opened <= self._now():
            closed = min(datetime.combine(day, CLOSES, INDIA), self._now())
            yield self._bar(ref, datetime.combine(day, time(), INDIA), opened, closed)

    def _parts(self, ref: InstrumentRef, day: date, interval: str) -> Iterator[Bar]:
        step, at = timedelta(minutes=MINUTES[interval]), datetime.combine(day, OPENS, INDIA)
        closes = datetime.combine(day, CLOSES, INDIA)
        while at < closes and at <= self._now():
            yield self._bar(ref, at, at, min(at + step, closes, self._now()))
            at += step

    def _bar(self, ref: InstrumentRef, at: datetime, opened: datetime, closed: datetime) -> Bar:
        first, last = int(opened.timestamp()), int(closed.timestamp())
        seconds = [first + (last - first) * part // SAMPLES for part in range(SAMPLES + 1)]
        prices = [self._price(ref, second) for second in seconds]
        return Bar(
            at=at,
            open=prices[0],
            high=max(prices),
            low=min(prices),
            close=prices[-1],
            volume=(last - first) * (1 + draw(50, self._seed, ref, "volume", first)),
            oi=1_000 * (10 + draw(90, self._seed, ref, "oi", first)),
        )

    def _price(self, ref: InstrumentRef, second: int) -> Decimal:
        instrument = self._master.get(ref)
        assert instrument is not None, f"{ref} is not listed"
        return last_price(self._seed, instrument, second)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(INDIA)


def _in_india(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=INDIA)


def _written(bar: Bar, *, oi: bool) -> JsonValue:
    return {
        "date": stamp(bar.at),
        "open": lean(bar.open),
        "high": lean(bar.high),
        "low": lean(bar.low),
        "close": lean(bar.close),
        "volume": bar.volume,
        "oi": bar.oi if oi else 0,
    }
