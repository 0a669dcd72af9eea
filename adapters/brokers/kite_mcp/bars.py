"""Kite's bars in our words, and the windows in which Kite gives them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from pydantic import JsonValue, ValidationError

from adapters.brokers.kite_mcp.fields import INDIA, Row, Unreadable, moment, number, on_tick, whole
from riskgate.contracts.bars import Bar, BarInterval
from riskgate.contracts.instruments import Exchange, InstrumentRef

WORDS: Final = {
    BarInterval.MINUTE_1: "minute",
    BarInterval.MINUTE_3: "3minute",
    BarInterval.MINUTE_5: "5minute",
    BarInterval.MINUTE_10: "10minute",
    BarInterval.MINUTE_15: "15minute",
    BarInterval.MINUTE_30: "30minute",
    BarInterval.HOUR: "60minute",
    BarInterval.DAY: "day",
}
# What one call gives at most. Kite gives more of the longer intraday bars; how much is not sure.
INTRADAY_DAYS: Final = 60
DAILY_DAYS: Final = 2000
# A day's bar may still change after the close: of shares by their closing session, of commodities
# until midnight.
_DAY_IS_OVER: Final = timedelta(hours=16)
_A_DAY: Final = timedelta(days=1)
_PRICES: Final = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Window:
    """Days in India that one call asks for, both included."""

    first_day: date
    last_day: date

    def arguments(self, token: int, interval: BarInterval) -> dict[str, JsonValue]:
        """Return exactly what `get_historical_data` is called with."""
        return {
            "instrument_token": token,
            "from_date": f"{self.first_day} 00:00:00",
            "to_date": f"{self.last_day} 23:59:59",
            "interval": WORDS[interval],
        }


def windows(interval: BarInterval, first_day: date, last_day: date) -> tuple[Window, ...]:
    """Cut the days into windows that Kite gives in one call, oldest first; none for no days."""
    most = timedelta(days=DAILY_DAYS if interval is BarInterval.DAY else INTRADAY_DAYS)
    found, start = [], first_day
    while start <= last_day:
        end = min(start + most - _A_DAY, last_day)
        found.append(Window(start, end))
        start = end + _A_DAY
    return tuple(found)


def bars_of(
    ref: InstrumentRef,
    rows: Iterable[Row],
    *,
    window: Window,
    interval: BarInterval,
    tick: Decimal | None,
    now: datetime,
) -> tuple[Bar, ...]:
    """Return the bars of a window that are over by now, oldest first.

    Raises Unreadable for a bar that is unsound, out of order, or not of the days asked for.
    """
    bars: list[Bar] = []
    for row in rows:
        bar = _bar(ref, row, interval, tick)
        day = bar.opened_at.astimezone(UTC if interval is BarInterval.DAY else INDIA).date()
        if not window.first_day <= day <= window.last_day:
            raise Unreadable(f"a bar of {day} is not of the days asked for")
        if bars and bar.opened_at <= bars[-1].opened_at:
            raise Unreadable(f"the bar of {bar.opened_at.isoformat()} is out of order")
        bars.append(bar)
    return tuple(bar for bar in bars if _is_over(bar, interval, now))


def _bar(ref: InstrumentRef, row: Row, interval: BarInterval, tick: Decimal | None) -> Bar:
    opened_at = moment(row, "date")
    if opened_at is None:
        raise Unreadable("a bar has no time")
    open_, high, low, close = (on_tick(number(row, name), tick) for name in _PRICES)
    if not low <= min(open_, close) or not max(open_, close) <= high:
        raise Unreadable(f"the bar of {opened_at.isoformat()} is not within its high and low")
    if interval is BarInterval.DAY:
        # A day's bar is kept by its day, as imported ones are.
        opened_at = datetime.combine(opened_at.astimezone(INDIA).date(), time(), UTC)
    try:
        return Bar(
            instrument=ref,
            opened_at=opened_at,
            open=open_,
            high=high,
            low=low,
            close=close,
            volume=int(whole(row, "volume")),
        )
    except ValidationError as error:
        odd = error.errors()[0]["loc"][0]
        raise Unreadable(f"the bar of {opened_at.isoformat()} has an odd {odd}") from None


def _is_over(bar: Bar, interval: BarInterval, now: datetime) -> bool:
    if interval is not BarInterval.DAY:
        return bar.opened_at + interval.length <= now
    over = _A_DAY if bar.instrument.exchange is Exchange.MCX else _DAY_IS_OVER
    return datetime.combine(bar.opened_at.date(), time(), INDIA) + over <= now
