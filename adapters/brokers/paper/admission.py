"""Why an order is refused before it enters the book. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adapters.brokers.paper.state import PaperState
from adapters.steps import step_fault
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, InstrumentKind
from riskgate.contracts.orders import OrderIntent, OrderType, Product, Side
from riskgate.contracts.snapshots import DepthLevel

_PRODUCTS: Final = {
    InstrumentKind.EQUITY: frozenset({Product.CNC, Product.MIS}),
    InstrumentKind.FUTURE: frozenset({Product.NRML, Product.MIS}),
    InstrumentKind.CALL: frozenset({Product.NRML, Product.MIS}),
    InstrumentKind.PUT: frozenset({Product.NRML, Product.MIS}),
    InstrumentKind.INDEX: frozenset[Product](),
}


@dataclass(frozen=True, kw_only=True)
class Application:
    """An order, the book it would enter, and the depth it would meet."""

    intent: OrderIntent
    instrument: Instrument
    state: PaperState
    levels: tuple[DepthLevel, ...]


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


def _no_price(application: Application) -> str | None:
    if application.intent.order_type is not OrderType.MARKET or application.levels:
        return None
    side = "seller" if application.intent.side is Side.BUY else "buyer"
    return f"no {side} of {application.instrument.ref} is quoted now; use a LIMIT order"


def _short_delivery(application: Application) -> str | None:
    intent, state = application.intent, application.state
    if intent.product is not Product.CNC or intent.side is Side.BUY:
        return None
    promised = sum(
        (
            row.order.open_quantity
            for row in state.open_orders
            if row.order.instrument == intent.instrument
            and row.order.product is Product.CNC
            and row.order.side is Side.SELL
        ),
        Decimal(0),
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
    _no_price,
    _short_delivery,
)
