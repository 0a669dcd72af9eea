"""The tools of the stand-in over HTTP: quotes, history, search, books, triggers and their traps."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.fakes.clock import MORNING, FakeClock
from tests.fakes.instruments import INFY, NIFTY_FUT, TCS
from tests.fakes.kite_standin import KiteStandin
from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.kite_wire import INDIA
from tests.fakes.market import ScriptedMarket
from tests.unit.brokers.kite_server import ORDER, served

INFY_TOKEN = 408065
TRIGGER: dict[str, Any] = {
    "exchange": "NSE",
    "tradingsymbol": "INFY",
    "last_price": 1488.0,
    "transaction_type": "SELL",
    "product": "CNC",
    "trigger_type": "single",
    "trigger_value": 1450,
    "quantity": 2,
    "limit_price": 1449,
}


class Bench:
    """A stand-in, the market it sees, and a client of a session that is logged in."""

    def __init__(
        self, kite: KiteStandin, market: ScriptedMarket, clock: FakeClock, client: HttpClient
    ) -> None:
        self.kite, self.market, self.clock, self.client = kite, market, clock, client
        self.read = client.read
        client.session_id = kite.logged_in()

    async def told(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool that must fail and return its sentence."""
        reply = await self.client.tool(tool, **arguments)
        assert reply.is_error
        return reply.text

    async def placed(self, **changes: Any) -> str:
        row = await self.read("place_order", **(ORDER | changes))
        return str(row["order_id"])


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock, markets = FakeClock(), []

    def make(market: ScriptedMarket, now: FakeClock) -> KiteStandin:
        markets.append(market)
        return KiteStandin(market=market, clock=now)

    async with served(make, clock) as (kite, client):
        yield Bench(kite, markets[0], clock, client)


async def test_quotes_are_keyed_by_name_and_leave_the_unknown_out(bench: Bench) -> None:
    quotes = await bench.read("get_quotes", instruments=["NSE:INFY", "NSE:NOSUCH", "what"])
    assert list(quotes) == ["NSE:INFY"]
    quote = quotes["NSE:INFY"]
    assert (quote["instrument_token"], quote["last_price"]) == (INFY_TOKEN, 1488)
    assert quote["depth"]["buy"][0] == {"price": 1487.9, "quantity": 3, "orders": 1}
    assert [level["quantity"] for level in quote["depth"]["sell"]] == [3, 0, 0, 0, 0]
    assert quote["ohlc"]["low"] <= quote["last_price"] <= quote["ohlc"]["high"]
    assert await bench.read("get_ltp", instruments=["NSE:INFY"]) == {
        "NSE:INFY": {"instrument_token": INFY_TOKEN, "last_price": 1488}
    }
    assert [asked.path for asked in bench.kite.upstream] == ["/quote", "/quote"]


async def test_instruments_that_are_no_list_are_an_error_or_nothing(bench: Bench) -> None:
    told = "At least one instrument must be specified"
    assert await bench.told("get_ltp", instruments="NSE:INFY") == told
    assert await bench.told("get_ohlc", instruments=[]) == (
        "parameter 'instruments': cannot be empty"
    )
    assert await bench.read("get_quotes", instruments="NSE:INFY") == {}
    assert await bench.told("get_ltp", instruments=["NSE:INFY"] * 501) == (
        "Failed to get latest trading prices"
    )


async def history(bench: Bench, start: str, end: str, interval: str, **other: Any) -> Any:
    asked = {"instrument_token": INFY_TOKEN, "from_date": start, "to_date": end}
    return await bench.read("get_historical_data", **(asked | {"interval": interval} | other))


async def test_history_is_the_same_at_each_asking_and_keeps_the_exchanges_hours(
    bench: Bench,
) -> None:
    day = ("2026-03-10 00:00:00", "2026-03-10 23:59:59")
    bars = await history(bench, *day, "minute")
    assert bars == await history(bench, *day, "minute")
    times = [datetime.fromisoformat(bar["date"]).astimezone(INDIA).time() for bar in bars]
    assert (len(bars), str(times[0]), str(times[-1])) == (375, "09:15:00", "15:29:00")
    assert all(bar["low"] <= bar["open"] <= bar["high"] for bar in bars)
    assert all(bar["low"] <= bar["close"] <= bar["high"] for bar in bars)
    assert len(await history(bench, *day, "60minute")) == 7
    assert {bar["oi"] for bar in bars} == {0}


