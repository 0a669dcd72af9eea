"""A few instruments with easy steps."""

from decimal import Decimal

from riskgate.contracts.instruments import (
    Currency,
    Exchange,
    Instrument,
    InstrumentKind,
    InstrumentRef,
)

INFY = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="INFY")
TCS = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="TCS")
NIFTY = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="NIFTY 50")
NIFTY_FUT = InstrumentRef(exchange=Exchange.NFO, tradingsymbol="NIFTY26MARFUT")
GOOG = InstrumentRef(exchange=Exchange.NASDAQ, tradingsymbol="GOOG")
NO_TICK = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="NOTICK")
UNKNOWN = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="NOSUCH")


def an_instrument(
    ref: InstrumentRef = INFY,
    *,
    kind: InstrumentKind = InstrumentKind.EQUITY,
    currency: Currency = Currency.INR,
    lot_size: int = 1,
    tick_size: str | None = "0.10",
    freeze_quantity: int | None = 100_000,
) -> Instrument:
    """Make an instrument; a share of INFY unless told otherwise."""
    return Instrument(
        ref=ref,
        name=ref.tradingsymbol,
        kind=kind,
        currency=currency,
        lot_size=lot_size,
        tick_size=None if tick_size is None else Decimal(tick_size),
        freeze_quantity=None if freeze_quantity is None else Decimal(freeze_quantity),
    )


STANDARD = (
    an_instrument(INFY),
    an_instrument(TCS),
    an_instrument(NIFTY, kind=InstrumentKind.INDEX, tick_size=None, freeze_quantity=None),
    an_instrument(NIFTY_FUT, kind=InstrumentKind.FUTURE, lot_size=65, freeze_quantity=1800),
    an_instrument(GOOG, currency=Currency.USD, tick_size="0.01", freeze_quantity=None),
    an_instrument(NO_TICK, tick_size=None),
)


class MemoryInstruments:
    """Knows the instruments given to it; implements InstrumentLookup."""

    def __init__(self, *instruments: Instrument) -> None:
        self._by_ref = {row.ref: row for row in (instruments or STANDARD)}

    def get(self, ref: InstrumentRef) -> Instrument | None:
        return self._by_ref.get(ref)
