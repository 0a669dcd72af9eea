"""ORD and PLAN-003: whether an order is one that may be sent at all."""

from collections.abc import Iterator
from decimal import Decimal

from riskgate.contracts.instruments import on_step
from riskgate.contracts.orders import Product
from riskgate.figures import ZERO, figure, floor_to, percent
from riskgate.rules.base import NONE, Breach, Breaches, at_most
from riskgate.weigh import Facts


def exit_would_open(f: Facts) -> Breaches:
    """Refuse an exit that would open a position: what it was to close is, or is being, closed.

    Open orders count, so an exit and a resting stop together never sell more than is held.
    """
    if not f.candidate.reduce_only or not f.opening:
        return NONE
    return (
        Breach(
            f"EXIT_WOULD_OPEN: {figure(f.closing)} of {f.name} are left to leave, the exit is for "
            f"{figure(f.candidate.quantity)}",
            "Look at positions and open orders, cancel what also leaves it, and ask again",
            limit=f.closing,
            actual=f.candidate.quantity,
            allowed=f.lots(f.closing) or None,
        ),
    )


def product_not_allowed(f: Facts) -> Breaches:
    """Refuse a product that the policy does not list."""
    allowed, product = f.limits.order.allowed_products, f.candidate.product
    if allowed is None or product is None or product in allowed:
        return NONE
    return (
        Breach(
            f"PRODUCT_NOT_ALLOWED: {product} is not permitted",
            f"Choose one of: {', '.join(sorted(allowed)) or 'none'}",
            product=min(allowed, default=None),
        ),
    )


def order_type_not_allowed(f: Facts) -> Breaches:
    """Refuse an order type that is not listed, and an order whose prices do not fit its type."""
    allowed, order_type = f.limits.order.allowed_order_types, f.candidate.order_type
    if allowed is None and not f.listing.listed:
        return NONE
    found = []
    if allowed is not None and order_type not in allowed:
        message = f"ORDER_TYPE_NOT_ALLOWED: {order_type} is not permitted"
        found.append(Breach(message, f"Choose one of: {', '.join(sorted(allowed)) or 'none'}"))
    for name, needed, price in (
        ("limit price", order_type.has_limit_price, f.candidate.limit_price),
        ("trigger price", order_type.has_trigger_price, f.candidate.trigger_price),
    ):
        if f.listing.listed and needed != (price is not None):
            verb = "needs" if needed else "takes no"
            message = f"ORDER_PRICES_WRONG: a {order_type} order of {f.name} {verb} {name}"
            found.append(Breach(message, f"Ask again {'with' if needed else 'without'} it"))
    return tuple(found)


def value_too_large(f: Facts) -> Breaches:
    """Refuse an order worth more than one may be; at the limit passes."""
    most, worth = f.limits.order.max_order_value, f.notional
    if most is None or worth is None or f.unit is None or worth <= most:
        return NONE
    allowed = most // (f.unit * f.listing.lot) * f.listing.lot
    message = (
        f"ORDER_VALUE_TOO_LARGE: {figure(f.candidate.quantity)} of {f.name} is {figure(worth)}, "
        f"the cap is {figure(most)}"
    )
    return (Breach(message, at_most(allowed), most, worth, allowed=allowed or None),)


def quantity_too_large(f: Facts) -> Breaches:
    """Refuse an order of more pieces than one may have; at the limit passes."""
    most, quantity = f.limits.order.max_order_quantity, f.candidate.quantity
    if most is None or quantity <= most:
        return NONE
    allowed = f.lots(most)
    message = f"ORDER_QUANTITY_TOO_LARGE: {figure(quantity)} of {f.name}, the cap is {figure(most)}"
    return (Breach(message, at_most(allowed), most, quantity, allowed=allowed or None),)


def off_lot(f: Facts) -> Breaches:
    """Refuse an order, or a slice of it, that is not a whole number of lots."""
    lot = f.listing.lot
    for quantity in (f.candidate.quantity, *f.candidate.slices):
        if not on_step(quantity, lot):
            whole = f.lots(f.candidate.quantity)
            return (
                Breach(
                    f"OFF_LOT: {figure(quantity)} of {f.name} is not in lots of {figure(lot)}",
                    f"Ask for {figure(whole)}, or the next whole lot",
                    limit=lot,
                    actual=quantity,
                    allowed=whole or None,
                ),
            )
    return NONE


