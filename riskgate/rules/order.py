"""ORD: whether each order is one that may be sent at all."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from riskgate.contracts.instruments import on_step
from riskgate.contracts.orders import OrderType, Side
from riskgate.metrics import ZERO, Facts, LegFacts, figure, percent_of
from riskgate.policy import Policy
from riskgate.rules.base import Breach, at_most

_WHOLE: Final = Decimal(100)


def product_not_allowed(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a product that the policy does not list."""
    allowed = policy.order.allowed_products
    if facts.product not in allowed:
        message = f"PRODUCT_NOT_ALLOWED: {facts.product} is not permitted"
        yield Breach(message, f"Choose one of: {', '.join(sorted(allowed)) or 'none'}")


def order_type_not_allowed(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse an order type that is not listed, and a leg whose prices do not fit the type."""
    allowed, order_type = policy.order.allowed_order_types, facts.plan.order_skeleton.order_type
    if order_type not in allowed:
        message = f"ORDER_TYPE_NOT_ALLOWED: {order_type} is not permitted"
        yield Breach(message, f"Choose one of: {', '.join(sorted(allowed)) or 'none'}")
    for leg in facts.legs:
        for name, needed, price in _prices(order_type, leg):
            if needed != (price is not None):
                verb = "needs" if needed else "takes no"
                message = f"ORDER_PRICES_WRONG: a {order_type} order of {leg.name} {verb} {name}"
                yield Breach(message, f"Ask again {'with' if needed else 'without'} it", leg)


def value_too_large(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a leg worth more than one order may be; at the limit passes."""
    most = policy.order.max_order_value
    for leg in facts.legs:
        if leg.unit is None or leg.quantity * leg.unit <= most:
            continue
        actual, allowed = leg.quantity * leg.unit, _lots(leg, most // leg.unit)
        yield Breach(
            f"ORDER_VALUE_TOO_LARGE: {figure(leg.quantity)} of {leg.name} is {figure(actual)}",
            at_most(allowed),
            leg,
            limit=most,
            actual=actual,
            allowed=allowed,
        )


def quantity_too_large(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a leg of more pieces than one order may have; at the limit passes."""
    most = policy.order.max_order_quantity
    for leg in facts.legs:
        if leg.quantity > most:
            allowed = _lots(leg, most)
            yield Breach(
                f"ORDER_QUANTITY_TOO_LARGE: {figure(leg.quantity)} of {leg.name}",
                at_most(allowed),
                leg,
                limit=most,
                actual=leg.quantity,
                allowed=allowed,
            )


def off_lot(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a leg, or a slice of it, that is not a whole number of lots."""
    for leg in facts.legs:
        lot = Decimal(leg.leg.instrument.lot_size)
        for quantity in (leg.quantity, *leg.leg.slices):
            if not on_step(quantity, lot):
                yield Breach(
                    f"OFF_LOT: {figure(quantity)} of {leg.name} is not in lots of {lot}",
                    f"Ask for {figure(_lots(leg, leg.quantity))}, or the next whole lot",
                    leg,
                    limit=lot,
                    actual=quantity,
                )
                break


def off_tick(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a leg whose prices are not on the tick, or whose tick is unknown."""
    for leg in facts.legs:
        tick = leg.leg.instrument.tick_size
        if tick is None:
            message = f"TICK_UNKNOWN: the price step of {leg.name} is not in the master"
            yield Breach(message, "Refresh the instrument master, then ask again", leg)
            continue
        for name, price in _own_prices(leg):
            if not on_step(price, tick):
                yield Breach(
                    f"OFF_TICK: {name} {figure(price)} of {leg.name} is not in steps of "
                    f"{figure(tick)}",
                    f"Use {figure(price // tick * tick)} or {figure((price // tick + 1) * tick)}",
                    leg,
                    limit=tick,
                    actual=price,
                )


def slices_wrong(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse slices that do not sum to their leg, or exceed the exchange's freeze quantity."""
    for leg in facts.legs:
        total, largest = sum(leg.leg.slices, ZERO), max(leg.leg.slices)
        if total != leg.quantity:
            message = f"SLICES_DO_NOT_SUM: the orders of {leg.name} sum to {figure(total)}"
            yield Breach(message, "Ask for a new plan", leg, limit=leg.quantity, actual=total)
        freeze = leg.leg.instrument.freeze_quantity
        if freeze is not None and largest > freeze:
            message = f"FREEZE_QUANTITY: an order of {figure(largest)} {leg.name} is frozen"
            remedy = f"Cut it into orders of at most {figure(freeze)}"
            yield Breach(message, remedy, leg, limit=freeze, actual=largest)


def outside_collar(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse prices worse than their reference by more than the collar; at the collar passes.

    A limit behind a trigger is measured from the trigger, where the order will be; every other
    price from the last one.
    """
    for leg in facts.legs:
        if leg.quote is None:
            continue
        sign, above = leg.leg.side.sign, "above" if leg.leg.side is Side.BUY else "below"
        for name, price in _own_prices(leg):
            collar = _collar(policy, name)
            reference, said = leg.quote.last, "the last price"
            if name == "limit" and leg.leg.trigger_price is not None:
                reference, said = leg.leg.trigger_price, "its trigger"
            edge = percent_of(_WHOLE + collar * sign, reference)
            if (price - edge) * sign > 0:
                yield Breach(
                    f"PRICE_COLLAR: {name} {figure(price)} of {leg.name} is more than "
                    f"{figure(collar)} % {above} {said}",
                    f"Use a price not {above} {figure(edge)}",
                    leg,
                    limit=edge,
                    actual=price,
                )


def trigger_passed(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a trigger not beyond the market: above the last price to buy, below it to sell."""
    for leg in facts.legs:
        trigger, quote = leg.leg.trigger_price, leg.quote
        if trigger is None or quote is None:
            continue
        if (trigger - quote.last) * leg.leg.side.sign <= 0:
            side = "above" if leg.leg.side is Side.BUY else "below"
            yield Breach(
                f"TRIGGER_PASSED: trigger {figure(trigger)} of {leg.name} is not {side} the last "
                f"price {figure(quote.last)}",
                f"Use a trigger {side} the last price, or another order type",
                leg,
                limit=quote.last,
                actual=trigger,
            )


def short_not_allowed(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse selling more than is held, less what is being sold, where shorts are not allowed."""
    if facts.broker is None or facts.product in policy.short.allow_short_products:
        return
    for leg in facts.opening_legs:
        if leg.leg.side is Side.SELL:
            yield Breach(
                f"SHORT_NOT_ALLOWED: {figure(leg.closing)} {facts.product} of {leg.name} are free "
                f"to sell, {figure(leg.quantity)} were asked",
                f"Sell at most {figure(leg.closing)}, or use a product that may be sold short",
                leg,
                limit=leg.closing,
                actual=leg.quantity,
            )


def not_tradable(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse an instrument that only exists as a number."""
    for leg in facts.legs:
        if not leg.leg.instrument.tradable:
            message = f"NOT_TRADABLE: {leg.name} is an index"
            yield Breach(message, "Choose a future, an option or a fund on it", leg)


def denied_instrument(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse an instrument on the deny list, or missing from an allow list."""
    for leg in facts.legs:
        if policy.order.denies(leg.leg.instrument.ref):
            message = f"INSTRUMENT_DENIED: the policy does not permit {leg.name}"
            yield Breach(message, "Choose another instrument, or have the policy changed", leg)


def _prices(order_type: OrderType, leg: LegFacts) -> tuple[tuple[str, bool, Decimal | None], ...]:
    return (
        ("limit price", order_type.has_limit_price, leg.leg.limit_price),
        ("trigger price", order_type.has_trigger_price, leg.leg.trigger_price),
    )


def _own_prices(leg: LegFacts) -> Iterator[tuple[str, Decimal]]:
    for name, price in (("limit", leg.leg.limit_price), ("trigger", leg.leg.trigger_price)):
        if price is not None:
            yield name, price


def _lots(leg: LegFacts, quantity: Decimal) -> Decimal:
    lot = leg.leg.instrument.lot_size
    return quantity // lot * lot


def _collar(policy: Policy, name: str) -> Decimal:
    order = policy.order
    return order.price_collar_pct if name == "limit" else order.trigger_collar_pct
