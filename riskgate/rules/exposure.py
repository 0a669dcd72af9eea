"""EXP and MARGIN: how much may be held, and whether there is money for it.

Legs count in order, each upon those before it. Legs that only close are not asked.
"""

from collections.abc import Iterator
from decimal import Decimal

from riskgate.metrics import Facts, LegFacts, figure, margin_fraction, percent_of
from riskgate.policy import Policy
from riskgate.rules.base import Breach, at_most


def position_too_large(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a position above its part of equity; at the cap passes."""
    if facts.equity is None:
        return
    limit = percent_of(policy.exposure.max_position_pct, facts.equity)
    for leg in facts.opening_legs:
        if leg.position_before is not None:
            yield from _over(leg, "POSITION_TOO_LARGE: the position in", leg.position_before, limit)


def gross_too_large(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a gross exposure above its part of equity; at the cap passes."""
    if facts.equity is None:
        return
    limit = percent_of(policy.exposure.max_gross_exposure_pct, facts.equity)
    for leg in facts.opening_legs:
        if leg.gross_before is not None:
            yield from _over(
                leg, "GROSS_TOO_LARGE: the gross exposure with", leg.gross_before, limit
            )


def too_many_positions(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse each leg that opens one instrument more than may be open at once."""
    limit, count = policy.exposure.max_open_positions, facts.open_before
    for leg in facts.legs:
        count += leg.opens_instrument
        if leg.opens_instrument and count > limit:
            yield Breach(
                f"TOO_MANY_POSITIONS: {leg.name} would be open position {count}",
                "Close another position first",
                leg,
                limit=limit,
                actual=count,
            )


def too_many_symbols(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a plan that opens in more instruments than one plan may."""
    limit = policy.exposure.max_symbols_per_plan
    count = len({leg.leg.instrument.ref for leg in facts.opening_legs})
    if count > limit:
        message = f"TOO_MANY_SYMBOLS: the plan opens in {count} instruments"
        yield Breach(message, "Split it into smaller plans", limit=limit, actual=count)


def margin_too_small(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a leg that needs more money than the legs before it leave; all of it passes."""
    if facts.available is None:
        return
    left, fraction = facts.available, margin_fraction(policy, facts.product)
    for leg in facts.opening_legs:
        if leg.unit is None:
            continue
        need = leg.opening * leg.unit * fraction
        if need > left:
            allowed = leg.largest(room=left, unit=leg.unit * fraction)
            yield Breach(
                f"MARGIN_TOO_SMALL: {leg.name} needs {figure(need)}, {figure(left)} is free",
                at_most(allowed),
                leg,
                limit=left,
                actual=need,
                allowed=allowed,
            )
        left -= need


def _over(leg: LegFacts, what: str, before: Decimal, limit: Decimal) -> Iterator[Breach]:
    if leg.unit is None or before + leg.opening * leg.unit <= limit:
        return
    after, allowed = (
        before + leg.opening * leg.unit,
        leg.largest(room=limit - before, unit=leg.unit),
    )
    yield Breach(
        f"{what} {leg.name} would be {figure(after)}, the cap is {figure(limit)}",
        at_most(allowed),
        leg,
        limit=limit,
        actual=after,
        allowed=allowed,
    )
