"""Kite's own rows of instruments, over the bundled master."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.brokers.kite_mcp.instruments import KiteInstruments
from adapters.brokers.kite_mcp.ports import KiteReply
from adapters.errors import MarketDataUnavailable
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.instruments import Exchange, InstrumentKind, InstrumentRef
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import GOOG, INFY, NIFTY, NIFTY_FUT
from tests.fakes.kite_market import KiteMarketTools, a_search_row

OPTION = InstrumentRef(exchange=Exchange.NFO, tradingsymbol="NIFTY2631724500CE")
ON_MCX = InstrumentRef(exchange=Exchange.MCX, tradingsymbol="CRUDEOIL26MARFUT")
OPTION_ROW = {
    "strike": 24500,
    "instrument_type": "CE",
    "tick_size": 0.05,
    "lot_size": 65,
    "freeze_quantity": 1800,
    "expiry_date": "2026-03-17",
    "segment": "NFO-OPT",
}


class Bench:
    def __init__(self) -> None:
        self.kite = KiteMarketTools()
        self.clock = FakeClock()
        self.notices: list[str] = []
        self.bundled = Directory(load_master())
        self.instruments = KiteInstruments(
            bundled=self.bundled, tools=self.kite, clock=self.clock, notice=self.notices.append
        )

    @property
    def searches(self) -> int:
        return len(self.kite.called("search_instruments"))


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_contract_the_bundled_master_lacks_is_learned_by_its_exact_name(
    bench: Bench,
) -> None:
    bench.kite.listed.append(a_search_row(OPTION, 10_000_001, **OPTION_ROW))
    assert bench.instruments.get(OPTION) is None
    await bench.instruments.learn([OPTION])
    row = bench.instruments.get(OPTION)
    assert row is not None
    assert (row.kind, row.lot_size, row.tick_size) == (InstrumentKind.CALL, 65, Decimal("0.05"))
    assert (row.freeze_quantity, row.multiplier) == (Decimal(1800), Decimal(1))
    assert bench.instruments.token_of(OPTION) == 10_000_001
    for name in ("NFO:NIFTY2631724500CE", "nifty2631724500ce"):
        assert bench.instruments.resolve(name).instrument == row


def test_names_are_those_of_the_bundled_master(bench: Bench) -> None:
    assert bench.instruments.names() == bench.bundled.names()


async def test_a_search_that_finds_more_never_gives_its_first_row_for_the_contract(
    bench: Bench,
) -> None:
    longer = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="INFYBEES")
    bench.kite.listed += [
        a_search_row(longer, 5, tick_size=0.01),
        a_search_row(INFY, 408_065),
        a_search_row(longer, 6, id="NSE:INFY-BL", tradingsymbol="INFY-BL"),
    ]
    for _ in range(5):
        await bench.instruments.learn([INFY])
        assert bench.instruments.token_of(INFY) == 408_065
        bench.clock.advance(days=1)
    assert bench.searches == 5


async def test_a_name_only_part_of_others_is_not_listed(bench: Bench) -> None:
    part = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="INF")
    bench.kite.listed.append(a_search_row(INFY, 408_065))
    await bench.instruments.learn([part])
    assert bench.instruments.get(part) is None
    assert bench.instruments.token_of(part) is None
    assert bench.notices == ["Kite does not list NSE:INF"]


async def test_kites_row_holds_where_it_differs_and_the_difference_is_told(bench: Bench) -> None:
    bundled = bench.bundled.get(INFY)
    assert bundled is not None
    assert bundled.tick_size == Decimal("0.10")
    bench.kite.listed.append(a_search_row(INFY, 408_065, tick_size=0.05, freeze_quantity=5_000))
    await bench.instruments.learn([INFY])
    row = bench.instruments.get(INFY)
    assert row == bundled.model_copy(
        update={"tick_size": Decimal("0.05"), "freeze_quantity": Decimal(5_000)}
    )
    assert bench.notices == [
        "Kite's row of NSE:INFY holds: tick 0.05 and not 0.10, freeze 5000 and not 100000"
    ]
    assert bench.instruments.resolve("infosys").instrument == row


async def test_a_row_like_the_bundled_one_is_not_told_and_keeps_the_known_freeze(
    bench: Bench,
) -> None:
    bench.kite.listed.append(a_search_row(INFY, 408_065))
    await bench.instruments.learn([INFY])
    assert bench.instruments.get(INFY) == bench.bundled.get(INFY)
    assert bench.notices == []


async def test_the_cache_lasts_until_kite_writes_the_next_days_master(bench: Bench) -> None:
    bench.kite.listed.append(a_search_row(INFY, 408_065))
    bench.clock.set(datetime(2026, 3, 11, 3, 0, tzinfo=UTC))
    for at in ("2026-03-11T03:00", "2026-03-11T18:00", "2026-03-12T02:59"):
        bench.clock.set(datetime.fromisoformat(at).replace(tzinfo=UTC))
        await bench.instruments.learn([INFY, INFY])
    assert bench.searches == 1
    bench.kite.listed = [a_search_row(INFY, 408_065, tick_size=0.5)]
    bench.clock.set(datetime(2026, 3, 12, 3, 0, tzinfo=UTC))
    await bench.instruments.learn([INFY])
    row = bench.instruments.get(INFY)
    assert row is not None
    assert row.tick_size == Decimal("0.5")


async def test_what_was_not_listed_is_asked_again_after_five_minutes(bench: Bench) -> None:
    await bench.instruments.learn([OPTION])
    bench.kite.listed.append(a_search_row(OPTION, 10_000_001, **OPTION_ROW))
    await bench.instruments.learn([OPTION])
    assert bench.searches == 1
    bench.clock.advance(minutes=5)
    await bench.instruments.learn([OPTION])
    assert bench.instruments.token_of(OPTION) == 10_000_001


async def test_a_contract_is_no_longer_known_after_its_last_day(bench: Bench) -> None:
    bench.kite.listed.append(a_search_row(OPTION, 10_000_001, **OPTION_ROW))
    await bench.instruments.learn([OPTION])
    bench.clock.set(datetime(2026, 3, 17, 18, 29, tzinfo=UTC))
    assert bench.instruments.token_of(OPTION) == 10_000_001
    bench.clock.set(datetime(2026, 3, 17, 18, 30, tzinfo=UTC))
    assert bench.instruments.get(OPTION) is None
    await bench.instruments.learn([OPTION])
    assert bench.notices == [
        "Kite's row of NFO:NIFTY2631724500CE is not used: NFO:NIFTY2631724500CE ended on 2026-03-17"
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"tick_size": 0},
        {"tick_size": -0.05},
        {"tick_size": 500},
        {"tick_size": "0.05"},
        {"lot_size": 0},
        {"lot_size": 2.5},
        {"freeze_quantity": -1},
        {"multiplier": 65},
        {"active": False},
        {"active": "yes"},
        {"instrument_token": 0},
        {"instrument_type": "XX"},
        {"instrument_type": "EQ"},
        {"instrument_type": "PE"},
        {"strike": 24600},
        {"expiry_date": "2026-04-28"},
        {"expiry_date": "2026-03-24"},
        {"expiry_date": "soon"},
        {"name": "x" * 501},
    ],
)
async def test_a_row_with_an_odd_value_is_not_used(bench: Bench, odd: dict[str, Any]) -> None:
    bench.kite.listed.append(a_search_row(OPTION, 10_000_001, **(OPTION_ROW | odd)))
    await bench.instruments.learn([OPTION])
    assert bench.instruments.get(OPTION) is None
    assert bench.instruments.token_of(OPTION) is None
    assert len(bench.notices) == 1
    assert bench.notices[0].startswith("Kite's row of NFO:NIFTY2631724500CE is not used: ")


async def test_two_rows_of_a_name_that_differ_are_not_chosen_between(bench: Bench) -> None:
    bench.kite.listed += [a_search_row(INFY, 408_065), a_search_row(INFY, 408_066)]
    await bench.instruments.learn([INFY])
    assert bench.instruments.token_of(INFY) is None
    assert "2 times and not alike" in bench.notices[0]


async def test_an_index_listed_twice_alike_is_one_and_cannot_be_traded(bench: Bench) -> None:
    index = a_search_row(NIFTY, 256_265, segment="INDICES", lot_size=0, tick_size=0)
    bench.kite.listed += [index, index | {"id": "INDICES:NIFTY 50 NSE:NIFTY 50"}]
    await bench.instruments.learn([NIFTY])
    row = bench.instruments.get(NIFTY)
    assert row is not None
    assert not row.tradable
    assert bench.instruments.token_of(NIFTY) == 256_265


async def test_a_row_of_another_kind_than_the_master_says_is_not_used(bench: Bench) -> None:
    bench.kite.listed.append(a_search_row(NIFTY, 256_265))
    await bench.instruments.learn([NIFTY])
    assert bench.instruments.token_of(NIFTY) is None
    assert bench.instruments.get(NIFTY) == bench.bundled.get(NIFTY)


@pytest.mark.parametrize(("lot", "multiplier"), [(1, 1), (1, 0), (100, 100), (100, 1)])
async def test_a_commodity_whose_lot_is_not_told_is_not_used(
    bench: Bench, lot: int, multiplier: int
) -> None:
    bench.kite.listed.append(a_search_row(ON_MCX, 7, lot_size=lot, multiplier=multiplier))
    await bench.instruments.learn([ON_MCX])
    assert bench.instruments.get(ON_MCX) is None


async def test_a_commodity_is_ordered_in_lots_worth_their_multiplier(bench: Bench) -> None:
    bench.kite.listed.append(a_search_row(ON_MCX, 7, multiplier=100, expiry_date="2026-03-19"))
    await bench.instruments.learn([ON_MCX])
    row = bench.instruments.get(ON_MCX)
    assert row is not None
    assert (row.lot_size, row.multiplier) == (1, Decimal(100))


async def test_other_countries_shares_are_not_asked_of_kite(bench: Bench) -> None:
    await bench.instruments.learn([GOOG])
    assert bench.searches == 0
    assert bench.instruments.get(GOOG) == bench.bundled.get(GOOG)


async def test_a_search_that_does_not_answer_says_so_and_changes_nothing(bench: Bench) -> None:
    bench.kite.listed.append(a_search_row(NIFTY_FUT, 9, lot_size=65))
    bench.kite.down = True
    with pytest.raises(MarketDataUnavailable, match="was not asked search_instruments"):
        await bench.instruments.learn([NIFTY_FUT])
    assert bench.instruments.get(NIFTY_FUT) == bench.bundled.get(NIFTY_FUT)
    bench.kite.down = False
    await bench.instruments.learn([NIFTY_FUT])
    assert bench.instruments.token_of(NIFTY_FUT) == 9


async def test_a_page_of_the_search_is_not_taken_for_the_whole(bench: Bench) -> None:
    page = '{"data":[],"pagination":{"from":0,"limit":2,"total":101}}'
    bench.kite.replies["search_instruments"] = KiteReply(is_error=False, text=page)
    with pytest.raises(MarketDataUnavailable, match="not a plain list"):
        await bench.instruments.learn([INFY])
