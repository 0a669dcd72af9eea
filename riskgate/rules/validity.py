"""PLAN and MKT: whether this is the time for the plan's orders."""

from collections.abc import Iterator

from riskgate.contracts.base import time_text
from riskgate.metrics import Facts, figure, is_current
from riskgate.policy import Policy
from riskgate.rules.base import Breach


def outside_window(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a plan before its window begins or after it ends; both ends are inside."""
    window, now = facts.plan.validity_window, facts.gate_input.as_of
    if now < window.start:
        message = f"PLAN_NOT_YET_VALID: the plan begins at {time_text(window.start)}"
        yield Breach(message, "Wait until then, or ask for a new plan")
    if now > window.end:
        message = f"PLAN_EXPIRED: the plan ended at {time_text(window.end)}"
        yield Breach(message, "Ask for a new plan at the prices of now")


def exit_would_open(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse an exit that would now open a position: it was closed, or is being closed, already.

    Open orders count, so an exit and a resting stop together never sell more than is held.
    """
    for leg in facts.legs:
        if leg.leg.reduce_only and leg.opening > 0:
            yield Breach(
                f"EXIT_WOULD_OPEN: {figure(leg.closing)} of {leg.name} are left to leave, the exit"
                f" is for {figure(leg.leg.quantity)}",
                "Look at positions and open orders, cancel what also leaves it, and ask again",
                leg,
                limit=leg.closing,
                actual=leg.leg.quantity,
            )


def entry_rule_fails(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a plan while a price condition of its entry does not hold or cannot be checked."""
    for rule in facts.plan.entry_rules:
        quote = facts.quotes.get(rule.instrument)
        if quote is None or not is_current(policy, facts.gate_input, quote):
            message = (
                f"ENTRY_RULE_UNKNOWN: {rule.instrument} has no current price to check the entry by"
            )
            yield Breach(message, "Ask again when its price is known", limit=rule.price)
        elif not rule.holds(quote.last):
            yield Breach(
                f"ENTRY_RULE_FAILS: {rule.instrument} is at {figure(quote.last)}, the entry needs "
                f"{rule.comparison} {figure(rule.price)}",
                "Wait for the price, or ask without the condition",
                limit=rule.price,
                actual=quote.last,
            )


def market_closed(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse while the market is closed, or not known to be open."""
    is_open = facts.gate_input.market_open
    if is_open is None:
        yield Breach(
            "MARKET_UNKNOWN: whether the market is open is not known",
            "Check the calendar of the exchange, then ask again",
        )
    elif not is_open:
        yield Breach("MARKET_CLOSED: the market is closed", "Ask again in its next session")
