"""SYS, PLAN and EXP rules of a whole plan: its window, its entry, and the snapshot it stands on."""

from collections import Counter
from datetime import datetime

from riskgate.contracts.base import time_text
from riskgate.contracts.instruments import Currency
from riskgate.contracts.snapshots import BrokerSnapshot
from riskgate.figures import figure, seconds_ago, seconds_between
from riskgate.rules.base import NONE, Breach, Breaches, PlanFacts

_RECONNECT = "Check the connection to the broker, then ask again"


def snapshot_unfit(p: PlanFacts) -> Breaches:
    """Refuse a plan without a current broker snapshot of its own account."""
    given, account_id = p.given, p.given.plan.account_id
    found: Breaches = NONE
    if given.ledger is not None and given.ledger.account_id != account_id:
        found += (_other_account("LEDGER", given.ledger.account_id, account_id),)
    if given.broker is None:
        return (*found, Breach("SNAPSHOT_MISSING: the broker's book is not known", _RECONNECT))
    if given.broker.account_id != account_id:
        found += (_other_account("SNAPSHOT", given.broker.account_id, account_id),)
    elif given.broker.margins is not None:
        found += _other_currency(p, given.broker.margins.currency)
    return found + _repeated_orders(given.broker) + _not_current(p, given.broker.as_of)


def too_many_symbols(p: PlanFacts) -> Breaches:
    """Refuse a plan that opens in more instruments than one plan may."""
    limit = p.policy.limits.exposure.max_symbols_per_plan
    count = len({leg.listing.key for leg in p.legs if leg.opening})
    if limit is None or count <= limit:
        return NONE
    message = f"TOO_MANY_SYMBOLS: the plan opens in {count} instruments"
    return (Breach(message, "Split it into smaller plans", limit=limit, actual=count),)


def outside_window(p: PlanFacts) -> Breaches:
    """Refuse a plan before its window begins or after it ends; both ends are inside."""
    window, now = p.given.plan.validity_window, p.given.as_of
    if now < window.start:
        message = f"PLAN_NOT_YET_VALID: the plan begins at {time_text(window.start)}"
        wait = seconds_between(now, window.start)
        return (Breach(message, "Wait until then, or ask for a new plan", wait_s=wait),)
    if now > window.end:
        message = f"PLAN_EXPIRED: the plan ended at {time_text(window.end)}"
        return (Breach(message, "Ask for a new plan at the prices of now"),)
    return NONE


def entry_rule_fails(p: PlanFacts) -> Breaches:
    """Refuse a plan while a price condition of its entry does not hold or cannot be checked."""
    quotes = {quote.instrument: quote for quote in p.given.quotes if quote.last > 0}
    data, found = p.policy.limits.data, []
    for rule in p.given.plan.entry_rules:
        quote = quotes.get(rule.instrument)
        age = None if quote is None else seconds_between(quote.as_of, p.given.as_of)
        oldest = data.quote_age_max_s
        if (
            quote is None
            or age is None
            or age < -data.clock_skew_max_s
            or (oldest is not None and age > oldest)
        ):
            message = (
                f"ENTRY_RULE_UNKNOWN: {rule.instrument} has no current price to check the entry by"
            )
            found.append(Breach(message, "Ask again when its price is known", limit=rule.price))
        elif not rule.holds(quote.last):
            found.append(
                Breach(
                    f"ENTRY_RULE_FAILS: {rule.instrument} is at {figure(quote.last)}, the entry "
                    f"needs {rule.comparison} {figure(rule.price)}",
                    "Wait for the price, or ask without the condition",
                    limit=rule.price,
                    actual=quote.last,
                )
            )
    return tuple(found)


def _not_current(p: PlanFacts, as_of: datetime) -> Breaches:
    age, data = seconds_between(as_of, p.given.as_of), p.policy.limits.data
    oldest, skew = data.snapshot_age_max_s, data.clock_skew_max_s
    if oldest is not None and age > oldest:
        message = f"SNAPSHOT_STALE: the broker's book is {seconds_ago(age)} old"
        return (Breach(message, _RECONNECT, limit=oldest, actual=age),)
    if -age > skew:
        message = f"SNAPSHOT_FROM_FUTURE: the broker's book is {seconds_ago(-age)} ahead"
        return (Breach(message, "Set the clocks right, then ask again", limit=skew, actual=-age),)
    return NONE


def _other_currency(p: PlanFacts, currency: Currency) -> Breaches:
    planned = p.given.plan.currency
    if planned is currency or any(rate.currency is planned for rate in p.given.fx_rates):
        return NONE
    message = f"CURRENCY_MISMATCH: the plan is in {planned}, the account in {currency}"
    return (Breach(message, "Ask for a new plan in the account's currency"),)


def _repeated_orders(broker: BrokerSnapshot) -> Breaches:
    counts = Counter(order.broker_order_id for order in broker.orders)
    twice = sorted(order_id for order_id, count in counts.items() if count > 1)
    if not twice:
        return NONE
    message = f"SNAPSHOT_CONTRADICTS: the broker's book has order {twice[0]} twice"
    return (Breach(message, _RECONNECT),)


def _other_account(what: str, found: str, wanted: str) -> Breach:
    return Breach(
        f"{what}_OF_ANOTHER_ACCOUNT: is of {found}, the plan is for {wanted}",
        "Take a snapshot of the plan's own account",
    )
