"""The tools of the Kite MCP server that show the market, in this process."""

import json
from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any, Final

from pydantic import JsonValue

from adapters.brokers.kite_mcp.ports import KiteReply, ToolsUnavailable
from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.fakes.clock import MORNING
from tests.fakes.kite_wire import INDIA, stamp

FAILED: Final = {
    "get_quotes": "Failed to get quotes",
    "get_historical_data": "Failed to get historical data",
    "search_instruments": "Failed to search instruments",
}
LOG_IN_FIRST: Final = "Please log in first using the login tool"
NO_LEVEL: Final = {"price": 0, "quantity": 0, "orders": 0}
_TIME: Final = "%Y-%m-%d %H:%M:%S"

Row = dict[str, Any]


def a_search_row(ref: InstrumentRef, token: int, **changes: Any) -> Row:
    """Write a row of the server's master, a share in steps of 0.10 unless told otherwise."""
    derivative = ref.exchange in {Exchange.NFO, Exchange.BFO, Exchange.MCX}
    return {
        "id": str(ref),
        "instrument_token": token,
        "exchange_token": token // 256,
        "tradingsymbol": ref.tradingsymbol,
        "exchange": ref.exchange.value,
        "isin": "",
        "name": ref.tradingsymbol,
        "series": "",
        "last_price": 0,
        "strike": 0,
        "tick_size": 0.1,
        "lot_size": 1,
        "multiplier": 1,
        "instrument_type": "FUT" if derivative else "EQ",
        "segment": f"{ref.exchange}-FUT" if derivative else ref.exchange.value,
        "freeze_quantity": 0,
        "max_order_quantity": 0,
        "expiry_type": "",
        "expiry_date": "",
        "lower_circuit_limit": 0,
        "upper_circuit_limit": 0,
        "active": True,
        **changes,
    }


def a_level(price: float, quantity: int) -> Row:
    return {"price": price, "quantity": quantity, "orders": 3}


def a_quote_row(token: int, last: float, *, at: datetime = MORNING, **changes: Any) -> Row:
    """Write a quote with one level on each side, a step of 0.10 apart."""
    return {
        "instrument_token": token,
        "timestamp": stamp(at),
        "last_price": last,
        "last_quantity": 5,
        "last_trade_time": stamp(at),
        "average_price": last,
        "volume": 7_360_198,
        "buy_quantity": 900,
        "sell_quantity": 800,
        "ohlc": {"open": last, "high": last + 5, "low": last - 5, "close": last - 2},
        "net_change": 0,
        "oi": 0,
        "lower_circuit_limit": round(last * 0.9, 2),
        "upper_circuit_limit": round(last * 1.1, 2),
        "depth": {
            "buy": [a_level(last, 900), *[NO_LEVEL] * 4],
            "sell": [a_level(last + 0.1, 800), *[NO_LEVEL] * 4],
        },
        **changes,
    }


def a_candle(at: datetime, close: float, **changes: Any) -> Row:
    """Write a bar that opens at a time and moves five points."""
    return {
        "date": at.astimezone(INDIA).isoformat(),
        "open": close - 1,
        "high": close + 2,
        "low": close - 3,
        "close": close,
        "volume": 2_499,
        "oi": 0,
        **changes,
    }


class KiteMarketTools:
    """Answers as the recorded server does; implements KiteTools.

    Search finds by part of the id and in another order each time; a token given as text is 0;
    what is not listed has no key; history without bars is `null`.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, JsonValue]]] = []
        self.listed: list[Row] = []
        self.quotes: dict[str, Row] = {}
        self.candles: dict[int, list[Row]] = {}
        self.replies: dict[str, KiteReply] = {}
        self.down = False
        self._random = Random(7)

    def list_and_show(self, ref: InstrumentRef, token: int, last: float, **row: Any) -> None:
        """List an instrument and show a quote of it."""
        self.listed.append(a_search_row(ref, token, **row))
        self.quotes[str(ref)] = a_quote_row(token, last)

    def fail(self, tool: str, text: str | None = None) -> None:
        """Let a tool fail from now on, in the server's own words unless told otherwise."""
        self.replies[tool] = KiteReply(is_error=True, text=text or FAILED[tool])

    def answer(self, tool: str, value: object) -> None:
        """Let a tool answer this from now on."""
        self.replies[tool] = KiteReply(is_error=False, text=json.dumps(value))

    def called(self, tool: str) -> list[dict[str, JsonValue]]:
        return [arguments for name, arguments in self.calls if name == tool]

    async def make_ready(self, name: str) -> None:
        """Do nothing: there is no way to these tools."""

    async def call(self, name: str, arguments: Mapping[str, JsonValue]) -> KiteReply:
        self.calls.append((name, dict(arguments)))
        if self.down:
            raise ToolsUnavailable("the Kite server is not reachable")
        if name in self.replies:
            return self.replies[name]
        return KiteReply(is_error=False, text=json.dumps(self._answer(name, arguments)))

    def _answer(self, name: str, arguments: Mapping[str, JsonValue]) -> object:
        if name == "search_instruments":
            query = str(arguments["query"]).casefold()
            found = [row for row in self.listed if query in str(row["id"]).casefold()]
            self._random.shuffle(found)
            return found
        if name == "get_quotes":
            asked = arguments["instruments"]
            assert isinstance(asked, list)
            return {key: self.quotes[str(key)] for key in asked if key in self.quotes}
        token = arguments["instrument_token"]
        first, last = (_moment(arguments[name]) for name in ("from_date", "to_date"))
        bars = self.candles.get(token if isinstance(token, int) else 0, [])
        shown = [bar for bar in bars if first <= datetime.fromisoformat(bar["date"]) <= last]
        return shown or None


def _moment(written: JsonValue) -> datetime:
    return datetime.strptime(str(written), _TIME).replace(tzinfo=INDIA)
