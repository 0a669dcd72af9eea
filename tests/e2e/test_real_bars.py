"""The real daily bars that bokeh_sampledata ships: imported, replayed as quotes and traded on."""

import csv
import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Server, prepared_server

STOCKS = Path(str(files("bokeh_sampledata"))) / "_data" / "stocks.csv.gz"
SYMBOLS = ("NASDAQ:AAPL", "NASDAQ:GOOG", "NYSE:IBM", "NASDAQ:MSFT")
# Apple's fall of September 2000 was news, not a split: nobody can tell that from prices alone.
SPLITS = {
    "NASDAQ:AAPL": ["2000-06-21", "2000-09-29", "2005-02-28"],
    "NASDAQ:GOOG": [],
    "NYSE:IBM": [],
    "NASDAQ:MSFT": ["2003-02-18"],
}
# The day of Apple's split: each bar lasts long enough for the whole test.
DAY = "2005-02-28"
BAR_LASTS_S = "3600"


def bars_of(ticker: str) -> dict[str, dict[str, Decimal]]:
    with gzip.open(STOCKS, "rt") as file:
        return {
            row["Date"]: {name: Decimal(row[name]) for name in ("Open", "High", "Low", "Close")}
            for row in csv.DictReader(file)
            if row["Ticker"] == ticker
        }


def import_bars(server: Server, symbol: str) -> dict[str, Any]:
    done = server.command("data", "import", str(STOCKS), "--symbol", symbol, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def home() -> Iterator[Server]:
    """A server that was not started, with the bars of all four imported."""
    with prepared_server(REPLAY_START_ON=DAY, REPLAY_SECONDS_PER_BAR=BAR_LASTS_S) as server:
        yield server


@pytest.fixture(scope="module")
def imported(home: Server) -> dict[str, dict[str, Any]]:
    return {symbol: import_bars(home, symbol) for symbol in SYMBOLS}


@pytest.fixture(scope="module")
def server(home: Server, imported: object) -> Server:
    home.start()
    return home


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_bars_are_imported_and_splits_noticed(
    server: Server, imported: dict[str, dict[str, Any]], symbol: str
) -> None:
    real = bars_of(symbol.partition(":")[2])
    answer = imported[symbol]
    noticed = [notice.split()[1].rstrip(":") for notice in answer["splits_suspected"]]
    assert (answer["bars"], answer["first"], answer["last"]) == (
        len(real),
        min(real),
        max(real),
    )
    assert noticed == SPLITS[symbol]
    assert all("not traded until confirmed" in notice for notice in answer["splits_suspected"])
    with server.database() as database:
        stored = database.execute(
            "SELECT day::text FROM bars WHERE exchange || ':' || tradingsymbol = %s"
            " AND split_suspected ORDER BY day",
            (symbol,),
        ).fetchall()
    assert [day for (day,) in stored] == noticed


def test_suspected_splits_are_printed(home: Server, imported: object) -> None:
    done = home.command("data", "import", str(STOCKS), "--symbol", "MSFT")
    assert "NASDAQ:MSFT: 3270 bars, 2000-03-01 to 2013-03-01" in done.stdout
    assert (
        "not traded: NASDAQ:MSFT 2003-02-18: close 48.3 then open 24.62 looks like a 2:1 split"
        in done.stdout
    )


@pytest.mark.parametrize(
    ("message", "ticker"),
    [("buy 5 GOOG at market", "GOOG"), ("buy 3 IBM at market, cnc", "IBM")],
)
def test_an_order_is_filled_at_a_price_of_that_very_day(
    server: Server, message: str, ticker: str
) -> None:
    with server.client() as client:
        asked = {"message": message, "account_id": "paper-usd"}
        card = client.post("/api/v1/chat", json=asked).json()["cards"][0]
        done = client.post(f"/api/v1/cards/{card['id']}/approve").json()
        order_id = done["orders"][0]["order_id"]
        fills = client.get(f"/api/v1/orders/{order_id}").json()["fills"]
    [quote] = card["fields"]["quotes"]
    bar = bars_of(ticker)[quote["market_time"][:10]]

    assert quote["market_time"].startswith(DAY)
    assert (quote["source"], Decimal(quote["last"])) == ("REPLAY", bar["Close"])
    assert done["outcome"] == "EXECUTED"
    assert done["reconciliation"]["deltas"] == []
    assert fills
    assert all(bar["Low"] <= Decimal(fill["price"]) <= bar["High"] for fill in fills)


def test_an_order_on_the_day_of_a_split_is_refused(server: Server) -> None:
    with server.client() as client:
        asked = {"message": "buy 5 AAPL at market", "account_id": "paper-usd"}
        turn = client.post("/api/v1/chat", json=asked).json()
        priced = client.post("/api/v1/chat", json={**asked, "message": "price of AAPL"}).json()
        orders = client.get("/api/v1/orders", params={"account_id": "paper-usd"}).json()["rows"]
    assert (turn["outcome"], turn["error_code"]) == ("DENIED", "QUOTE_MISSING")
    assert "NASDAQ:AAPL" in turn["message"]
    assert "no usable price for NASDAQ:AAPL" in priced["message"]
    assert not [order for order in orders if order["instrument"]["tradingsymbol"] == "AAPL"]


def test_the_wrong_currency_is_refused_and_the_right_account_named(server: Server) -> None:
    with server.client() as client:
        turn = client.post("/api/v1/chat", json={"message": "buy 5 GOOG at market"}).json()
    assert (turn["outcome"], turn["error_code"]) == ("DENIED", "CURRENCY_MISMATCH")
    assert turn["message"].endswith("Use account paper-usd.")
    assert turn["account_id"] == "paper-inr"
