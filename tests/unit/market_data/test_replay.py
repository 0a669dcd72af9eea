from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.market_data.composite import MarketRouter
from adapters.market_data.replay import ReplayMarket, bar_quote
from adapters.market_data.simulated import SimulatedMarket
from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import InstrumentRef, on_step
from riskgate.contracts.snapshots import Quote, QuoteSource
from tests.fakes.bar_history import MemoryBarHistory
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.instruments import GOOG, INFY, MemoryInstruments, an_instrument

CENT = Decimal("0.01")


def a_bar(
    day: int = 1,
    *,
    close: str = "105",
    low: str = "95",
    high: str = "110",
    volume: int = 50_000,
    split_suspected: bool = False,
) -> Bar:
    return Bar(
        instrument=GOOG,
        opened_at=datetime(2010, 1, day, tzinfo=UTC),
        open=Decimal(close),
        high=Decimal(high),
        low=Decimal(low),
        close=Decimal(close),
        volume=volume,
        split_suspected=split_suspected,
    )


def a_replay(
    clock: FakeClock, history: MemoryBarHistory, start_on: date | None = None
) -> ReplayMarket:
    return ReplayMarket(
        history=history,
        clock=clock,
        instruments=MemoryInstruments(),
        started_at=MORNING,
        seconds_per_bar=60,
        start_on=start_on,
    )


async def days_seen(replay: ReplayMarket, clock: FakeClock, steps: int) -> list[int]:
    days = []
    for _ in range(steps):
        (quote,) = await replay.get_quotes([GOOG])
        days.append(quote.market_time.day)
        clock.advance(seconds=60)
    return days


async def test_bars_are_stepped_through_by_the_clock_and_the_last_one_stays() -> None:
    clock, history = FakeClock(), MemoryBarHistory(a_bar(1), a_bar(2), a_bar(3))
    assert await days_seen(a_replay(clock, history), clock, 5) == [1, 2, 3, 3, 3]


async def test_a_start_day_skips_what_came_before() -> None:
    clock, history = FakeClock(), MemoryBarHistory(a_bar(1), a_bar(4), a_bar(5))
    assert await days_seen(a_replay(clock, history, date(2010, 1, 2)), clock, 2) == [4, 5]
    late = a_replay(FakeClock(), history, date(2030, 1, 1))
    assert (await late.get_quotes([GOOG]))[0].market_time.day == 5


async def test_before_its_start_a_replay_shows_the_first_bar() -> None:
    clock = FakeClock(MORNING - timedelta(hours=1))
    replay = a_replay(clock, MemoryBarHistory(a_bar(1), a_bar(2)))
    assert (await replay.get_quotes([GOOG]))[0].market_time.day == 1


async def test_a_quote_says_it_is_a_replay_and_keeps_both_times() -> None:
    clock = FakeClock()
    (quote,) = await a_replay(clock, MemoryBarHistory(a_bar())).get_quotes([GOOG])
    assert quote.source is QuoteSource.REPLAY
    assert (quote.as_of, quote.market_time) == (MORNING, datetime(2010, 1, 1, tzinfo=UTC))
    assert (quote.last, quote.bid, quote.ask) == (
        Decimal(105),
        Decimal("104.99"),
        Decimal("105.01"),
    )
    assert quote.asks[0].quantity == 500


async def test_a_bar_that_looks_like_a_split_has_no_quote() -> None:
    clock = FakeClock()
    replay = a_replay(clock, MemoryBarHistory(a_bar(1, split_suspected=True), a_bar(2)))
    assert await replay.get_quotes([GOOG]) == ()
    clock.advance(seconds=60)
    assert len(await replay.get_quotes([GOOG])) == 1


async def test_an_instrument_without_bars_or_unknown_is_left_out() -> None:
    replay = a_replay(FakeClock(), MemoryBarHistory(a_bar()))
    assert await replay.get_quotes([INFY]) == ()


async def test_bars_are_kept_a_minute_and_an_import_shows_at_once_where_there_were_none() -> None:
    clock, history = FakeClock(), MemoryBarHistory()
    replay = a_replay(clock, history)
    assert not await replay.has_bars(GOOG)
    history.bars.append(a_bar(1))
    assert await replay.has_bars(GOOG)
    loads = history.loads
    await replay.get_quotes([GOOG])
    assert history.loads == loads
    clock.advance(seconds=60)
    await replay.get_quotes([GOOG])
    assert history.loads == loads + 1


def test_a_speed_below_a_second_a_bar_is_refused() -> None:
    with pytest.raises(ValueError, match="seconds_per_bar must be at least 1, was 0"):
        ReplayMarket(
            history=MemoryBarHistory(),
            clock=FakeClock(),
            instruments=MemoryInstruments(),
            started_at=MORNING,
            seconds_per_bar=0,
        )


@pytest.mark.parametrize(
    ("low", "close", "high", "bid", "ask"),
    [
        ("95", "110", "110", "109.99", "110"),
        ("105", "105", "110", "105", "105.01"),
        ("105", "105", "105", "105", "105"),
        ("95", "105.005", "110", "104.99", "105.02"),
    ],
)
def test_the_touch_stays_inside_the_bar(
    low: str, close: str, high: str, bid: str, ask: str
) -> None:
    quote = quote_of(a_bar(low=low, close=close, high=high))
    assert (quote.bid, quote.ask) == (Decimal(bid), Decimal(ask))


def test_a_bar_between_two_ticks_has_no_depth() -> None:
    quote = quote_of(a_bar(low="105.001", close="105.002", high="105.003"))
    assert (quote.bids, quote.asks) == ((), ())


@pytest.mark.parametrize(("volume", "depth"), [(0, 1), (99, 1), (5_000, 50), (10**12, 1_000_000)])
def test_depth_is_one_per_cent_of_the_days_volume_within_bounds(volume: int, depth: int) -> None:
    assert quote_of(a_bar(volume=volume)).bids[0].quantity == depth


def quote_of(bar: Bar) -> Quote:
    instrument = an_instrument(GOOG, tick_size="0.01", freeze_quantity=None)
    return bar_quote(bar, instrument, as_of=MORNING)


prices = st.decimals("0.01", "5000", places=4)


@given(st.lists(prices, min_size=3, max_size=3))
def test_no_bar_gives_a_price_that_was_not_traded_that_day(three: list[Decimal]) -> None:
    low, close, high = sorted(three)
    quote = quote_of(a_bar(low=str(low), close=str(close), high=str(high)))
    for level in (*quote.bids, *quote.asks):
        assert low <= level.price <= high
        assert on_step(level.price, CENT)
        assert level.quantity >= 1


async def sources(router: MarketRouter, *refs: InstrumentRef) -> dict[InstrumentRef, QuoteSource]:
    return {quote.instrument: quote.source for quote in await router.get_quotes(refs)}


async def test_imported_instruments_are_replayed_and_the_rest_simulated() -> None:
    clock = FakeClock()
    history = MemoryBarHistory(a_bar(1), a_bar(2, split_suspected=True))
    router = MarketRouter(
        replay=a_replay(clock, history),
        simulated=SimulatedMarket(seed=1, clock=clock, instruments=MemoryInstruments()),
    )
    assert await sources(router, GOOG, INFY) == {
        GOOG: QuoteSource.REPLAY,
        INFY: QuoteSource.SIMULATED,
    }
    clock.advance(seconds=60)
    assert await sources(router, GOOG, INFY) == {INFY: QuoteSource.SIMULATED}
