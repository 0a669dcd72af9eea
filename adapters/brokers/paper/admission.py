"""Why an order is refused before it enters the book. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.brokers.paper.depth import in_band
from adapters.brokers.paper.pairs import open_quantity
from adapters.brokers.paper.state import PaperState
from adapters.steps import step_fault
from riskgate.charges import is_charged, rates_of
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, InstrumentKind
from riskgate.contracts.orders import OrderIntent, OrderType, Product, Side
from riskgate.contracts.snapshots import DepthLevel, Quote
from riskgate.tariff import Tariff

_PRODUCTS: Final = {
    InstrumentKind.EQUITY: frozenset({Product.CNC, Product.MIS}),
    InstrumentKind.FUTURE: frozenset({Product.NRML, Product.MIS}),
    InstrumentKind.CALL: frozenset({Product.NRML, Product.MIS}),
    InstrumentKind.PUT: frozenset({Product.NRML, Product.MIS}),
    InstrumentKind.INDEX: frozenset[Product](),
}


@dataclass(frozen=True, kw_only=True)
class Application:
    """An order, the book it would enter, what it would meet there, and what it would cost."""

    intent: OrderIntent
    instrument: Instrument
    state: PaperState
    levels: tuple[DepthLevel, ...]
    quote: Quote | None
    day: date
    tariff: Tariff


def refusal(application: Application) -> str | None:
    """Return the first reason to refuse the order, or None to take it; funds are judged apart."""
    return next((why for check in _CHECKS if (why := check(application)) is not None), None)


def _not_traded(application: Application) -> str | None:
    if application.instrument.tradable:
        return None
    return f"{application.instrument.ref} is an index; trade a contract on it"


def _other_currency(application: Application) -> str | None:
    account, needed = application.state.currency, application.instrument.currency
    if account is needed:
        return None
    return f"{application.instrument.ref} trades in {needed}; the account is in {account}"


def _bad_product(application: Application) -> str | None:
    allowed = _PRODUCTS[application.instrument.kind]
    if application.intent.product in allowed:
        return None
    return (
        f"product {application.intent.product} is not for {application.instrument.ref}; "
        f"use {' or '.join(sorted(allowed))}"
    )


def _off_step(application: Application) -> str | None:
    return step_fault(application.intent, application.instrument)


def _outside_band(application: Application) -> str | None:
    intent, quote = application.intent, application.quote
    if quote is None:
        return None
    for name, price in (("price", intent.limit_price), ("trigger price", intent.trigger_price)):
        if price is not None and not in_band(quote, price):
            low, high, was = (
                "none" if limit is None else decimal_text(limit)
                for limit in (quote.lower_circuit, quote.upper_circuit, price)
            )
            return f"{name} must be within the day's circuits {low} to {high}, was {was}"
    return None


def _no_rates(application: Application) -> str | None:
    intent, instrument = application.intent, application.instrument
    if not is_charged(instrument):
        return None
    if rates_of(intent, instrument, application.day, application.tariff):
        return None
    return f"no charges are known for {instrument.ref} on {application.day}"


def _no_price(application: Application) -> str | None:
    if application.intent.order_type is not OrderType.MARKET or application.levels:
        return None
    side = "seller" if application.intent.side is Side.BUY else "buyer"
    return f"no {side} of {application.instrument.ref} is quoted now; use a LIMIT order"


def _short_delivery(application: Application) -> str | None:
    intent, state = application.intent, application.state
    if intent.product is not Product.CNC or intent.side is Side.BUY:
        return None
    promised = open_quantity(
        row
        for row in state.open_orders
        if row.order.instrument == intent.instrument
        and row.order.product is Product.CNC
        and row.order.side is Side.SELL
    )
    free = state.held(intent.instrument, Product.CNC) - promised
    if intent.quantity <= free:
        return None
    wanted, sellable = decimal_text(intent.quantity), decimal_text(free)
    return f"cannot deliver {wanted} {intent.instrument}; {sellable} held and not on sale"


_CHECKS: Final[tuple[Callable[[Application], str | None], ...]] = (
    _not_traded,
    _other_currency,
    _bad_product,
    _off_step,
    _outside_band,
    _no_rates,
    _no_price,
    _short_delivery,
)