def off_tick(f: Facts) -> Breaches:
    """Refuse prices that are not on the tick, or whose tick is unknown."""
    tick = f.listing.tick
    if tick is None:
        message = f"TICK_UNKNOWN: the price step of {f.name} is not in the master"
        return (Breach(message, "Refresh the instrument master, then ask again"),)
    return tuple(
        _at_price(
            name,
            floor_to(price, tick),
            Breach(
                f"OFF_TICK: {name} {figure(price)} of {f.name} is not in steps of {figure(tick)}",
                f"Use {figure(floor_to(price, tick))} or {figure(floor_to(price, tick) + tick)}",
                limit=tick,
                actual=price,
            ),
        )
        for name, price in own_prices(f)
        if not on_step(price, tick)
    )


def slices_wrong(f: Facts) -> Breaches:
    """Refuse slices that do not sum to their order, or exceed the exchange's freeze quantity."""
    quantity, slices, freeze = f.candidate.quantity, f.candidate.slices, f.listing.freeze
    total, largest = sum(slices, ZERO), max(slices, default=quantity)
    found = []
    if slices and total != quantity:
        message = f"SLICES_DO_NOT_SUM: the orders of {f.name} sum to {figure(total)}"
        found.append(Breach(message, "Ask for a new plan", limit=quantity, actual=total))
    if freeze is not None and largest > freeze:
        message = f"FREEZE_QUANTITY: an order of {figure(largest)} {f.name} is frozen"
        remedy = f"Cut it into orders of at most {figure(freeze)}"
        found.append(Breach(message, remedy, limit=freeze, actual=largest))
    return tuple(found)


def outside_collar(f: Facts) -> Breaches:
    """Refuse prices worse than their reference by more than the collar; at the collar passes.

    A limit behind a trigger is measured from the trigger, where the order will be; every other
    price from the last one.
    """
    return tuple(_collar_breaches(f))


def trigger_passed(f: Facts) -> Breaches:
    """Refuse a trigger not beyond the market: above the last price to buy, below it to sell."""
    trigger, price, sign = f.candidate.trigger_price, f.price, f.candidate.sign
    if trigger is None or f.mark is None or price is None or (trigger - price.last) * sign > 0:
        return NONE
    side = "above" if sign > 0 else "below"
    return (
        Breach(
            f"TRIGGER_PASSED: trigger {figure(trigger)} of {f.name} is not {side} the last price "
            f"{figure(price.last)}",
            f"Use a trigger {side} the last price, or another order type",
            limit=price.last,
            actual=trigger,
        ),
    )


def short_not_allowed(f: Facts) -> Breaches:
    """Refuse selling more than is held, less what is being sold, where shorts are not allowed."""
    allowed, product = f.limits.short.allow_short_products, f.candidate.product
    if f.candidate.sign > 0 or not f.opening or allowed is None or product in allowed:
        return NONE
    return (
        Breach(
            f"SHORT_NOT_ALLOWED: {figure(f.closing)} {product} of {f.name} are free to sell, "
            f"{figure(f.candidate.quantity)} were asked",
            (f"Sell at most {figure(f.closing)}" if f.closing else f"None of {f.name} is held")
            + ", or use a product that may be sold short",
            limit=f.closing,
            actual=f.candidate.quantity,
            allowed=f.lots(f.closing) or None,
            product=None if f.closing else _intraday(allowed),
        ),
    )


def not_tradable(f: Facts) -> Breaches:
    """Refuse an instrument that only exists as a number."""
    if f.listing.tradable:
        return NONE
    message = f"NOT_TRADABLE: {f.name} is an index"
    return (Breach(message, "Choose a future, an option or a fund on it"),)


def denied_instrument(f: Facts) -> Breaches:
    """Refuse an instrument on the deny list, or missing from an allow list."""
    names, order = set(f.listing.names), f.limits.order
    if not names & order.deny_list and (order.allow_list is None or names & order.allow_list):
        return NONE
    message = f"INSTRUMENT_DENIED: the policy does not permit {f.name}"
    return (Breach(message, "Choose another instrument, or have the policy changed"),)


