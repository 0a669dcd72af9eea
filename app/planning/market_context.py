"""Trend and volatility from daily bars: pure arithmetic in decimals."""

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import Final

from riskgate.contracts.bars import Bar
from riskgate.contracts.insights import BarsFrom, DayClose, MarketContext, Trend, Volatility
from riskgate.contracts.instruments import InstrumentRef

SHORT: Final = 20
LONG: Final = 50
ATR_BARS: Final = 14
ENOUGH: Final = 55
SHOWN: Final = 60
# The averages must be this far apart, as a share, before it is called a trend.
BAND: Final = Decimal("0.002")
DAYS_A_YEAR: Final = Decimal(252)
LOW_BELOW: Final = Decimal(15)
HIGH_ABOVE: Final = Decimal(35)
HUNDRED: Final = Decimal(100)
NO_CANDLES: Final = "NO_CANDLES"
INSUFFICIENT_CANDLES: Final = "INSUFFICIENT_CANDLES"
_PLACES: Final = Decimal("0.0001")
_EXACT_ENOUGH: Final = Context(prec=34)


def context_of(
    instrument: InstrumentRef, bars: Sequence[Bar], bars_from: BarsFrom | None
) -> MarketContext:
    """Return the context that closed daily bars, oldest first, give.

    Bars before a suspected split are of other shares and are left out. Averages are simple, the
    true range is averaged as Wilder does, volatility is the standard deviation of the daily log
    returns in percent a year.
    """
    whole = since_split(bars)
    if not whole:
        return MarketContext(
            instrument=instrument, bars_from=bars_from, bars=0, notes=(NO_CANDLES,)
        )
    with localcontext(_EXACT_ENOUGH):
        closes = [bar.close for bar in whole]
        short, long = average(closes, SHORT), average(closes, LONG)
        vol, atr = volatility_pct(closes), wilder_atr(whole)
        return MarketContext(
            instrument=instrument,
            bars_from=bars_from,
            bars=len(whole),
            first_day=whole[0].opened_at.date(),
            last_day=whole[-1].opened_at.date(),
            close=closes[-1],
            sma20=_shown(short),
            sma50=_shown(long),
            trend=trend_of(short, long),
            volatility20_pct=_shown(vol),
            volatility=None if vol is None else volatility_of(vol),
            atr14=_shown(atr),
            atr14_pct=None if atr is None else _shown(atr / closes[-1] * HUNDRED),
            change20_pct=_shown(change_pct(closes)),
            line=_line(whole, closes),
            notes=() if len(whole) >= ENOUGH else (INSUFFICIENT_CANDLES,),
        )


def since_split(bars: Sequence[Bar]) -> Sequence[Bar]:
    """Return the bars from the last suspected split on."""
    at = max((place for place, bar in enumerate(bars) if bar.split_suspected), default=0)
    return bars[at:]


def average(closes: Sequence[Decimal], length: int) -> Decimal | None:
    """Return the average of the last closes, None where there are fewer."""
    return sum(closes[-length:], Decimal(0)) / length if len(closes) >= length else None


def trend_of(short: Decimal | None, long: Decimal | None) -> Trend | None:
    """Return where the short average stands to the long one, beyond the band."""
    if short is None or long is None:
        return None
    if short > long * (1 + BAND):
        return Trend.UP
    return Trend.DOWN if short < long * (1 - BAND) else Trend.RANGE


def volatility_pct(closes: Sequence[Decimal]) -> Decimal | None:
    """Return the deviation of the last 20 daily log returns, in percent a year."""
    if len(closes) <= SHORT:
        return None
    last = closes[-SHORT - 1 :]
    returns = [(now / before).ln() for before, now in pairwise(last)]
    mean = sum(returns, Decimal(0)) / SHORT
    spread = sum(((each - mean) ** 2 for each in returns), Decimal(0)) / (SHORT - 1)
    return (spread * DAYS_A_YEAR).sqrt() * HUNDRED


def volatility_of(percent: Decimal) -> Volatility:
    """Name a volatility: below 15 % low, above 35 % high."""
    if percent < LOW_BELOW:
        return Volatility.LOW
    return Volatility.HIGH if percent > HIGH_ABOVE else Volatility.NORMAL


def wilder_atr(bars: Sequence[Bar]) -> Decimal | None:
    """Return the average true range of 14 bars, smoothed over all that are given."""
    if len(bars) <= ATR_BARS:
        return None
    ranges = [_true_range(before, bar) for before, bar in pairwise(bars)]
    atr = sum(ranges[:ATR_BARS], Decimal(0)) / ATR_BARS
    for each in ranges[ATR_BARS:]:
        atr = (atr * (ATR_BARS - 1) + each) / ATR_BARS
    return atr


def change_pct(closes: Sequence[Decimal]) -> Decimal | None:
    """Return the change of the last 20 days in percent."""
    if len(closes) <= SHORT:
        return None
    return (closes[-1] / closes[-SHORT - 1] - 1) * HUNDRED


def _true_range(before: Bar, bar: Bar) -> Decimal:
    return max(bar.high, before.close) - min(bar.low, before.close)


def _line(bars: Sequence[Bar], closes: Sequence[Decimal]) -> tuple[DayClose, ...]:
    first = max(len(bars) - SHOWN, 0)
    return tuple(
        DayClose(
            day=bars[at].opened_at.date(),
            close=closes[at],
            sma20=_shown(average(closes[: at + 1], SHORT)),
            sma50=_shown(average(closes[: at + 1], LONG)),
        )
        for at in range(first, len(bars))
    )


def _shown(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(_PLACES)
