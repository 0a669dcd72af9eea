"""Quotes of a logged-in Kite session."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from adapters.brokers.kite_mcp.instruments import KiteInstruments
from adapters.brokers.kite_mcp.market import KiteMarket
from adapters.brokers.kite_mcp.ports import KiteReply
from adapters.errors import MarketDataUnavailable
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.snapshots import DepthLevel, Quote, QuoteSource
from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.instruments import GOOG, INFY, NIFTY, TCS
from tests.fakes.kite_market import (
    LOG_IN_FIRST,
    NO_LEVEL,
    KiteMarketTools,
    a_level,
    a_quote_row,
    a_search_row,
)
from tests.fakes.kite_wire import NO_TIME, stamp

INFY_TOKEN, TCS_TOKEN, NIFTY_TOKEN = 408_065, 2_953_217, 256_265


class Bench:
    def __init__(self) -> None:
        self.kite = KiteMarketTools()
        self.clock = FakeClock()
        self.notices: list[str] = []
        self.market = KiteMarket(
            tools=self.kite,
            clock=self.clock,
            instruments=KiteInstruments(
                bundled=Directory(load_master()), tools=self.kite, clock=self.clock
            ),
            notice=self.notices.append,
        )
        self.kite.list_and_show(INFY, INFY_TOKEN, 1488.1)
        self.kite.list_and_show(TCS, TCS_TOKEN, 3310.0)

    def change(self, **changes: Any) -> None:
        self.kite.quotes[str(INFY)] |= changes

    async def infy(self) -> Quote | None:
        quotes = await self.market.get_quotes([INFY])
        return next(iter(quotes), None)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def level(price: str, quantity: int) -> DepthLevel:
    return DepthLevel(price=Decimal(price), quantity=Decimal(quantity))


async def test_a_quote_is_read_whole_and_without_noise(bench: Bench) -> None:
    at = MORNING - timedelta(seconds=3)
    noisy = a_quote_row(INFY_TOKEN, 1488.1000000000001, at=at) | {
        "lower_circuit_limit": 1339.3,
        "upper_circuit_limit": 1636.9,
        "ohlc": {"open": 1480, "high": 1490.05, "low": 1475, "close": 1481.5},
        "depth": {
            "buy": [a_level(1488.0, 40), a_level(1487.9, 7), *[NO_LEVEL] * 3],
            "sell": [a_level(1488.2000000000003, 30), *[NO_LEVEL] * 4],
        },
    }
    bench.kite.quotes[str(INFY)] = noisy
    assert await bench.infy() == Quote(
        instrument=INFY,
        source=QuoteSource.BROKER,
        as_of=MORNING,
        market_time=at,
        last=Decimal("1488.1"),
        bids=(level("1488", 40), level("1487.9", 7)),
        asks=(level("1488.2", 30),),
        lower_circuit=Decimal("1339.3"),
        upper_circuit=Decimal("1636.9"),
        open=Decimal("1480"),
        previous_close=Decimal("1481.5"),
    )


async def test_all_instruments_are_asked_in_one_bare_call(bench: Bench) -> None:
    quotes = await bench.market.get_quotes([TCS, INFY, TCS])
    assert [quote.instrument for quote in quotes] == [TCS, INFY]
    assert bench.kite.called("get_quotes") == [{"instruments": ["NSE:TCS", "NSE:INFY"]}]


async def test_more_than_five_hundred_are_asked_in_several_calls(bench: Bench) -> None:
    refs = [
        InstrumentRef(exchange=Exchange.NSE, tradingsymbol=f"SHARE{number}X")
        for number in range(501)
    ]
    for number, ref in enumerate(refs, start=1):
        bench.kite.list_and_show(ref, number, 100.0)
    assert len(await bench.market.get_quotes(refs)) == 501
    sizes = [len(str(call["instruments"]).split(",")) for call in bench.kite.called("get_quotes")]
    assert sizes == [500, 1]


async def test_nothing_asked_is_no_call(bench: Bench) -> None:
    assert await bench.market.get_quotes([]) == ()
    assert bench.kite.calls == []


async def test_an_instrument_without_a_quote_is_left_out(bench: Bench) -> None:
    del bench.kite.quotes[str(TCS)]
    assert [quote.instrument for quote in await bench.market.get_quotes([TCS, INFY])] == [INFY]


async def test_an_instrument_kite_does_not_list_is_not_even_asked(bench: Bench) -> None:
    unknown = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="NOSUCH")
    bench.kite.quotes[str(unknown)] = a_quote_row(1, 100.0)
    assert await bench.market.get_quotes([unknown, GOOG]) == ()
    assert bench.kite.called("get_quotes") == []


async def test_another_instruments_data_under_the_asked_name_is_refused(bench: Bench) -> None:
    bench.kite.quotes[str(INFY)] = bench.kite.quotes[str(TCS)]
    assert await bench.infy() is None
    assert bench.notices == [
        "Kite's quote of NSE:INFY is not used: Kite answered for token 2953217, NSE:INFY is 408065"
    ]


async def test_a_name_that_was_not_asked_is_not_taken(bench: Bench) -> None:
    answer = f'{{"NSE:TCS":{{"instrument_token":{INFY_TOKEN},"last_price":1}}}}'
    bench.kite.replies["get_quotes"] = KiteReply(is_error=False, text=answer)
    assert await bench.infy() is None


async def test_what_never_traded_is_left_out(bench: Bench) -> None:
    bench.change(last_price=0)
    assert await bench.infy() is None
    assert bench.notices == []


async def test_a_price_that_is_only_noise_is_none(bench: Bench) -> None:
    noise = a_level(1e-9, 5)
    bench.change(depth={"buy": [noise], "sell": [noise]}, lower_circuit_limit=1e-9)
    quote = await bench.infy()
    assert quote is not None
    assert (quote.bids, quote.asks, quote.lower_circuit) == ((), (), None)
    bench.change(last_price=1e-9)
    assert await bench.infy() is None


async def test_a_quote_without_any_time_is_left_out(bench: Bench) -> None:
    bench.change(timestamp=NO_TIME, last_trade_time="")
    assert await bench.infy() is None


async def test_the_last_trades_time_stands_in_for_the_quotes(bench: Bench) -> None:
    at = MORNING - timedelta(seconds=9)
    bench.change(timestamp=NO_TIME, last_trade_time=stamp(at))
    quote = await bench.infy()
    assert quote is not None
    assert quote.market_time == at


async def test_an_empty_side_stays_empty(bench: Bench) -> None:
    bench.change(depth={"buy": [NO_LEVEL] * 5, "sell": None})
    quote = await bench.infy()
    assert quote is not None
    assert (quote.bids, quote.asks) == ((), ())


async def test_a_crossed_book_is_no_book(bench: Bench) -> None:
    bench.change(depth={"buy": [a_level(1489, 5)], "sell": [a_level(1488, 5)]})
    quote = await bench.infy()
    assert quote is not None
    assert (quote.bid, quote.ask, quote.last) == (None, None, Decimal("1488.1"))


async def test_what_the_day_has_not_is_not_known(bench: Bench) -> None:
    bench.change(
        ohlc={"open": 0, "high": 0, "low": 0, "close": 0},
        lower_circuit_limit=0,
        upper_circuit_limit=0,
    )
    quote = await bench.infy()
    assert quote is not None
    assert (quote.open, quote.previous_close) == (None, None)
    assert (quote.lower_circuit, quote.upper_circuit) == (None, None)


@pytest.mark.parametrize(
    "odd",
    [
        {"last_price": "1488.1"},
        {"last_price": None},
        {"depth": None},
        {"ohlc": [1, 2]},
        {"timestamp": "yesterday"},
        {"instrument_token": None},
        {"lower_circuit_limit": 1700, "upper_circuit_limit": 1300},
        {"depth": {"buy": [{"price": 1488.0, "quantity": 1.5}], "sell": []}},
        {"depth": {"buy": ["1488"], "sell": []}},
    ],
)
async def test_an_odd_quote_is_left_out_and_told_and_the_others_stand(
    bench: Bench, odd: dict[str, Any]
) -> None:
    bench.change(**odd)
    quotes = await bench.market.get_quotes([INFY, TCS])
    assert [quote.instrument for quote in quotes] == [TCS]
    assert len(bench.notices) == 1


async def test_an_index_has_a_price_and_no_book(bench: Bench) -> None:
    bench.kite.listed.append(a_search_row(NIFTY, NIFTY_TOKEN, segment="INDICES"))
    bench.kite.quotes[str(NIFTY)] = a_quote_row(NIFTY_TOKEN, 24_510.35) | {
        "last_trade_time": NO_TIME,
        "lower_circuit_limit": 0,
        "upper_circuit_limit": 0,
        "depth": {"buy": [NO_LEVEL] * 5, "sell": [NO_LEVEL] * 5},
    }
    (quote,) = await bench.market.get_quotes([NIFTY])
    assert (quote.last, quote.bid, quote.ask) == (Decimal("24510.35"), None, None)


@pytest.mark.parametrize(
    ("age", "of_now"),
    [
        (timedelta(seconds=-60), True),
        (timedelta(seconds=-61), False),
        (timedelta(minutes=60), True),
        (timedelta(minutes=60, seconds=1), False),
        (timedelta(hours=18), False),
    ],
)
async def test_a_price_that_is_not_of_now_keeps_the_markets_own_time(
    bench: Bench, age: timedelta, of_now: bool
) -> None:
    bench.kite.quotes[str(INFY)] = a_quote_row(INFY_TOKEN, 1488.1, at=MORNING - age)
    quote = await bench.infy()
    assert quote is not None
    assert quote.market_time == MORNING - age
    assert quote.as_of == (MORNING if of_now else MORNING - age)


async def test_the_time_of_asking_is_stamped_before_the_call(bench: Bench) -> None:
    class Slow(KiteMarketTools):
        async def call(self, name: str, arguments: Mapping[str, JsonValue]) -> KiteReply:
            bench.clock.advance(seconds=4)
            return await super().call(name, arguments)

    slow = Slow()
    slow.list_and_show(INFY, INFY_TOKEN, 1488.1)
    instruments = KiteInstruments(bundled=Directory(load_master()), tools=slow, clock=bench.clock)
    market = KiteMarket(tools=slow, clock=bench.clock, instruments=instruments)
    (quote,) = await market.get_quotes([INFY])
    assert quote.as_of == datetime(2026, 3, 11, 4, 30, 4, tzinfo=UTC)


async def test_not_logged_in_says_to_log_in(bench: Bench) -> None:
    bench.kite.fail("get_quotes", LOG_IN_FIRST)
    with pytest.raises(MarketDataUnavailable) as caught:
        await bench.market.get_quotes([INFY])
    assert caught.value.message == "not logged in at Kite; log in and ask again"


async def test_a_failure_without_a_reason_says_all_that_it_may_be(bench: Bench) -> None:
    bench.kite.fail("get_quotes")
    with pytest.raises(MarketDataUnavailable) as caught:
        await bench.market.get_quotes([INFY])
    for words in ("Failed to get quotes", "log in again", "free Personal", "paid Connect key"):
        assert words in caught.value.message


async def test_a_server_that_is_not_reached_is_no_market(bench: Bench) -> None:
    await bench.infy()
    bench.kite.down = True
    with pytest.raises(MarketDataUnavailable, match="not reachable"):
        await bench.market.get_quotes([INFY])


@pytest.mark.parametrize("text", ["[]", "null", "<html>", '{"NSE:INFY":'])
async def test_an_answer_that_is_no_object_is_no_market(bench: Bench, text: str) -> None:
    bench.kite.replies["get_quotes"] = KiteReply(is_error=False, text=text)
    with pytest.raises(MarketDataUnavailable, match="get_quotes"):
        await bench.market.get_quotes([INFY])