def market_unprotected(f: Facts) -> Breaches:
    """Refuse an order without a limit price into a market that is too wide, or cannot be seen."""
    most, price = f.limits.order.market_protection_pct, f.price
    if most is None or price is None or f.mark is None or f.candidate.limit_price is not None:
        return NONE
    touch = price.ask if f.candidate.sign > 0 else price.bid
    edge = price.last * (1 + most * f.candidate.sign)
    if touch is not None and (touch - edge) * f.candidate.sign <= 0:
        return NONE
    seen = "not known" if touch is None else figure(touch)
    return (
        Breach(
            f"MARKET_UNPROTECTED: the market for {f.name} is {seen}, further than "
            f"{percent(most)} from the last price {figure(price.last)}",
            f"Ask for a limit price not worse than {figure(_on_tick(f, edge))}",
            limit=edge,
            actual=touch,
            price=_on_tick(f, edge),
        ),
    )


def own_order_opposite(f: Facts) -> Breaches:
    """Refuse an order that could trade with one of the account's own at the exchange.

    An order without a limit price reaches as far as its side of the market; one that waits for its
    trigger is not at the exchange yet.
    """
    if not f.book.orders_in_flight:
        return NONE
    entry, own = f.book.entries.get(f.listing.key), f.candidate
    if entry is None or own.trigger_price is not None:
        return NONE
    reach = own.limit_price if own.limit_price is not None else _touch(f)
    crossed = [
        order.limit_price
        for line in entry.lines.values()
        for order in line.in_flight.values()
        if order.sign == -own.sign
        and order.trigger_price is None
        and _cross(own.sign, reach, order.limit_price)
    ]
    if not crossed:
        return NONE
    # The one it would trade with first, however the orders are listed.
    first = min(crossed, key=lambda limit: (limit is not None, (limit or ZERO) * own.sign))
    at = "the market" if first is None else figure(first)
    message = f"SELF_MATCH: an own order of {f.name} on the other side is open at {at}"
    return (Breach(message, "Cancel that order first", actual=first),)


def exchange_not_allowed(f: Facts) -> Breaches:
    """Refuse an exchange, and so a segment, that the policy does not list."""
    allowed, exchange = f.limits.order.allowed_exchanges, f.listing.exchange
    if allowed is None or exchange in allowed:
        return NONE
    message = f"EXCHANGE_NOT_ALLOWED: {exchange} is not permitted"
    return (Breach(message, f"Choose one of: {', '.join(sorted(allowed)) or 'none'}"),)


def own_prices(f: Facts) -> Iterator[tuple[str, Decimal]]:
    """Yield the prices an order names, with what they are."""
    if f.candidate.limit_price is not None:
        yield "limit", f.candidate.limit_price
    if f.candidate.trigger_price is not None:
        yield "trigger", f.candidate.trigger_price


def _collar_breaches(f: Facts) -> Iterator[Breach]:
    price, sign, order = f.price, f.candidate.sign, f.limits.order
    if price is None or f.mark is None:
        return
    above = "above" if sign > 0 else "below"
    for name, asked in own_prices(f):
        collar = order.price_collar_pct if name == "limit" else order.trigger_collar_pct
        reference, said = price.last, "the last price"
        if name == "limit" and f.candidate.trigger_price is not None:
            reference, said = f.candidate.trigger_price, "its trigger"
        if collar is None:
            continue
        edge = reference * (1 + collar * sign)
        if (asked - edge) * sign > 0:
            yield _at_price(
                name,
                _on_tick(f, edge),
                Breach(
                    f"PRICE_COLLAR: {name} {figure(asked)} of {f.name} is more than "
                    f"{percent(collar)} {above} {said}",
                    f"Use a price not {above} {figure(edge)}",
                    limit=edge,
                    actual=asked,
                ),
            )


def _at_price(name: str, price: Decimal, breach: Breach) -> Breach:
    """Return the breach with the price that mends it, where there is a positive one."""
    if price <= 0:
        return breach
    return breach._replace(price=price) if name == "limit" else breach._replace(trigger=price)


def _on_tick(f: Facts, edge: Decimal) -> Decimal:
    """Return the price on the tick that is nearest to an edge from its permitted side."""
    tick = f.listing.tick
    if tick is None:
        return edge
    below = floor_to(edge, tick)
    return below if f.candidate.sign > 0 or below == edge else below + tick


def _touch(f: Facts) -> Decimal | None:
    price = f.price
    if price is None or f.mark is None:
        return None
    touch = price.ask if f.candidate.sign > 0 else price.bid
    return price.last if touch is None else touch


def _cross(sign: int, own: Decimal | None, resting: Decimal | None) -> bool:
    return own is None or resting is None or (own - resting) * sign >= 0


def _intraday(allowed: frozenset[Product]) -> Product | None:
    return Product.MIS if Product.MIS in allowed else min(allowed, default=None)