async def test_history_ends_now_and_knows_weekends_and_holidays(bench: Bench) -> None:
    days = await history(bench, "2026-01-22 00:00:00", "2026-01-28 00:00:00", "day")
    # The 24th and 25th were a weekend and the 26th is a holiday.
    assert [bar["date"][8:10] for bar in days] == ["22", "23", "27", "28"]
    bars = await history(bench, "2026-03-11 09:15:00", "2026-03-11 15:30:00", "15minute")
    assert [bar["date"][11:16] for bar in bars] == ["09:15", "09:30", "09:45", "10:00"]
    assert await history(bench, "2026-03-14 09:15:00", "2026-03-15 15:30:00", "minute") is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"from_date": "2026-03-10"}, "Failed to parse from_date, use format YYYY-MM-DD HH:MM:SS"),
        ({"to_date": 5}, "Failed to parse to_date, use format YYYY-MM-DD HH:MM:SS"),
        ({"instrument_token": "408065"}, "Failed to get historical data"),
        ({"interval": "7minute"}, "Failed to get historical data"),
        ({"from_date": "2026-01-01 00:00:00"}, "Failed to get historical data"),
        ({"interval": ""}, "parameter 'interval': cannot be empty"),
    ],
)
async def test_history_that_cannot_be_given_fails_in_the_servers_words(
    bench: Bench, change: dict[str, Any], told: str
) -> None:
    asked = {
        "instrument_token": INFY_TOKEN,
        "from_date": "2026-03-10 09:15:00",
        "to_date": "2026-03-10 15:30:00",
        "interval": "minute",
    }
    assert await bench.told("get_historical_data", **(asked | change)) == told


async def test_a_plan_without_data_has_orders_and_no_prices(bench: Bench) -> None:
    bench.client.session_id = bench.kite.logged_in("EF9012")
    assert await bench.told("get_quotes", instruments=["NSE:INFY"]) == "Failed to get quotes"
    assert (await bench.placed()).isdigit()


async def test_search_needs_no_login_and_knows_lot_tick_and_expiry(bench: Bench) -> None:
    bench.client.session_id = ""
    await bench.client.initialize()
    (row,) = await bench.read("search_instruments", query="nifty26", filter_on="tradingsymbol")
    assert (row["id"], row["name"], row["expiry_date"]) == (str(NIFTY_FUT), "NIFTY", "2026-03-30")
    assert (row["lot_size"], row["tick_size"], row["freeze_quantity"]) == (65, 0.1, 1800)
    found = await bench.read("search_instruments", query="NFO:NIFTY", filter_on="underlying")
    assert [row["id"] for row in found] == [str(NIFTY_FUT)]
    assert await bench.read("search_instruments", query="nifty", filter_on="underlying") == []
    told = "Invalid query format, specify exch:underlying, where exchange is BFO/NFO"
    assert await bench.told("search_instruments", query="a:b:c", filter_on="underlying") == told


async def test_pages_of_a_search_overlap(bench: Bench) -> None:
    pages = [
        await bench.read("search_instruments", query="N", limit=2, **{"from": start})
        for start in (0, 2) * 4
    ]
    assert {page["pagination"]["total"] for page in pages} == {5}
    shown = [{row["id"] for row in page["data"]} for page in pages]
    assert any(first & second for first, second in pairwise(shown))


