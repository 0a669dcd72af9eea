"""EXP and MARGIN: how much may be held, and whether there is money for it.

At the cap passes. Orders that only close are let pass.
"""

from decimal import Decimal

from riskgate.contracts.orders import Product
from riskgate.figures import ZERO, figure
from riskgate.rules.base import NONE, Breach, Breaches, at_most
from riskgate.weigh import Facts


def position_too_large(f: Facts) -> Breaches:
    """Refuse a position, over all products, above its part of equity."""
    limit = _cap(f, f.limits.exposure.max_position_pct)
    if limit is None or f.position_after is None or f.position_after <= limit:
        return NONE
    return _over(f, f.position_after, limit, f"POSITION_TOO_LARGE: the position in {f.name}")


def gross_too_large(f: Facts) -> Breaches:
    """Refuse a gross exposure above its multiple of equity."""
    limit = _cap(f, f.limits.exposure.max_gross_exposure_x)
    if limit is None or f.gross_after is None or f.gross_after <= limit:
        return NONE
    return _over(f, f.gross_after, limit, f"GROSS_TOO_LARGE: the gross exposure with {f.name}")


def net_too_large(f: Facts) -> Breaches:
    """Refuse a net exposure, long or short, above its multiple of equity."""
    limit, delta = _cap(f, f.limits.exposure.max_net_exposure_x), f.delta
    if limit is None or delta is None or f.net_after is None or f.net_after <= limit:
        return NONE
    high, low = f.book.net_high + delta, f.book.net_low + delta
    out, back = (high, -low) if f.candidate.sign > 0 else (-low, high)
    allowed = f.fitting((out - abs(delta), back + abs(delta)), limit)
    return (_breach(f"NET_TOO_LARGE: the net exposure with {f.name}", limit, f.net_after, allowed),)


def sector_too_large(f: Facts) -> Breaches:
    """Refuse an exposure to one sector above its part of equity; unknown ones are one sector."""
    limit, after = _cap(f, f.limits.exposure.max_sector_pct), f.sector_after
    if limit is None or after is None or after <= limit:
        return NONE
    sector = f.listing.sector or "sectors not known"
    return _over(f, after, limit, f"SECTOR_TOO_LARGE: the exposure to {sector}")


def symbol_too_large(f: Facts) -> Breaches:
    """Refuse an exposure to one underlying, in all its contracts, above its part of equity."""
    limit, after = _cap(f, f.limits.exposure.max_symbol_pct), f.symbol_after
    if limit is None or after is None or after <= limit:
        return NONE
    what = f"SYMBOL_TOO_LARGE: the exposure to {f.underlying} in all its contracts"
    return _over(f, after, limit, what)


def too_many_positions(f: Facts) -> Breaches:
    """Refuse an order that opens one instrument more than may be open at once."""
    limit = f.limits.exposure.max_open_positions
    entry = f.book.entries.get(f.listing.key)
    if limit is None or not f.opening or (entry is not None and entry.is_open):
        return NONE
    count = f.book.open_instruments + 1
    if count <= limit:
        return NONE
    message = f"TOO_MANY_POSITIONS: {f.name} would be open position {count}"
    return (Breach(message, "Close another position first", limit=limit, actual=count),)


def too_many_orders(f: Facts) -> Breaches:
    """Refuse an order with which more would be open at the broker than may be."""
    limit = f.limits.exposure.max_open_orders
    count = f.book.orders_in_flight + max(len(f.candidate.slices), 1)
    if limit is None or count <= limit:
        return NONE
    message = f"TOO_MANY_ORDERS: {f.name} would make {count} open orders"
    return (Breach(message, "Cancel another order first", limit=limit, actual=count),)


def margin_too_small(f: Facts) -> Breaches:
    """Refuse an order that needs more money than is free; all of it passes."""
    left, fraction = f.account.available, f.limits.margin.margin_fraction
    if left is None or fraction is None or f.unit is None or not f.opening:
        return NONE
    fraction = margin_fraction(fraction, f.candidate.product)
    need, unit = f.opening * f.unit * fraction, f.unit * fraction
    if need <= left:
        return NONE
    lot = f.listing.lot
    allowed = (f.closing * unit + max(left, ZERO)) // (unit * lot) * lot
    message = f"MARGIN_TOO_SMALL: {f.name} needs {figure(need)}, {figure(left)} is free"
    return (Breach(message, at_most(allowed), left, need, allowed=allowed or None),)


def margin_fraction(fraction: Decimal, product: Product | None) -> Decimal:
    """Return the part of a notional that must be free: all of a delivery."""
    return Decimal(1) if product is Product.CNC else fraction


def _cap(f: Facts, share: Decimal | None) -> Decimal | None:
    equity = f.account.equity
    return None if share is None or equity is None or equity <= 0 else share * equity


def _over(f: Facts, after: Decimal, limit: Decimal, what: str) -> Breaches:
    return (_breach(what, limit, after, f.fitting(f.ends(after), limit)),)


def _breach(what: str, limit: Decimal, actual: Decimal, allowed: Decimal | None) -> Breach:
    message = f"{what} would be {figure(actual)}, the cap is {figure(limit)}"
    return Breach(message, at_most(allowed), limit=limit, actual=actual, allowed=allowed)
