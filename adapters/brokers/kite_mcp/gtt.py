"""Kite's triggers (GTT): orders that Kite keeps and sends when a price is met. Pure.

A trigger carries no tag, so its terms are all there is to know it by. Its orders are LIMIT.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from adapters.brokers.kite_mcp.arguments import PRODUCTS, json_price, whole_number
from adapters.brokers.kite_mcp.fields import (
    Row,
    Unreadable,
    moment,
    number,
    on_tick,
    part,
    text,
    whole,
)
from adapters.brokers.kite_mcp.mapping import Stranger, Tick, ref_of, word_of
from adapters.errors import OrderRejected
from adapters.steps import step_fault
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, InstrumentRef, on_step
from riskgate.contracts.orders import OrderTerms, OrderType, Product, Side

ACTIVE: Final = "active"
KINDS: Final = {1: "single", 2: "two-leg"}
# With one leg the names stand alone; with two, the lower comes first at Kite.
_PREFIXES: Final = {1: ("",), 2: ("lower_", "upper_")}
# Whatever is sent, a changed trigger of this server's is of this product.
CHANGED_TO: Final = Product.CNC


@dataclass(frozen=True)
class Leg:
    """One price to wait for, and the order that goes out when it is met."""

    trigger_price: Decimal
    limit_price: Decimal
    quantity: Decimal


@dataclass(frozen=True)
class TriggerTerms:
    """What a trigger is: one leg, or a lower and an upper of which the first met goes out."""

    instrument: InstrumentRef
    side: Side
    product: Product
    legs: tuple[Leg, ...]


@dataclass(frozen=True)
class KiteTrigger:
    """A trigger in Kite's book.

    `status` is Kite's word; one that was `triggered` says nothing of what became of its order,
    which is among the day's orders or was refused.
    """

    trigger_id: int
    status: str
    terms: TriggerTerms
    created_at: datetime | None


def place_trigger_arguments(
    terms: TriggerTerms, last_price: Decimal, instrument: Instrument | None
) -> dict[str, JsonValue]:
    """Return exactly what `place_gtt_order` is called with; raises OrderRejected.

    A leg that is left out would become zeros.
    """
    return _arguments(terms, last_price, instrument) | {"product": terms.product.value}


def change_trigger_arguments(
    kept: KiteTrigger, terms: TriggerTerms, last_price: Decimal, instrument: Instrument | None
) -> dict[str, JsonValue]:
    """Return exactly what `modify_gtt_order` is called with; raises OrderRejected.

    Refuses a trigger of another product than CNC: the server would make it one.
    """
    fault = _change_fault(kept, terms)
    if fault is not None:
        raise OrderRejected(fault)
    return _arguments(terms, last_price, instrument) | {"trigger_id": kept.trigger_id}


def triggers_of(rows: Iterable[Row], *, tick: Tick) -> tuple[KiteTrigger, ...]:
    """Return the triggers; those that our contracts have no words for are left out."""
    found = []
    for row in rows:
        try:
            found.append(trigger_of(row, tick=tick))
        except Stranger:
            continue
    return tuple(found)


def trigger_of(row: Row, *, tick: Tick) -> KiteTrigger:
    """Return one trigger; raises Stranger or Unreadable."""
    condition, orders = part(row, "condition"), row.get("orders")
    values = condition.get("trigger_values")
    if not isinstance(orders, list) or not isinstance(values, list):
        raise Unreadable("a trigger must have lists of prices and of orders")
    if KINDS.get(len(orders)) != text(row, "type") or len(values) != len(orders):
        raise Unreadable(f"a trigger of type {text(row, 'type')!r} has {len(orders)} orders")
    ref = ref_of(condition)
    legs = [
        Leg(
            on_tick(number({"price": value}, "price"), tick(ref)),
            on_tick(number(order, "price"), tick(ref)),
            whole(order, "quantity"),
        )
        for value, order in zip(values, _orders(orders), strict=True)
    ]
    return KiteTrigger(
        trigger_id=int(whole(row, "id")),
        status=text(row, "status"),
        terms=TriggerTerms(ref, *_side_and_product(_orders(orders)), legs=tuple(legs)),
        created_at=moment(row, "created_at"),
    )


def matching(
    triggers: Iterable[KiteTrigger], terms: TriggerTerms, *, sent_at: datetime
) -> tuple[KiteTrigger, ...]:
    """Return the triggers of these terms that were made since, to Kite's whole second."""
    since = sent_at.replace(microsecond=0)
    return tuple(
        kept
        for kept in triggers
        if kept.terms == terms and (kept.created_at is None or kept.created_at >= since)
    )


