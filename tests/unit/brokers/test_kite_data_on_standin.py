"""Quotes, bars and instruments of the stand-in that orders are tried on."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.brokers.kite_mcp.history import KiteHistory
from adapters.brokers.kite_mcp.instruments import KiteInstruments
from adapters.brokers.kite_mcp.market import KiteMarket
from adapters.errors import MarketDataUnavailable
from app.calendars.table import load
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.bars import BarInterval
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.snapshots import QuoteSource
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.instruments import INFY, NIFTY, NIFTY_FUT, TCS, UNKNOWN
from tests.fakes.kite_upstream import KiteUpstream
from tests.fakes.market import ScriptedMarket


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.notices: list[str] = []
        shown = ScriptedMarket(self.clock)
        for ref, bid, ask in ((INFY, "1487.90", "1488.10"), (NIFTY_FUT, "24500.0", "24500.5")):
            shown.show(ref, bids=[(bid, 650)], asks=[(ask, 650)], last=ask)
        shown.show(NIFTY, last="24510.35")
        self.kite = KiteUpstream(market=shown, clock=self.clock)
        self.instruments = KiteInstruments(
            bundled=Directory(load_master()),
            tools=self.kite,
            clock=self.clock,
            notice=self.notices.append,
        )
        self.market = KiteMarket(
            tools=self.kite,
            clock=self.clock,
            instruments=self.instruments,
            notice=self.notices.append,
        )
        self.history = KiteHistory(tools=self.kite, clock=self.clock, instruments=self.instruments)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_shares_futures_and_indices_have_quotes_and_the_rest_is_left_out(
    bench: Bench,
) -> None:
    quotes = await bench.market.get_quotes([INFY, NIFTY, UNKNOWN, TCS, NIFTY_FUT])
    assert [quote.instrument for quote in quotes] == [INFY, NIFTY, NIFTY_FUT]
    assert {(quote.source, quote.as_of) for quote in quotes} == {(QuoteSource.BROKER, MORNING)}
    infy = quotes[0]
    assert (infy.bid, infy.ask, infy.last) == (
        Decimal("1487.90"),
        Decimal("1488.10"),
        Decimal("1488.10"),
    )
    assert infy.lower_circuit is not None
    assert infy.upper_circuit is not None
    assert infy.lower_circuit < infy.last < infy.upper_circuit
    assert bench.notices[-1] == "Kite does not list NSE:NOSUCH"


async def test_a_login_that_is_over_is_no_market_and_says_to_log_in(bench: Bench) -> None:
    await bench.market.get_quotes([INFY])
    bench.kite.log_out()
    with pytest.raises(MarketDataUnavailable, match="log in and ask again"):
        await bench.market.get_quotes([INFY])
    with pytest.raises(MarketDataUnavailable, match="login may be over"):
        await bench.market.get_quotes([INFY])


@pytest.mark.parametrize("interval", list(BarInterval))
async def test_bars_of_every_length_are_read_closed_and_in_order(
    bench: Bench, interval: BarInterval
) -> None:
    bars = await bench.history.get_bars(
        INFY, interval=interval, first_day=date(2026, 3, 9), last_day=date(2026, 3, 11)
    )
    times = [bar.opened_at for bar in bars]
    assert times == sorted(set(times))
    assert times[0] == (
        datetime(2026, 3, 9, tzinfo=UTC)
        if interval is BarInterval.DAY
        else datetime(2026, 3, 9, 3, 45, tzinfo=UTC)
    )
    assert times[-1] + interval.length <= MORNING
    assert len(times) >= 2


async def test_a_load_longer_than_one_call_has_every_trading_day_once(bench: Bench) -> None:
    parts: list[tuple[int, int]] = []
    bars = await bench.history.get_bars(
        INFY,
        interval=BarInterval.HOUR,
        first_day=date(2026, 3, 11) - timedelta(days=120),
        last_day=date(2026, 3, 10),
        progress=lambda done, of: parts.append((done, of)),
    )
    first, calendar = date(2026, 3, 11) - timedelta(days=120), load().calendar_of(Exchange.NSE)
    days = [first + timedelta(days=count) for count in range(120)]
    assert parts == [(1, 2), (2, 2)]
    assert sorted({bar.opened_at.date() for bar in bars}) == list(filter(calendar.session_on, days))
    assert len({bar.opened_at for bar in bars}) == len(bars)


async def test_the_search_never_gives_another_instrument_for_a_part_of_its_name(
    bench: Bench,
) -> None:
    part = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="NIFTY")
    await bench.instruments.learn([part, INFY])
    assert bench.instruments.token_of(part) is None
    assert bench.instruments.token_of(INFY) is not None
