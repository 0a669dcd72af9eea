"""Bars of the past from a logged-in Kite session."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.brokers.kite_mcp.bars import WORDS, windows
from adapters.brokers.kite_mcp.history import KiteHistory
from adapters.brokers.kite_mcp.instruments import KiteInstruments
from adapters.errors import MarketDataUnavailable
from adapters.ports import BarSource
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.bars import Bar, BarInterval
from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.instruments import INFY
from tests.fakes.kite_market import KiteMarketTools, Row, a_candle
from tests.fakes.kite_wire import INDIA

TOKEN = 408_065
CRUDE = InstrumentRef(exchange=Exchange.MCX, tradingsymbol="CRUDEOIL26MARFUT")


class Bench:
    def __init__(self) -> None:
        self.kite = KiteMarketTools()
        self.clock = FakeClock()
        self.source: BarSource = KiteHistory(
            tools=self.kite,
            clock=self.clock,
            instruments=KiteInstruments(
                bundled=Directory(load_master()), tools=self.kite, clock=self.clock
            ),
        )
        self.kite.list_and_show(INFY, TOKEN, 1488.1)
        self.kite.list_and_show(CRUDE, 7, 5800.0, multiplier=100)

    def has(self, *candles: Row, token: int = TOKEN) -> None:
        self.kite.candles[token] = list(candles)

    async def load(
        self,
        interval: BarInterval,
        first: str,
        last: str,
        ref: InstrumentRef = INFY,
        progress: Any = lambda _done, _all: None,
    ) -> list[Bar]:
        bars = await self.source.get_bars(
            ref,
            interval=interval,
            first_day=date.fromisoformat(first),
            last_day=date.fromisoformat(last),
            progress=progress,
        )
        return list(bars)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def in_india(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=INDIA)


async def test_a_days_bar_is_kept_by_its_day_in_india(bench: Bench) -> None:
    bench.has(a_candle(in_india("2026-03-09"), 1488.1000000000001))
    assert await bench.load(BarInterval.DAY, "2026-03-09", "2026-03-10") == [
        Bar(
            instrument=INFY,
            opened_at=datetime(2026, 3, 9, tzinfo=UTC),
            open=Decimal("1487.1"),
            high=Decimal("1490.1"),
            low=Decimal("1485.1"),
            close=Decimal("1488.1"),
            volume=2499,
        )
    ]


async def test_the_call_is_the_one_the_server_understands(bench: Bench) -> None:
    await bench.load(BarInterval.MINUTE_5, "2026-03-09", "2026-03-10")
    assert bench.kite.called("get_historical_data") == [
        {
            "instrument_token": TOKEN,
            "from_date": "2026-03-09 00:00:00",
            "to_date": "2026-03-10 23:59:59",
            "interval": "5minute",
        }
    ]


async def test_no_bars_is_none_and_not_an_error(bench: Bench) -> None:
    assert await bench.load(BarInterval.DAY, "2026-03-07", "2026-03-08") == []


async def test_a_bar_that_is_not_over_is_left_out(bench: Bench) -> None:
    opens = in_india("2026-03-11T09:55")
    bench.has(a_candle(opens, 1480.0), a_candle(opens + timedelta(minutes=5), 1481.0))
    (bar,) = await bench.load(BarInterval.MINUTE_5, "2026-03-11", "2026-03-11")
    assert bar.opened_at == opens
    assert bar.opened_at + BarInterval.MINUTE_5.length == MORNING


@pytest.mark.parametrize(
    ("ref", "token", "at", "over"),
    [
        (INFY, TOKEN, "2026-03-11T15:59:59", False),
        (INFY, TOKEN, "2026-03-11T16:00:00", True),
        (CRUDE, 7, "2026-03-11T23:59:59", False),
        (CRUDE, 7, "2026-03-12T00:00:00", True),
    ],
)
async def test_todays_bar_is_left_out_until_the_day_is_over(
    bench: Bench, ref: InstrumentRef, token: int, at: str, over: bool
) -> None:
    bench.clock.set(in_india(at).astimezone(UTC))
    bench.has(a_candle(in_india("2026-03-11"), 1480.0), token=token)
    assert len(await bench.load(BarInterval.DAY, "2026-03-11", "2026-03-11", ref)) == over


async def test_a_long_load_is_cut_into_windows_and_tells_how_far_it_is(bench: Bench) -> None:
    first = in_india("2026-01-01T09:15")
    bench.has(*(a_candle(first + timedelta(days=days), 1480.0 + days) for days in range(65)))
    told: list[tuple[int, int]] = []
    bars = await bench.load(
        BarInterval.MINUTE_1,
        "2026-01-01",
        "2026-03-06",
        progress=lambda done, of: told.append((done, of)),
    )
    assert [bar.opened_at for bar in bars] == [first + timedelta(days=days) for days in range(65)]
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("interval", "days", "calls"),
    [
        (BarInterval.MINUTE_1, 60, 1),
        (BarInterval.MINUTE_1, 61, 2),
        (BarInterval.HOUR, 61, 2),
        (BarInterval.DAY, 2000, 1),
        (BarInterval.DAY, 2001, 2),
        (BarInterval.DAY, 0, 0),
    ],
)
def test_windows_hold_what_kite_gives_at_once_and_leave_no_day_out(
    interval: BarInterval, days: int, calls: int
) -> None:
    first = date(2020, 1, 1)
    cut = windows(interval, first, first + timedelta(days=days - 1))
    assert len(cut) == calls
    covered = [
        window.first_day + timedelta(days=offset)
        for window in cut
        for offset in range((window.last_day - window.first_day).days + 1)
    ]
    assert covered == [first + timedelta(days=offset) for offset in range(days)]


def test_every_interval_has_kites_word_and_a_length() -> None:
    assert WORDS.keys() == set(BarInterval)
    lengths = [interval.length for interval in BarInterval]
    assert lengths == sorted(set(lengths))


@pytest.mark.parametrize(
    "odd",
    [
        {"low": 0},
        {"high": 1470.0},
        {"low": 1479.9},
        {"open": "1480"},
        {"volume": -1},
        {"volume": 1.5},
        {"date": "0001-01-01T00:00:00Z"},
        {"date": "2026-03-10T09:15:00"},
    ],
)
async def test_an_odd_bar_spoils_the_load(bench: Bench, odd: dict[str, Any]) -> None:
    answer = [a_candle(in_india("2026-03-10T09:15"), 1480.0, **odd)]
    bench.kite.answer("get_historical_data", answer)
    with pytest.raises(MarketDataUnavailable, match="2026-03-10 cannot be used"):
        await bench.load(BarInterval.MINUTE_1, "2026-03-10", "2026-03-10")


@pytest.mark.parametrize(
    ("days", "fault"),
    [
        (("2026-03-10", "2026-03-10"), "out of order"),
        (("2026-03-10", "2026-03-09"), "out of order"),
        (("2017-12-15",), "not of the days asked for"),
    ],
)
async def test_bars_of_other_days_or_in_another_order_are_refused(
    bench: Bench, days: tuple[str, ...], fault: str
) -> None:
    bench.kite.answer("get_historical_data", [a_candle(in_india(day), 1480.0) for day in days])
    with pytest.raises(MarketDataUnavailable, match=fault):
        await bench.load(BarInterval.DAY, "2026-03-09", "2026-03-10")


async def test_an_instrument_kite_does_not_list_has_no_history(bench: Bench) -> None:
    unknown = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="NOSUCH")
    with pytest.raises(MarketDataUnavailable, match="does not list NSE:NOSUCH"):
        await bench.load(BarInterval.DAY, "2026-03-09", "2026-03-10", unknown)
    assert bench.kite.called("get_historical_data") == []


async def test_a_window_that_fails_spoils_the_load_and_says_what_to_do(bench: Bench) -> None:
    bench.kite.fail("get_historical_data")
    with pytest.raises(MarketDataUnavailable, match="free Personal"):
        await bench.load(BarInterval.DAY, "2026-03-09", "2026-03-10")