def _arguments(
    terms: TriggerTerms, last_price: Decimal, instrument: Instrument | None
) -> dict[str, JsonValue]:
    fault = _fault(terms, last_price, instrument)
    if fault is not None:
        raise OrderRejected(fault)
    arguments: dict[str, JsonValue] = {
        "exchange": terms.instrument.exchange.value,
        "tradingsymbol": terms.instrument.tradingsymbol,
        "last_price": json_price(last_price),
        "transaction_type": terms.side.value,
        "trigger_type": KINDS[len(terms.legs)],
    }
    for prefix, leg in zip(_PREFIXES[len(terms.legs)], terms.legs, strict=True):
        arguments[f"{prefix}trigger_value"] = json_price(leg.trigger_price)
        arguments[f"{prefix}quantity"] = whole_number(leg.quantity)
        arguments[f"{prefix}limit_price"] = json_price(leg.limit_price)
    return arguments


def _fault(terms: TriggerTerms, last_price: Decimal, instrument: Instrument | None) -> str | None:
    if len(terms.legs) not in KINDS:
        return f"a trigger has one leg or two, was {len(terms.legs)}"
    if terms.product is Product.MIS or terms.product not in PRODUCTS.get(
        terms.instrument.exchange, ()
    ):
        return f"Kite keeps no {terms.product} trigger on {terms.instrument.exchange}"
    if instrument is None or not instrument.tradable:
        return f"unknown instrument {terms.instrument}"
    return _legs_fault(terms, last_price, instrument)


def _legs_fault(terms: TriggerTerms, last_price: Decimal, instrument: Instrument) -> str | None:
    prices = [leg.trigger_price for leg in terms.legs]
    if last_price <= 0 or last_price in prices:
        return f"a trigger must be away from the last price, was {decimal_text(last_price)}"
    if len(prices) == 2 and not prices[0] < last_price < prices[1]:
        return "of two legs the first must be below the last price and the second above it"
    tick = instrument.tick_size
    for leg in terms.legs:
        if leg.trigger_price <= 0 or tick is None or not on_step(leg.trigger_price, tick):
            return f"trigger price must be a multiple of tick size {tick}, was {leg.trigger_price}"
        if leg.limit_price <= 0 or leg.quantity <= 0:
            return "every leg needs a price and a quantity above 0"
        if (fault := step_fault(_order_of(terms, leg), instrument)) is not None:
            return fault
    return None


def _order_of(terms: TriggerTerms, leg: Leg) -> OrderTerms:
    return OrderTerms(
        instrument=terms.instrument,
        side=terms.side,
        quantity=leg.quantity,
        product=terms.product,
        order_type=OrderType.LIMIT,
        limit_price=leg.limit_price,
    )


def _change_fault(kept: KiteTrigger, terms: TriggerTerms) -> str | None:
    if kept.status != ACTIVE:
        return f"trigger {kept.trigger_id} is {kept.status} at Kite"
    if kept.terms.product is not CHANGED_TO or terms.product is not CHANGED_TO:
        return f"this server makes a changed trigger {CHANGED_TO}; delete it and place it anew"
    if (kept.terms.instrument, kept.terms.side) != (terms.instrument, terms.side):
        return "a trigger stays with its instrument and side; delete it and place it anew"
    if len(kept.terms.legs) != len(terms.legs):
        return "a trigger keeps its number of legs; delete it and place it anew"
    return None


def _side_and_product(orders: Sequence[Row]) -> tuple[Side, Product]:
    found = {
        (word_of(Side, order, "transaction_type"), word_of(Product, order, "product"))
        for order in orders
    }
    if len(found) != 1:
        raise Stranger("a trigger whose legs are of several sides or products")
    return found.pop()


def _orders(orders: Sequence[object]) -> list[Row]:
    if not all(isinstance(order, Mapping) for order in orders):
        raise Unreadable("a trigger's orders must be objects")
    return [order for order in orders if isinstance(order, Mapping)]
