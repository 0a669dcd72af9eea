"""What a person gets with `make kite-standin`: instruments, prices that move, the controls."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from app.calendars.table import load
from app.instruments.master import load_master
from riskgate.contracts.derivatives import parse_tradingsymbol
from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.fakes.clock import FakeClock
from tests.fakes.kite_standin import (
    ANY,
    Kind,
    KiteMaster,
    KiteStandin,
    Trouble,
    in_a_thread,
    running,
)
from tests.fakes.kite_standin.__main__ import the_standin, write_calendar
from tests.fakes.kite_standin.bars import Bars
from tests.fakes.kite_standin.contracts import listed_at
from tests.fakes.kite_standin.controls import ACTS
from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.kite_standin.prices import ContractMarket, last_price
from tests.unit.brokers.kite_server import ORDER

DECEMBER = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
BUNDLED = [row.instrument for row in load_master()]


def nfo(symbol: str) -> InstrumentRef:
    return InstrumentRef(exchange=Exchange.NFO, tradingsymbol=symbol)


def test_the_futures_of_the_bundled_master_are_rolled_on_and_options_added() -> None:
    master = KiteMaster(listed_at(BUNDLED, DECEMBER, seed=7))
    assert master.get(nfo("NIFTY26MARFUT")) is None
    for symbol in ("NIFTY26DECFUT", "NIFTY27JANFUT", "BANKNIFTY26DEC58400PE", "NIFTY26D0124900CE"):
        listed = master.get(nfo(symbol))
        assert listed is not None, symbol
        assert parse_tradingsymbol(listed.ref) is not None
    assert master.get(InstrumentRef(exchange=Exchange.NASDAQ, tradingsymbol="GOOG")) is None


async def test_contracts_cost_what_their_kind_does() -> None:
    clock = FakeClock(DECEMBER)
    master = KiteMaster(listed_at(BUNDLED, DECEMBER, seed=7))
    market = ContractMarket(seed=7, clock=clock, instruments=master)
    names = ("NIFTY26DECFUT", "NIFTY26D0124500CE", "NIFTY26D0125400CE", "NIFTY26D0125400PE")
    quotes = {q.instrument.tradingsymbol: q for q in await market.get_quotes(list(map(nfo, names)))}
    future, near, far, put = (quotes[name].last for name in names)
    assert Decimal(24_000) < future < Decimal(26_000)
    assert near > future - 24_500 > far > 0
    assert put > 25_400 - future
    for quote in quotes.values():
        assert quote.bid is not None
        assert quote.ask is not None
        assert quote.bid < quote.ask


async def test_history_and_quotes_are_of_one_market() -> None:
    clock = FakeClock(DECEMBER)
    master = KiteMaster(listed_at(BUNDLED, DECEMBER, seed=7))
    infy = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="INFY")
    (quote,) = await ContractMarket(seed=7, clock=clock, instruments=master).get_quotes([infy])
    today = Bars(seed=7, clock=clock, master=master).day(infy, DECEMBER.date())
    listed = master.get(infy)
    assert listed is not None
    assert abs(today.close - quote.last) <= (listed.tick_size or 0)
    later = last_price(7, listed, int((DECEMBER + timedelta(hours=1)).timestamp()))
    assert later != today.close


def state_of(kite: KiteStandin) -> tuple[object, ...]:
    """Return what a control can change."""
    return (
        [(name, kite.troubles.waiting(name)) for name in ("place_order", "get_orders", ANY)],
        json.dumps(kite.listing.tools),
        [(session.id, session.ended) for session in kite.sessions.all()],
        kite.kite.tokens_alive,
        len(kite.oms.orders),
    )


@pytest.mark.parametrize("name", ACTS)
async def test_every_control_does_something_and_leads_back_to_its_page(name: str) -> None:
    async with (
        running(the_standin(0)) as kite,
        httpx.AsyncClient(trust_env=False, follow_redirects=True, timeout=60) as http,
    ):
        client = HttpClient(kite.url, http, kite.logged_in())
        await client.read("place_order", **ORDER)
        kite.troubles.add("get_orders", Trouble(Kind.CUT))
        kite.listing.describe("get_ltp", "changed before")
        before = state_of(kite)
        page = await http.post(f"{kite.origin}/control/{name}", headers={"origin": kite.origin})
        assert page.status_code == 200
        assert f'action="/control/{name}"' in page.text
        assert state_of(kite) != before


async def test_a_page_from_elsewhere_controls_nothing() -> None:
    async with (
        running(the_standin(0)) as kite,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        session_id = kite.logged_in()
        evil = {"origin": "http://evil.example"}
        refused = await http.post(f"{kite.origin}/control/restart", headers=evil)
        assert refused.status_code == 404
        assert kite.sessions.find(session_id) is not None


async def test_a_person_logs_in_on_the_page_and_sees_the_order_in_the_controls() -> None:
    async with (
        running(the_standin(0)) as kite,
        httpx.AsyncClient(trust_env=False, follow_redirects=True, timeout=60) as http,
    ):
        client = HttpClient(kite.url, http)
        await client.initialize()
        text = (await client.tool("login")).text
        (link,) = set(re.findall(r"\((http\S+)\)", text))
        page = (await http.get(link)).text
        (choice,) = re.findall(r'href="([^"]+)">Log in as Chirag Desai', page)
        back = await http.get(kite.origin + choice.replace("&amp;", "&"))
        assert "Login Successful" in back.text
        held = {row["tradingsymbol"]: row for row in await client.read("get_holdings")}
        assert held["INFY"]["quantity"] == 25
        assert held["RELIANCE"]["collateral_quantity"] == 5
        await client.read("place_order", **(ORDER | {"quantity": 1, "price": 1.0}))
        control = (await http.get(f"{kite.origin}/control")).text
        assert "BUY 1 NSE:INFY at 1: OPEN" in control


def test_the_market_is_open_at_any_hour_by_the_calendar_it_writes(tmp_path: Path) -> None:
    path = write_calendar(DECEMBER, tmp_path)
    night = DECEMBER.replace(hour=20) + timedelta(days=5)
    closed, opened = (load(path_).state_of([Exchange.NSE], night) for path_ in (None, path))
    assert (closed.is_open, opened.is_open) == (False, True)


def test_it_runs_beside_a_test_that_has_no_loop() -> None:
    with in_a_thread(the_standin(0)) as kite:
        session = {"mcp-session-id": kite.logged_in(), "content-type": "application/json"}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_orders"}}
        with httpx.Client(trust_env=False, timeout=60) as http:
            answer = http.post(kite.url, json=call, headers=session)
        assert answer.json()["result"]["content"] == [{"type": "text", "text": "[]"}]
        assert kite.count("get_orders") == 1
