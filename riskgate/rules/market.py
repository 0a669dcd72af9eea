"""MKT: whether this is the time, and the market, for an order."""

from datetime import timedelta

from riskgate.contracts.base import time_text
from riskgate.contracts.orders import Product
from riskgate.figures import ZERO, figure, percent
from riskgate.rules.base import NONE, Breach, Breaches, Until, at_most
from riskgate.rules.order import own_prices
from riskgate.weigh import Facts


def market_closed(f: Facts) -> Breaches:
    """Refuse outside the exchange's sessions, and where they are not known.

    Where they are not known an order that only reduces is left to the exchange to take or refuse.
    """
    market = f.situation.market
    if market.is_open:
        return NONE
    if market.is_open is None:
        message = "MARKET_UNKNOWN: whether the market is open is not known"
        return (Breach(message, "Check the calendar of the exchange, then ask again"),)
    opens = market.next_opens_at
    when = "" if opens is None else f", it opens at {time_text(opens)}"
    return (
        Breach(
            f"MARKET_CLOSED: the market is closed{when}",
            "Ask again in its next session",
            until=Until.NEXT_SESSION,
            binding=True,
        ),
    )


def outside_band(f: Facts) -> Breaches:
    """Refuse prices outside the day's circuit band, and a live market whose band is not known."""
    price = f.price
    if price is None or f.mark is None:
        return NONE
    low, high = price.low_band, price.high_band
    if low is None or high is None:
        if not price.live:
            return NONE
        message = f"BAND_UNKNOWN: the circuit band of {f.name} is not known"
        return (Breach(message, "Ask again; if it stays so, check the market data"),)
    found = []
    for name, asked in (*own_prices(f), ("last", price.last)):
        if low <= asked <= high:
            continue
        edge = low if asked < low else high
        breach = Breach(
            f"OUTSIDE_BAND: {name} {figure(asked)} of {f.name} is outside the day's band of "
            f"{figure(low)} to {figure(high)}",
            f"Use a price from {figure(low)} to {figure(high)}",
            limit=edge,
            actual=asked,
        )
        if name == "limit":
            breach = breach._replace(price=edge)
        elif name == "trigger":
            breach = breach._replace(trigger=edge)
        found.append(breach)
    return tuple(found)


def too_late_for_intraday(f: Facts) -> Breaches:
    """Refuse to open an intraday position shortly before the broker squares all of them off."""
    minutes, closes = f.limits.market.mis_cutoff_minutes, f.situation.market.closes_at
    now = f.situation.as_of
    if f.candidate.product is not Product.MIS or f.reduces or not minutes:
        return NONE
    if closes is None or now is None or now < closes - timedelta(minutes=minutes):
        return NONE
    return (
        Breach(
            f"MIS_TOO_LATE: intraday positions are closed out before {time_text(closes)}",
            "Use CNC or NRML, or wait for the next session",
            product=Product.CNC if f.candidate.sign > 0 else None,
            until=Until.NEXT_SESSION,
        ),
    )


def slips_too_far(f: Facts) -> Breaches:
    """Refuse an order without a limit price that the depth shown would fill too far away.

    The reference is the last price; what the depth does not show is not counted on.
    """
    most, price = f.limits.market.max_slippage_pct, f.price
    if most is None or price is None or f.mark is None or f.candidate.limit_price is not None:
        return NONE
    sign = f.candidate.sign
    edge, fits, worst = price.last * (1 + most * sign), ZERO, None
    for level in price.asks if sign > 0 else price.bids:
        if fits >= f.candidate.quantity:
            break
        worst = level.price
        if (worst - edge) * sign > 0:
            break
        fits += level.quantity
    if fits >= f.candidate.quantity:
        return NONE
    allowed = f.lots(fits)
    return (
        Breach(
            f"SLIPPAGE: the depth shown takes {figure(fits)} of {f.name} within {percent(most)} of "
            f"the last price {figure(price.last)}",
            at_most(allowed) if allowed else "Ask with a limit price",
            limit=edge,
            actual=worst,
            allowed=allowed or None,
        ),
    )


def gapped_too_far(f: Facts) -> Breaches:
    """Refuse to open into a day that began too far from the close before it."""
    most, price = f.limits.market.max_gap_pct, f.price
    if most is None or price is None or f.reduces:
        return NONE
    begun, before = price.open, price.previous_close
    if begun is None or before is None or before <= 0:
        message = f"GAP_UNKNOWN: how {f.name} opened is not known"
        return (Breach(message, "Ask again; if it stays so, check the market data"),)
    gap = abs(begun - before)
    if gap <= most * before:
        return NONE
    return (
        Breach(
            f"GAP: {f.name} opened at {figure(begun)}, {figure(gap)} from the close before",
            "Open nothing in it today; orders that only reduce a position still pass",
            limit=most * before,
            actual=gap,
            until=Until.NEXT_DAY,
        ),
    )
