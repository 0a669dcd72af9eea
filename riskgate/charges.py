"""What a trade costs beyond its price, itemised. Pure.

Every item is rounded to the paisa, half up, on the whole executed quantity of the order; GST is
taken on the rounded fees. A partial fill costs what the order costs after it less what it cost
before, so that a cap and a flat fee are charged once an order however many fills it had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from riskgate.contracts.base import Contract, Money
from riskgate.contracts.instruments import Currency, Instrument
from riskgate.contracts.orders import OrderTerms, Product, Side
from riskgate.tariff import (
    ChargeBase,
    ChargeKind,
    Rate,
    Tariff,
    cash_exchange,
    segment_of,
)

PAISA: Final = Decimal("0.01")
_TAXED: Final = (
    ChargeKind.BROKERAGE,
    ChargeKind.EXCHANGE,
    ChargeKind.INVESTOR_PROTECTION,
    ChargeKind.SEBI,
)


class Charges(Contract):
    """The lines of one bill, in rupees and paise."""

    brokerage: Money = Decimal(0)
    stt: Money = Decimal(0)
    exchange: Money = Decimal(0)
    investor_protection: Money = Decimal(0)
    sebi: Money = Decimal(0)
    stamp_duty: Money = Decimal(0)
    gst: Money = Decimal(0)
    dp: Money = Decimal(0)

    @property
    def total(self) -> Decimal:
        return sum((self.line(kind) for kind in ChargeKind), Decimal(0))

    def line(self, kind: ChargeKind) -> Decimal:
        """Return one item."""
        value: Decimal = getattr(self, kind.value)
        return value


NO_CHARGES: Final = Charges()


@dataclass(frozen=True, kw_only=True)
class Executed:
    """All that was executed of one order: its value, and whether it bears the day's DP fee."""

    terms: OrderTerms
    instrument: Instrument
    on: date
    turnover: Decimal
    bears_dp: bool = False


def is_charged(instrument: Instrument) -> bool:
    """Say whether the table is about the instrument: what trades in rupees."""
    return instrument.currency is Currency.INR


def charges(executed: Executed, tariff: Tariff) -> Charges:
    """Return the bill of what was executed of one order, in rupees.

    Nothing executed costs nothing, and what does not trade in rupees is free of charges. Raises
    LookupError when the table has no rates for the day and the kind of trade.
    """
    if executed.turnover == 0 or not is_charged(executed.instrument):
        return NO_CHARGES
    rates = rates_of(executed.terms, executed.instrument, executed.on, tariff)
    if not rates:
        raise LookupError(f"no charges are known for {executed.terms.instrument}")
    items = {rate.charge: _amount(rate, executed) for rate in rates}
    gst = next((rate for rate in rates if rate.base is ChargeBase.FEES), None)
    if gst is not None:
        fees = sum((items.get(kind, Decimal(0)) for kind in _TAXED), Decimal(0))
        items[gst.charge] = _percent(gst, fees)
    return Charges.model_validate({kind.value: amount for kind, amount in items.items()})


def rates_of(terms: OrderTerms, instrument: Instrument, on: date, tariff: Tariff) -> Sequence[Rate]:
    """Return the rates an order is charged at on a day; none when the table has none."""
    segment = segment_of(instrument, terms.product)
    if segment is None:
        return ()
    exchange = cash_exchange(instrument.ref.exchange)
    return tariff.of(on=on, exchange=exchange, segment=segment, side=terms.side)


def bears_dp_fee(terms: OrderTerms) -> bool:
    """Say whether shares leave the demat account: a delivery sale, whatever day it was bought."""
    return terms.product is Product.CNC and terms.side is Side.SELL


def _amount(rate: Rate, executed: Executed) -> Decimal:
    match rate.base:
        case ChargeBase.TURNOVER:
            return _percent(rate, executed.turnover)
        case ChargeBase.ORDER:
            return rate.flat or Decimal(0)
        case ChargeBase.SCRIP_DAY:
            return (rate.flat or Decimal(0)) if executed.bears_dp else Decimal(0)
        case ChargeBase.FEES:
            return Decimal(0)


def _percent(rate: Rate, base: Decimal) -> Decimal:
    part = base * (rate.percent or Decimal(0)) / 100
    capped = part if rate.cap is None else min(part, rate.cap)
    return capped.quantize(PAISA, ROUND_HALF_UP)