async def test_the_history_of_an_order_names_its_stations(bench: Bench) -> None:
    order_id = await bench.placed()
    ids = {"variety": "regular", "order_id": order_id}
    await bench.read("modify_order", **ids, order_type="LIMIT", quantity=4, price=1481.0)
    await bench.read("cancel_order", **ids)
    rows = await bench.read("get_order_history", order_id=order_id)
    assert [row["status"] for row in rows] == [
        "PUT ORDER REQ RECEIVED",
        "VALIDATION PENDING",
        "OPEN PENDING",
        "OPEN",
        "MODIFY VALIDATION PENDING",
        "MODIFY PENDING",
        "MODIFIED",
        "OPEN",
        "CANCEL PENDING",
        "CANCELLED",
    ]
    assert [rows[0]["quantity"], rows[-1]["quantity"]] == [5, 4]
    assert await bench.told("get_order_history", order_id="999") == "Failed to get order history"
    assert await bench.read("get_order_trades", order_id=order_id) is None


async def test_an_order_id_is_put_into_the_path_as_it_is(bench: Bench) -> None:
    await bench.told("get_order_history", order_id="1/../x?y=1")
    assert bench.kite.upstream[-1].path == "/orders/1/../x"
    await bench.told("cancel_order", variety="regular", order_id=260311000000001)
    assert bench.kite.upstream[-1].path == "/orders/regular/2.60311000000001e+14"


@pytest.mark.parametrize(
    "changes",
    [
        {"order_type": "MARKET"},
        {"price": 1480.03},
        {"quantity": 0, "price": 1480.03},
        {"validity": "TTL"},
        {"variety": "amo"},
    ],
)
async def test_a_change_is_checked_like_a_new_order(bench: Bench, changes: dict[str, Any]) -> None:
    order_id = await bench.placed()
    change = {"variety": "regular", "order_id": order_id, "order_type": "LIMIT", "quantity": 5}
    assert await bench.told("modify_order", **(change | changes)) == "Failed to modify order"
    assert (await bench.read("get_orders"))[0]["quantity"] == 5


async def test_an_order_is_changed_25_times_at_most(bench: Bench) -> None:
    order_id = await bench.placed()
    change = {"variety": "regular", "order_id": order_id, "order_type": "LIMIT", "quantity": 5}
    for _ in range(25):
        await bench.read("modify_order", **change)
    assert await bench.told("modify_order", **change) == "Failed to modify order"


async def test_holdings_tell_apart_what_can_be_sold_and_what_cannot(bench: Bench) -> None:
    account = bench.kite.account("AB1234")
    account.oms.holdings[INFY] = 7
    account.t1[INFY], account.pledged[TCS] = 2, 4
    rows = {row["tradingsymbol"]: row for row in await bench.read("get_holdings")}
    names = ("quantity", "t1_quantity", "collateral_quantity", "used_quantity")
    assert [rows["INFY"][name] for name in names] == [7, 2, 0, 0]
    assert [rows["TCS"][name] for name in names] == [0, 0, 4, 0]
    await bench.placed(transaction_type="SELL", quantity=3, price=1487.0)
    rows = {row["tradingsymbol"]: row for row in await bench.read("get_holdings")}
    assert [rows["INFY"][name] for name in names] == [7, 2, 0, 3]
    order_id = await bench.placed(transaction_type="SELL", quantity=5, price=1500.0)
    order = next(row for row in await bench.read("get_orders") if row["order_id"] == order_id)
    assert order["status"] == "REJECTED"


async def test_without_demat_consent_nothing_held_is_sold(bench: Bench) -> None:
    bench.client.session_id = bench.kite.logged_in("GH3456")
    bench.kite.account("GH3456").oms.holdings[INFY] = 7
    await bench.placed(transaction_type="SELL", quantity=1)
    (order,) = await bench.read("get_orders")
    assert order["status"] == "REJECTED"
    assert (await bench.read("get_profile"))["meta"] == {"demat_consent": ""}


async def test_two_people_have_two_books(bench: Bench) -> None:
    mine = await bench.placed()
    bench.client.session_id = bench.kite.logged_in("CD5678")
    assert await bench.read("get_orders") == []
    theirs = await bench.placed()
    assert theirs != mine
    ids = {"variety": "regular", "order_id": mine}
    assert await bench.told("cancel_order", **ids) == "Failed to cancel order"


