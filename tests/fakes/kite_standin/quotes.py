"""Quotes as Kite writes them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from adapters.ports import MarketData
from riskgate.contracts.instruments import InstrumentRef, round_nearest
from riskgate.contracts.snapshots import DepthLevel, Quote
from tests.fakes.kite_oms import Refused
from tests.fakes.kite_standin.bars import Bar, Bars
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_wire import INDIA, instrument_token, lean, stamp

MOST: Final = 500
DEPTH: Final = 5
BAND: Final = Decimal("0.10")
CIRCUIT_STEP: Final = Decimal("0.05")


async def quotes_of(
    names: Sequence[str], *, market: MarketData, master: KiteMaster, bars: Bars
) -> dict[str, JsonValue]:
    """Return the full quotes of `EXCH:SYMBOL` names; an unknown one is absent, not an error.

    Raises Refused for more than Kite takes in one call.
    """
    if len(names) > MOST:
        raise Refused("InputException: at most 500 instruments")
    known = [ref for ref in map(_ref, names) if ref is not None and master.get(ref) is not None]
    rows: dict[str, JsonValue] = {}
    for quote in await market.get_quotes(list(dict.fromkeys(known))):
        day = quote.as_of.astimezone(INDIA).date()
        row = _row(quote, bars.day(quote.instrument, day), bars.day_before(quote.instrument, day))
        rows[str(quote.instrument)] = row
    return rows


def _ref(name: str) -> InstrumentRef | None:
    exchange, _, symbol = name.partition(":")
    try:
        return InstrumentRef.model_validate({"exchange": exchange, "tradingsymbol": symbol})
    except ValueError:
        return None


def _row(quote: Quote, today: Bar, before: Bar) -> JsonValue:
    low, high = _circuits(quote, before.close)
    return {
        "instrument_token": instrument_token(quote.instrument),
        "timestamp": stamp(quote.as_of),
        "last_price": lean(quote.last),
        "last_quantity": 1,
        "last_trade_time": stamp(quote.market_time),
        "average_price": lean(quote.last),
        "volume": today.volume,
        "buy_quantity": sum(int(level.quantity) for level in quote.bids),
        "sell_quantity": sum(int(level.quantity) for level in quote.asks),
        "ohlc": {
            "open": lean(today.open),
            "high": lean(max(today.high, quote.last)),
            "low": lean(min(today.low, quote.last)),
            "close": lean(before.close),
        },
        "net_change": 0,
        "oi": 0,
        "oi_day_high": 0,
        "oi_day_low": 0,
        "lower_circuit_limit": lean(low),
        "upper_circuit_limit": lean(high),
        "depth": {"buy": _levels(quote.bids), "sell": _levels(quote.asks)},
    }


def _levels(levels: Sequence[DepthLevel]) -> list[JsonValue]:
    shown: list[JsonValue] = [
        {"price": lean(level.price), "quantity": int(level.quantity), "orders": 1}
        for level in levels[:DEPTH]
    ]
    return shown + [{"price": 0, "quantity": 0, "orders": 0}] * (DEPTH - len(shown))


def _circuits(quote: Quote, close: Decimal) -> tuple[Decimal, Decimal]:
    if quote.lower_circuit is not None and quote.upper_circuit is not None:
        return quote.lower_circuit, quote.upper_circuit
    low, high = (round_nearest(close * (1 + way * BAND), CIRCUIT_STEP) for way in (-1, 1))
    return low, high
