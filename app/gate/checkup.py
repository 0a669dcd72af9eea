"""What a validation asks of a policy: the limits of a live day, and what is probably not meant."""

from decimal import Decimal
from typing import NamedTuple

from riskgate.policy import Policy
from riskgate.policy.lint import lint

HIGH = Decimal("0.5")
LIVE_LIMITS = ("max_orders_per_day", "max_notional_per_day", "max_loss_per_day")


class Oddity(NamedTuple):
    """One thing about a policy worth a second look."""

    code: str
    message: str
    remedy: str


def missing_live_limits(policy: Policy) -> tuple[str, ...]:
    """Return the names of the limits that a live order must have and the policy does not set."""
    return tuple(name for name in LIVE_LIMITS if getattr(policy.live, name) is None)


def oddities(policy: Policy) -> tuple[Oddity, ...]:
    """Return the linter's findings and shares so high that they hardly limit anything."""
    found = [Oddity(f.code, f"{f.path}: {f.message}", f.remedy) for f in lint(policy)]
    shares = (
        ("MAX_DRAWDOWN_HIGH", "loss.max_drawdown_pct", policy.limits.loss.max_drawdown_pct),
        ("MAX_POSITION_HIGH", "exposure.max_position_pct", policy.limits.exposure.max_position_pct),
    )
    found += [
        Oddity(code, f"{path} is above half of the equity", "Lower it, unless it is meant.")
        for code, path, share in shares
        if share is not None and share > HIGH
    ]
    return tuple(found)
