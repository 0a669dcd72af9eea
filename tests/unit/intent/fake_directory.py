"""An instrument directory of a few rows that share names, for tests of the parser."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from riskgate.contracts.instruments import (
    Currency,
    Exchange,
    Instrument,
    InstrumentKind,
    InstrumentRef,
    Resolution,
)
from tools.ports import InstrumentDirectory

TABLE: Final = """
NSE|INFY|Infosys|EQ|INR|1|infosys
NSE|TCS|Tata Consultancy Services|EQ|INR|1|tata
NSE|TATASTEEL|Tata Steel|EQ|INR|1|tata,tata steel
NSE|HDFCBANK|HDFC Bank|EQ|INR|1|hdfc
NSE|HDFCLIFE|HDFC Life Insurance Company|EQ|INR|1|hdfc,hdfc life
NSE|LT|Larsen & Toubro|EQ|INR|1|l&t
NSE|M&M|Mahindra & Mahindra|EQ|INR|1|m and m
NSE|BAJAJ-AUTO|Bajaj Auto|EQ|INR|1|bajaj auto
NSE|NIFTY 50|Nifty 50 index|INDEX|INR|1|nifty
NFO|NIFTY26MARFUT|NIFTY|FUT|INR|65|nifty fut
NYSE|INFY|Infosys ADR|EQ|USD|1|infy adr
NYSE|KO|Coca-Cola|EQ|USD|1|coke
"""


def ref(tradingsymbol: str, exchange: Exchange = Exchange.NSE) -> InstrumentRef:
    return InstrumentRef(exchange=exchange, tradingsymbol=tradingsymbol)


class FakeDirectory(InstrumentDirectory):
    """Serves the table above; NYSE:INFY is only found by its exchange."""

    def __init__(self) -> None:
        self._rows: dict[InstrumentRef, Instrument] = {}
        self._names: dict[str, tuple[InstrumentRef, ...]] = {}
        for line in TABLE.strip().splitlines():
            self._add(line.split("|"))

    def get(self, ref: InstrumentRef) -> Instrument | None:
        return self._rows.get(ref)

    def names(self) -> Mapping[str, tuple[InstrumentRef, ...]]:
        return self._names

    def resolve(self, text: str) -> Resolution:
        exchange, _, symbol = text.partition(":")
        if symbol:
            found = [row for row in self._rows if f"{row}".casefold() == text.casefold()]
        else:
            found = list(self._names.get(exchange.casefold(), ()))
        return Resolution(text=text, candidates=tuple(self._rows[row] for row in found))

    def _add(self, cells: list[str]) -> None:
        exchange, symbol, name, kind, currency, lot, aliases = cells
        row = Instrument(
            ref=InstrumentRef(exchange=Exchange(exchange), tradingsymbol=symbol),
            name=name,
            kind=InstrumentKind(kind),
            currency=Currency(currency),
            lot_size=int(lot),
            tick_size=Decimal("0.05"),
        )
        self._rows[row.ref] = row
        own = () if row.kind is InstrumentKind.FUTURE else (name,)
        for said in {word.casefold() for word in (symbol, *own, *aliases.split(","))}:
            if (said, exchange) != ("infy", "NYSE"):
                self._names[said] = (*self._names.get(said, ()), row.ref)
