"""Our orders as the arguments of Kite's tools. Pure.

The server checks nothing and coerces in silence: a quantity given as text becomes 1, a fraction
is cut, a price given as text is dropped, a word it does not know is forwarded. So every value is
checked here, and nothing is sent that the table below does not name.
"""

import re
from decimal import Decimal
from typing import Final

from pydantic import JsonValue, ValidationError

from adapters.brokers.kite_mcp.fields import Row, text, whole
from adapters.errors import OrderRejected
from adapters.ports import OrderChange
from adapters.steps import step_fault
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Exchange, Instrument
from riskgate.contracts.orders import (
    BrokerOrder,
    OrderIntent,
    OrderTerms,
    OrderType,
    Product,
    Validity,
)

ORDER_TYPES: Final = frozenset({OrderType.LIMIT, OrderType.SL})
PRODUCTS: Final = {
    Exchange.NSE: frozenset({Product.CNC, Product.MIS}),
    Exchange.BSE: frozenset({Product.CNC, Product.MIS}),
    Exchange.NFO: frozenset({Product.NRML, Product.MIS}),
    Exchange.BFO: frozenset({Product.NRML, Product.MIS}),
    Exchange.MCX: frozenset({Product.NRML, Product.MIS}),
}
VARIETY: Final = "regular"
CHANGEABLE: Final = frozenset({"regular", "amo"})
_TAG: Final = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)
_ORDER_ID: Final = re.compile(r"[0-9]{1,32}", re.ASCII)


def place_arguments(intent: OrderIntent, instrument: Instrument | None) -> dict[str, JsonValue]:
    """Return exactly what `place_order` is called with.

    Raises OrderRejected, before anything is sent, for what Kite or the exchange would refuse:
    their reason would not come back.
    """
    fault = _fault(intent, instrument)
    if fault is not None:
        raise OrderRejected(fault)
    arguments: dict[str, JsonValue] = {
        "variety": VARIETY,
        "exchange": intent.instrument.exchange.value,
        "tradingsymbol": intent.instrument.tradingsymbol,
        "transaction_type": intent.side.value,
        "quantity": whole_number(intent.quantity),
        "product": intent.product.value,
        "order_type": intent.order_type.value,
        "validity": intent.validity.value,
        "tag": intent.tag,
    }
    for name, price in (("price", intent.limit_price), ("trigger_price", intent.trigger_price)):
        if price is not None:
            arguments[name] = json_price(price)
    return arguments


def change_arguments(
    order: BrokerOrder, change: OrderChange, instrument: Instrument | None, *, row: Row
) -> dict[str, JsonValue]:
    """Return exactly what `modify_order` is called with; `order` is what `row` of the book shows.

    Every figure is sent: without a quantity the server makes it 1, and a zero is dropped. Raises
    OrderRejected, before anything is sent, for what this server cannot say of the order.
    """
    fault = _change_fault(order, change, instrument, row)
    if fault is not None:
        raise OrderRejected(fault)
    arguments: dict[str, JsonValue] = {
        "variety": text(row, "variety"),
        "order_id": order_id_in_digits(order.broker_order_id),
        "order_type": order.order_type.value,
        "quantity": whole_number(change.quantity),
    }
    for name, price in (("price", change.limit_price), ("trigger_price", change.trigger_price)):
        if price is not None:
            arguments[name] = json_price(price)
    if (disclosed := whole(row, "disclosed_quantity")) > 0:
        arguments["disclosed_quantity"] = whole_number(disclosed)
    return arguments


def cancel_arguments(broker_order_id: str, variety: str) -> dict[str, JsonValue]:
    """Return exactly what `cancel_order` is called with.

    Raises OrderRejected unless the id is digits: the server pastes it into an address.
    """
    return {"variety": variety, "order_id": order_id_in_digits(broker_order_id)}


def order_id_in_digits(broker_order_id: str) -> str:
    """Return the id; raises OrderRejected for one that Kite cannot have given."""
    if not _ORDER_ID.fullmatch(broker_order_id):
        raise OrderRejected(f"Kite's order ids are digits only, was {broker_order_id!r}")
    return broker_order_id


def whole_number(quantity: Decimal) -> int:
    """Return a quantity as an integer; raises OrderRejected for a fraction or none."""
    if quantity < 1 or quantity != quantity.to_integral_value():
        raise OrderRejected(f"Kite takes whole quantities from 1, was {decimal_text(quantity)}")
    return int(quantity)


def json_price(price: Decimal) -> float:
    """Return a price as the JSON number that reads back as the same decimal.

    Raises OrderRejected when no such number exists.
    """
    # JSON has no decimals; a float is safe only where its shortest form is the price itself.
    number = float(price)
    if Decimal(repr(number)) != price:
        raise OrderRejected(f"price {decimal_text(price)} cannot be sent to Kite exactly")
    return number


def _change_fault(
    order: BrokerOrder, change: OrderChange, instrument: Instrument | None, row: Row
) -> str | None:
    variety, validity = text(row, "variety"), text(row, "validity")
    if variety not in CHANGEABLE or validity == "TTL":
        return f"a {variety} order of validity {validity} is changed in Kite's own app"
    if order.order_type not in ORDER_TYPES:
        return f"a {order.order_type} order cannot be changed through this server; cancel it"
    if change.quantity <= order.filled_quantity:
        filled = decimal_text(order.filled_quantity)
        return f"{filled} of the order are filled; cancel the rest instead"
    if instrument is None:
        return f"unknown instrument {order.instrument}"
    try:
        terms = OrderTerms.model_validate(
            order.model_dump(include=set(OrderTerms.model_fields)) | change.model_dump()
        )
    except ValidationError as error:
        return error.errors()[0]["msg"]
    return step_fault(terms, instrument)


def _fault(intent: OrderIntent, instrument: Instrument | None) -> str | None:
    offered = PRODUCTS.get(intent.instrument.exchange)
    if offered is None:
        return f"Kite does not trade on {intent.instrument.exchange}"
    if intent.product not in offered:
        words = " or ".join(sorted(offered))
        return f"{intent.instrument.exchange} takes {words} at Kite, was {intent.product}"
    if intent.order_type not in ORDER_TYPES:
        return (
            f"Kite's server cannot send the market protection a {intent.order_type} order needs; "
            "use LIMIT, or SL for a stop"
        )
    if intent.instrument.exchange is Exchange.MCX and intent.validity is Validity.IOC:
        return "MCX takes no IOC order; use DAY"
    if not _TAG.fullmatch(intent.tag):
        return f"a tag is 1 to 20 letters and digits, was {intent.tag!r}"
    if instrument is None or not instrument.tradable:
        return f"unknown instrument {intent.instrument}"
    return step_fault(intent, instrument)