async def test_a_trigger_places_its_order_when_the_price_comes_and_does_not_tell(
    bench: Bench,
) -> None:
    bench.kite.oms.holdings[INFY] = 2
    placed = await bench.read("place_gtt_order", **TRIGGER)
    (row,) = await bench.read("get_gtts")
    assert (row["id"], row["status"], row["type"]) == (placed["trigger_id"], "active", "single")
    assert row["condition"]["trigger_values"] == [1450]
    assert await bench.read("get_orders") == []
    bench.market.show(INFY, bids=[("1449.90", 9)], asks=[("1450.00", 9)], last="1450.00")
    (order,) = await bench.read("get_orders")
    assert (order["status"], order["order_type"], order["tag"]) == ("COMPLETE", "LIMIT", "")
    (row,) = await bench.read("get_gtts")
    assert row["status"] == "triggered"
    assert row["orders"][0]["order_id"] == ""
    assert await bench.told("delete_gtt_order", trigger_id=row["id"]) == (
        "Failed to delete GTT order"
    )


@pytest.mark.parametrize(("last", "sold_at"), [("1399.00", 1395), ("1601.00", 1600)])
async def test_of_two_legs_the_one_that_is_met_fires(bench: Bench, last: str, sold_at: int) -> None:
    bench.kite.oms.holdings[INFY] = 2
    legs = {
        "trigger_type": "two-leg",
        "lower_trigger_value": 1400,
        "lower_quantity": 2,
        "lower_limit_price": 1395,
        "upper_trigger_value": 1600,
        "upper_quantity": 2,
        "upper_limit_price": 1600,
    }
    await bench.read("place_gtt_order", **(TRIGGER | legs))
    bench.market.show(INFY, bids=[(last, 9)], asks=[("1700.00", 9)], last=last)
    (order,) = await bench.read("get_orders")
    assert (order["price"], order["transaction_type"]) == (sold_at, "SELL")


async def test_the_traps_of_triggers_are_set(bench: Bench) -> None:
    bare = {name: TRIGGER[name] for name in list(TRIGGER)[:6]}
    placed = await bench.read("place_gtt_order", **bare)
    (row,) = await bench.read("get_gtts")
    assert row["condition"]["trigger_values"] == [0]
    assert (row["orders"][0]["quantity"], row["orders"][0]["price"]) == (0, 0)
    change = {**TRIGGER, "trigger_id": placed["trigger_id"], "product": "MTF"}
    await bench.read("modify_gtt_order", **change)
    assert (await bench.read("get_gtts"))[0]["orders"][0]["product"] == "CNC"
    assert await bench.told("delete_gtt_order", trigger_id=str(placed["trigger_id"])) == (
        "Failed to delete GTT order"
    )
    assert bench.kite.upstream[-1].path == "/gtt/triggers/0"
    told = await bench.told("place_gtt_order", **(TRIGGER | {"trigger_type": "oco"}))
    assert told == "Invalid trigger_type. Must be 'single' or 'two-leg'"
    await bench.read("delete_gtt_order", trigger_id=placed["trigger_id"])
    assert await bench.read("get_gtts") == []


async def test_kites_limits_refuse_and_count_what_they_refuse() -> None:
    clock = FakeClock(MORNING)

    def make(market: ScriptedMarket, now: FakeClock) -> KiteStandin:
        return KiteStandin(market=market, clock=now, limited=True)

    async with served(make, clock) as (kite, client):
        client.session_id = kite.logged_in()
        marks = [(await client.tool("place_order", **ORDER)).is_error for _ in range(12)]
        assert marks == [False] * 10 + [True] * 2
        quotes = [await client.tool("get_ltp", instruments=["NSE:INFY"]) for _ in range(2)]
        assert [reply.is_error for reply in quotes] == [False, True]
        clock.advance(seconds=1)
        assert not (await client.tool("place_order", **ORDER)).is_error


async def test_numbers_are_written_as_the_servers_language_does(bench: Bench) -> None:
    answer = await bench.client.post(
        "tools/call", {"name": "get_ltp", "arguments": {"instruments": ["NSE:INFY"]}}
    )
    assert json.loads(answer.text)["result"]["content"][0]["text"].endswith('"last_price":1488}}')
    assert answer.text.endswith("\n")
