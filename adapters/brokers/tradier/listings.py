"""Which instrument a Tradier symbol is, and which instruments it trades. Pure.

A US symbol names one share on all exchanges together, so the exchange is only how the master
lists it.
"""

import re
from typing import Final

from adapters.ports import InstrumentLookup
from adapters.steps import step_fault
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Currency, Exchange, InstrumentKind, InstrumentRef
from riskgate.contracts.orders import OrderIntent, Product, Validity

US_EXCHANGES: Final = (Exchange.NASDAQ, Exchange.NYSE, Exchange.ARCA)
NOT_IN_A_SYMBOL: Final = re.compile(r"[^A-Z0-9 &.\-]")


class Listings:
    """The master's US shares by Tradier's symbols."""

    def __init__(self, instruments: InstrumentLookup) -> None:
        self._instruments = instruments

    def ref_of(self, symbol: str) -> InstrumentRef:
        """Return the master's name of a symbol, one on NASDAQ for a symbol it does not know."""
        name = NOT_IN_A_SYMBOL.sub("", symbol.upper().replace("/", "."))
        refs = [InstrumentRef(exchange=place, tradingsymbol=name) for place in US_EXCHANGES]
        return next((ref for ref in refs if self._instruments.get(ref) is not None), refs[0])

    def symbol_of(self, ref: InstrumentRef) -> str:
        """Return Tradier's name of an instrument, which has BRK/B for BRK.B."""
        return ref.tradingsymbol.replace(".", "/")

    def fault(self, intent: OrderIntent) -> str | None:
        """Return why Tradier cannot be sent this order, or None."""
        instrument = self._instruments.get(intent.instrument)
        if instrument is None:
            return f"unknown instrument {intent.instrument}"
        if (
            intent.instrument.exchange not in US_EXCHANGES
            or instrument.currency is not Currency.USD
        ):
            return f"Tradier trades US shares only, was {intent.instrument}"
        if instrument.kind is not InstrumentKind.EQUITY:
            return f"Tradier is sent shares only, {intent.instrument} is {instrument.kind}"
        if intent.product is not Product.CNC:
            return f"Tradier is sent CNC only, was {intent.product}"
        if intent.validity is not Validity.DAY:
            return f"Tradier takes DAY orders only, was {intent.validity}"
        return step_fault(intent, instrument) or _fraction(intent)


def _fraction(intent: OrderIntent) -> str | None:
    if intent.quantity == intent.quantity.to_integral_value():
        return None
    return f"Tradier takes whole shares only, was {decimal_text(intent.quantity)}"
