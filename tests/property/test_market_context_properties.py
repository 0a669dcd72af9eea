"""Trend, volatility and range of any bars."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.planning.market_context import (
    ATR_BARS,
    BAND,
    ENOUGH,
    LONG,
    SHORT,
    context_of,
    trend_of,
    volatility_of,
)
from riskgate.contracts.bars import Bar
from riskgate.contracts.insights import BarsFrom, MarketContext, Trend, Volatility
from tests.unit.riskgate.builders import a_ref

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
PRICES = st.integers(100, 1_000_000).map(lambda paise: Decimal(paise) / 100)
CLOSES = st.lists(PRICES, max_size=90)


def bars_of(closes: list[Decimal], *, split_at: int | None = None) -> list[Bar]:
    return [
        Bar(
            instrument=a_ref(),
            opened_at=FIRST + timedelta(days=at),
            open=close,
            high=close + Decimal("0.5"),
            low=close - Decimal("0.5"),
            close=close,
            volume=1,
            split_suspected=at == split_at,
        )
        for at, close in enumerate(closes)
    ]


def seen(closes: list[Decimal], *, split_at: int | None = None) -> MarketContext:
    return context_of(a_ref(), bars_of(closes, split_at=split_at), BarsFrom.IMPORT)


@given(CLOSES)
def test_a_figure_is_there_exactly_where_the_bars_reach(closes: list[Decimal]) -> None:
    found, count = seen(closes), len(closes)
    assert found.bars == count
    assert (found.sma20 is not None) is (count >= SHORT)
    assert (found.sma50 is not None) is (found.trend is not None) is (count >= LONG)
    assert (found.volatility20_pct is not None) is (count > SHORT)
    assert (found.atr14 is not None) is (count > ATR_BARS)
    notes = () if count >= ENOUGH else ("INSUFFICIENT_CANDLES",) if count else ("NO_CANDLES",)
    assert found.notes == notes


@given(CLOSES, st.integers(2, 50))
def test_a_scale_of_prices_changes_no_share(closes: list[Decimal], factor: int) -> None:
    one, other = seen(closes), seen([close * factor for close in closes])
    assert (one.trend, one.volatility) == (other.trend, other.volatility)
    assert one.volatility20_pct == other.volatility20_pct


@given(CLOSES)
def test_averages_lie_between_the_lowest_and_the_highest_close(closes: list[Decimal]) -> None:
    found, edge = seen(closes), Decimal("0.0001")
    if found.sma20 is not None:
        assert min(closes[-SHORT:]) - edge <= found.sma20 <= max(closes[-SHORT:]) + edge
    if found.atr14 is not None:
        assert found.atr14 >= 1


@given(CLOSES.filter(lambda closes: len(closes) > 1), st.data())
def test_nothing_before_a_suspected_split_counts(
    closes: list[Decimal], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(closes) - 1))
    split, alone = seen(closes, split_at=at), seen(closes[at:])
    assert split.bars == alone.bars
    assert (split.sma20, split.atr14, split.trend) == (alone.sma20, alone.atr14, alone.trend)


@given(PRICES)
def test_a_price_that_stands_still_has_no_trend_and_no_volatility(price: Decimal) -> None:
    found = seen([price] * ENOUGH)
    assert (found.trend, found.volatility20_pct) == (Trend.RANGE, Decimal(0))
    assert (found.volatility, found.atr14) == (Volatility.LOW, Decimal(1))


@given(PRICES)
def test_at_the_edge_of_the_band_it_is_no_trend(long: Decimal) -> None:
    beyond = Decimal("0.000001")
    assert trend_of(long * (1 + BAND), long) is Trend.RANGE
    assert trend_of(long * (1 + BAND + beyond), long) is Trend.UP
    assert trend_of(long * (1 - BAND), long) is Trend.RANGE
    assert trend_of(long * (1 - BAND - beyond), long) is Trend.DOWN


def test_volatility_is_named_by_its_two_bounds() -> None:
    named = [volatility_of(Decimal(each)) for each in ("14.99", "15", "35", "35.01")]
    normal = Volatility.NORMAL
    assert named == [Volatility.LOW, normal, normal, Volatility.HIGH]
