"""LOSS: what has been lost today, and what a trade may lose. Legs that only close are not asked."""

from collections.abc import Iterator

from riskgate.metrics import ZERO, Facts, figure, percent_of
from riskgate.policy import Policy
from riskgate.rules.base import Breach, at_most


def day_lost_too_much(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse new exposure once the day's loss reaches the limit; at the limit breaches."""
    start, equity = facts.start_of_day_equity, facts.equity
    if start is None or equity is None or not facts.opening_legs:
        return
    limit = percent_of(policy.loss.daily_loss_limit_pct, start)
    if start - equity >= limit:
        yield Breach(
            f"DAILY_LOSS: {figure(start - equity)} was lost today, the limit is {figure(limit)}",
            "Open nothing more today; orders that only reduce a position still pass",
            limit=limit,
            actual=start - equity,
        )


def trade_risks_too_much(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a leg whose stop, with those before it, may lose more than the cap.

    At the cap passes. A stop that the market has already passed leaves nothing to measure.
    """
    if facts.equity is None:
        return
    limit, risked = percent_of(policy.loss.max_risk_per_trade_pct, facts.equity), ZERO
    for leg in facts.opening_legs:
        if leg.risk_unit is None:
            continue
        if leg.risk_unit <= 0:
            message = f"STOP_PASSED: the stop of {leg.name} is not on the losing side of its entry"
            yield Breach(message, "Ask for a new plan with a stop beyond the market", leg)
            continue
        before, risked = risked, risked + leg.opening * leg.risk_unit
        if risked > limit:
            allowed = leg.largest(room=limit - before, unit=leg.risk_unit)
            yield Breach(
                f"RISK_TOO_LARGE: with {leg.name} {figure(risked)} is lost at the stop",
                at_most(allowed),
                leg,
                limit=limit,
                actual=risked,
                allowed=allowed,
            )
