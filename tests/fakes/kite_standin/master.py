"""The server's instrument master: rows with tokens, and the search over them."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import Final

from pydantic import JsonValue

from riskgate.contracts.derivatives import (
    Derivative,
    ExpiryRuleUnknown,
    expiry_day_of,
    parse_tradingsymbol,
)
from riskgate.contracts.instruments import Instrument, InstrumentKind, InstrumentRef
from tests.fakes.instruments import STANDARD
from tests.fakes.kite_forms import Arguments, page, text
from tests.fakes.kite_standin.hours import trades_on
from tests.fakes.kite_wire import SEGMENTS, instrument_token, lean

ISINS: Final[Mapping[str, str]] = {"NSE:INFY": "INE009A01021", "NSE:SBIN": "INE062A01020"}
FIELDS: Final = {"name": "name", "tradingsymbol": "tradingsymbol", "isin": "isin"}


class KiteMaster:
    """Knows the instruments that Kite lists of those given; implements InstrumentLookup."""

    def __init__(self, instruments: Iterable[Instrument] = STANDARD) -> None:
        listed = [row for row in instruments if row.ref.exchange in SEGMENTS]
        self._by_ref = {row.ref: row for row in listed}
        self._by_token = {instrument_token(row.ref): row for row in listed}
        if len(self._by_token) != len(self._by_ref):
            raise ValueError("two instruments have one token; choose another name")

    def get(self, ref: InstrumentRef) -> Instrument | None:
        return self._by_ref.get(ref)

    def by_token(self, token: int) -> Instrument | None:
        """Return the instrument that has a token."""
        return self._by_token.get(token)

    def search(self, arguments: Arguments, random: Random) -> JsonValue:
        """Return what `search_instruments` finds, in another order each time."""
        query, on = text(arguments["query"]), text(arguments.get("filter_on"))
        rows = [self._row(row) for row in self._by_ref.values()]
        found: list[JsonValue] = [row for row in rows if self._matches(row, query, on)]
        random.shuffle(found)
        return page(found, arguments)

    def _matches(self, row: Mapping[str, JsonValue], query: str, on: str) -> bool:
        if on == "underlying":
            exchange, name = query.split(":") if ":" in query else ("NFO", query)
            return (row["exchange"], row["name"]) == (exchange, name)
        return query.casefold() in str(row[FIELDS.get(on, "id")]).casefold()

    def _row(self, instrument: Instrument) -> dict[str, JsonValue]:
        ref, token = instrument.ref, instrument_token(instrument.ref)
        derived, freeze = parse_tradingsymbol(ref), instrument.freeze_quantity or 0
        return {
            "id": str(ref),
            "instrument_token": token,
            "exchange_token": token >> 8,
            "tradingsymbol": ref.tradingsymbol,
            "exchange": ref.exchange.value,
            "isin": ISINS.get(str(ref), ""),
            "name": derived.underlying if derived else instrument.name.upper(),
            "series": "",
            "last_price": 0,
            "strike": lean(derived.strike or 0) if derived else 0,
            "tick_size": lean(instrument.tick_size or 0),
            "lot_size": instrument.lot_size,
            "multiplier": lean(instrument.multiplier),
            "instrument_type": _type(instrument),
            "segment": _segment(instrument),
            "delivery_units": "",
            "price_units": "",
            "freeze_quantity": lean(freeze),
            "max_order_quantity": lean(freeze),
            "expiry_type": "",
            "expiry_date": _expiry(derived) if derived else "",
            "exercise_start_date": "",
            "exercise_end_date": "",
            "issue_date": "",
            "listing_date": "",
            "maturity_date": "",
            "lower_circuit_limit": 0,
            "upper_circuit_limit": 0,
            "active": True,
        }


def _expiry(derived: Derivative) -> str:
    try:
        day = expiry_day_of(derived, is_trading_day=lambda day: trades_on(derived.exchange, day))
    except ExpiryRuleUnknown:
        return ""
    return day.isoformat()


def _type(instrument: Instrument) -> str:
    return "EQ" if instrument.kind is InstrumentKind.INDEX else instrument.kind.value


def _segment(instrument: Instrument) -> str:
    exchange, kind = instrument.ref.exchange.value, instrument.kind
    if kind is InstrumentKind.INDEX:
        return "INDICES"
    if kind is InstrumentKind.EQUITY:
        return exchange
    return f"{exchange}-{'FUT' if kind is InstrumentKind.FUTURE else 'OPT'}"
