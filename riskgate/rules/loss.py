"""LOSS: what has been lost, and what a trade may lose. Orders that only close are let pass."""

from decimal import Decimal

from riskgate.figures import ZERO, figure
from riskgate.rules.base import NONE, Breach, Breaches, Until, at_most
from riskgate.weigh import Facts


def day_lost_too_much(f: Facts) -> Breaches:
    """Refuse once the day's loss reaches its part of the equity it began with."""
    return _lost(f, f.account.day_start, f.limits.loss.daily_loss_limit_pct, "DAILY_LOSS", "day")


def drawdown_too_deep(f: Facts) -> Breaches:
    """Refuse once equity has fallen by the limit from its highest."""
    peak, equity, share = f.account.peak, f.account.equity, f.limits.loss.max_drawdown_pct
    if peak is None or equity is None or share is None or peak - equity < share * peak:
        return NONE
    return (
        Breach(
            f"DRAWDOWN: equity {figure(equity)} is {figure(peak - equity)} below its highest, the "
            f"limit is {figure(share * peak)}",
            "Open nothing more; someone with the right to do so has to look at the account",
            limit=share * peak,
            actual=peak - equity,
        ),
    )


def week_lost_too_much(f: Facts) -> Breaches:
    """Refuse once the week's loss reaches its part of the equity it began with."""
    return _lost(
        f, f.account.week_start, f.limits.loss.weekly_loss_limit_pct, "WEEKLY_LOSS", "week"
    )


def month_spent(f: Facts) -> Breaches:
    """Refuse for the rest of the month once its budget was spent, whatever was earned back."""
    account, share = f.account, f.limits.loss.monthly_loss_budget_pct
    if account.month_spent:
        message = "MONTHLY_BUDGET_SPENT: the month's loss budget was reached"
        return (Breach(message, _until("month"), until=Until.NEXT_MONTH),)
    return _lost(f, account.month_start, share, "MONTHLY_LOSS", "month")


def trade_risks_too_much(f: Facts) -> Breaches:
    """Refuse an order whose stop, with those of its plan before it, may lose more than the cap.

    At the cap passes. A stop that the market has already passed leaves nothing to measure; an order
    without one passes, unless the policy requires it.
    """
    equity, share = f.account.equity, f.limits.loss.max_risk_per_trade_pct
    unit = risk_unit(f)
    if f.limits.loss.stop_required and f.candidate.stop_price is None and f.opening:
        message = f"STOP_MISSING: the order of {f.name} names no stop"
        return (Breach(message, "Say where the loss is taken, for example 'stop 2%'"),)
    if equity is None or share is None or unit is None or not f.opening:
        return NONE
    if unit <= 0:
        message = f"STOP_PASSED: the stop of {f.name} is not on the losing side of its entry"
        return (Breach(message, "Ask for a new plan with a stop beyond the market"),)
    limit, risked = share * equity, f.situation.risked + f.opening * unit
    if risked <= limit:
        return NONE
    lot, room = f.listing.lot, limit - f.situation.risked
    allowed = (f.closing * unit + max(room, ZERO)) // (unit * lot) * lot
    return (
        Breach(
            f"RISK_TOO_LARGE: with {f.name} {figure(risked)} is lost at the stop",
            at_most(allowed),
            limit=limit,
            actual=risked,
            allowed=allowed or None,
        ),
    )


def risk_unit(f: Facts) -> Decimal | None:
    """Return what one piece loses at the stop, from the price at which it loses most."""
    stop, price, multiplier = f.candidate.stop_price, f.price, f.listing.multiplier
    if stop is None or price is None or f.mark is None or multiplier is None:
        return None
    sign = f.candidate.sign
    touch = price.ask if sign > 0 else price.bid
    own = (f.candidate.limit_price, f.candidate.trigger_price)
    prices = [price.last if touch is None else touch, *(p for p in own if p is not None)]
    entry = max(prices) if sign > 0 else min(prices)
    return (entry - stop) * sign * multiplier


def _lost(
    f: Facts, start: Decimal | None, share: Decimal | None, code: str, period: str
) -> Breaches:
    equity = f.account.equity
    if start is None or equity is None or share is None or start - equity < share * start:
        return NONE
    limit = share * start
    return (
        Breach(
            f"{code}: {figure(start - equity)} was lost this {period}, the limit is "
            f"{figure(limit)}",
            _until(period),
            limit=limit,
            actual=start - equity,
            until=Until(f"the next trading {period}"),
        ),
    )


def _until(period: str) -> str:
    return f"Open nothing more this {period}; orders that only reduce a position still pass"
