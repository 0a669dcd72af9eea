from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.market_data.simulated import SimulatedMarket, simulated_quote
from adapters.ports import MarketData
from app.instruments.directory import Directory
from app.instruments.master import MasterRow, load_master
from riskgate.contracts.instruments import InstrumentKind, on_step
from riskgate.contracts.snapshots import Quote, QuoteSource
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.instruments import INFY, NIFTY, TCS, UNKNOWN, MemoryInstruments

DIRECTORY = Directory(load_master())


def a_market(clock: FakeClock, *, seed: int = 1, step_s: int = 1) -> MarketData:
    return SimulatedMarket(seed=seed, clock=clock, instruments=MemoryInstruments(), step_s=step_s)


async def one_quote(market: MarketData) -> Quote:
    (quote,) = await market.get_quotes([INFY])
    return quote


async def test_the_same_seed_and_time_give_the_same_quote_in_any_order() -> None:
    clock = FakeClock()
    first = await a_market(clock).get_quotes([INFY, TCS])
    again = await a_market(clock).get_quotes([TCS, INFY])
    assert sorted(map(str, first)) == sorted(map(str, again))


async def test_another_seed_gives_other_prices() -> None:
    clock = FakeClock()
    quotes = {str(await one_quote(a_market(clock, seed=seed))) for seed in range(5)}
    assert len(quotes) == 5


async def test_a_quote_stands_for_its_step_and_is_never_of_the_future() -> None:
    clock = FakeClock(MORNING + timedelta(milliseconds=700))
    market = a_market(clock, step_s=5)
    quote = await one_quote(market)
    assert quote.as_of == quote.market_time == MORNING
    clock.advance(seconds=4)
    assert await one_quote(market) == quote
    clock.advance(seconds=1)
    assert (await one_quote(market)).as_of == MORNING + timedelta(seconds=5)


async def test_prices_move_and_come_back() -> None:
    clock = FakeClock()
    market = a_market(clock)
    lasts = []
    for _ in range(500):
        clock.advance(minutes=17)
        lasts.append((await one_quote(market)).last)
    assert len(set(lasts)) > 100
    assert Decimal("1460") < min(lasts) < max(lasts) < Decimal("1516")


async def test_it_is_open_on_a_sunday_night_and_says_that_it_is_simulated() -> None:
    clock = FakeClock(MORNING + timedelta(days=4, hours=17))
    assert (await one_quote(a_market(clock))).source is QuoteSource.SIMULATED


async def test_unknown_instruments_are_left_out_and_repeats_answered_once() -> None:
    market = a_market(FakeClock())
    quotes = await market.get_quotes([UNKNOWN, INFY, INFY])
    assert [quote.instrument for quote in quotes] == [INFY]


async def test_an_index_has_a_price_and_no_depth() -> None:
    (quote,) = await a_market(FakeClock()).get_quotes([NIFTY])
    assert (quote.bids, quote.asks) == ((), ())
    assert quote.last > 20_000


@pytest.mark.parametrize("row", load_master(), ids=lambda row: str(row.instrument.ref))
def test_every_bundled_instrument_has_a_sound_book(row: MasterRow) -> None:
    instrument = row.instrument
    tick = instrument.tick_size or Decimal("0.05")
    for second in range(1_773_000_000, 1_773_000_020):
        quote = simulated_quote(7, instrument, second)
        assert on_step(quote.last, tick)
        if instrument.kind is InstrumentKind.INDEX:
            continue
        assert quote.bid is not None
        assert quote.ask is not None
        assert quote.bid < quote.ask <= quote.bid + 3 * tick
        assert quote.bid <= quote.last <= quote.ask
        assert len(quote.bids) == len(quote.asks) == 5
        for level in (*quote.bids, *quote.asks):
            assert level.price > 0
            assert on_step(level.price, tick)
            assert level.quantity > 0
            assert on_step(level.quantity, Decimal(instrument.lot_size))
