"""SYS: facts that are missing, old or contradictory deny; nothing is guessed in their place."""

from collections.abc import Iterator

from riskgate.contracts.instruments import Currency
from riskgate.metrics import Facts, figure, quote_age_s, seconds_between
from riskgate.policy import Policy
from riskgate.rules.base import Breach

_ASK_AGAIN = "Ask again; if it stays so, check the connection to the market data"
_RECONNECT = "Check the connection to the broker, then ask again"


def quote_missing(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse each leg without a positive price of now."""
    given = {quote.instrument for quote in facts.gate_input.quotes}
    for leg in facts.legs:
        if leg.quote is None:
            known = leg.leg.instrument.ref in given
            code = "QUOTE_NONPOSITIVE" if known else "QUOTE_MISSING"
            yield Breach(f"{code}: {leg.name} has no price to judge by", _ASK_AGAIN, leg)


def quote_stale(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse each leg whose quote is too old, or further ahead than clocks may differ."""
    oldest, skew = policy.data.quote_age_max_s, policy.data.clock_skew_max_s
    for leg in facts.legs:
        if leg.quote is None:
            continue
        age = quote_age_s(facts.gate_input, leg.quote)
        if age > oldest:
            message = f"QUOTE_STALE: the price of {leg.name} is {figure(age)} s old"
            yield Breach(message, _ASK_AGAIN, leg, limit=oldest, actual=age)
        elif -age > skew:
            message = f"QUOTE_FROM_FUTURE: the price of {leg.name} is {figure(-age)} s ahead"
            yield Breach(message, "Set the clocks right, then ask again", leg, skew, -age)


def snapshot_unfit(policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse a plan without a current broker snapshot of its own account."""
    given = facts.gate_input
    if given.ledger is not None and given.ledger.account_id != facts.plan.account_id:
        yield _other_account("LEDGER", given.ledger.account_id, facts)
    if given.broker is None:
        yield Breach("SNAPSHOT_MISSING: the broker's book is not known", _RECONNECT)
        return
    if facts.broker is None:
        yield _other_account("SNAPSHOT", given.broker.account_id, facts)
    age = seconds_between(given.broker.as_of, given.as_of)
    oldest, skew = policy.data.snapshot_age_max_s, policy.data.clock_skew_max_s
    if age > oldest:
        message = f"SNAPSHOT_STALE: the broker's book is {figure(age)} s old"
        yield Breach(message, _RECONNECT, limit=oldest, actual=age)
    elif -age > skew:
        message = f"SNAPSHOT_FROM_FUTURE: the broker's book is {figure(-age)} s ahead"
        yield Breach(message, "Set the clocks right, then ask again", limit=skew, actual=-age)


def equity_missing(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse when the money that limits are measured by is unknown or not positive.

    Start-of-day equity is asked for only when a leg opens something: nothing else uses it.
    """
    margins = facts.broker.margins if facts.broker else None
    if margins is None:
        yield Breach("EQUITY_MISSING: the account's equity and margins are not known", _RECONNECT)
    elif facts.equity is None:
        message = f"EQUITY_NONPOSITIVE: the account's equity is {figure(margins.equity)}"
        yield Breach(message, "Add funds to the account", limit=0, actual=margins.equity)
    if facts.opening_legs and facts.start_of_day_equity is None:
        message = "START_OF_DAY_EQUITY_MISSING: the day's loss cannot be worked out"
        remedy = "Let the day's opening equity be recorded, then ask again"
        yield Breach(message, remedy, actual=facts.gate_input.start_of_day_equity)


def currency_differs(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse each leg in a currency that is not the account's."""
    account = _account_currency(facts)
    for leg in facts.legs:
        currency = leg.leg.instrument.currency
        if {currency} != {account, facts.plan.currency}:
            yield Breach(
                f"CURRENCY_MISMATCH: {leg.name} is in {currency}, the account in {account} "
                f"and the plan in {facts.plan.currency}",
                f"Trade it from an account in {currency}",
                leg,
            )


def book_unpriced(_policy: Policy, facts: Facts) -> Iterator[Breach]:
    """Refuse new exposure while anything held or in flight cannot be valued."""
    if facts.opening_legs:
        for instrument in facts.unpriced:
            yield Breach(
                f"PRICE_MISSING: {instrument} is in the book without a current price or a known "
                "multiplier, so the gross exposure is not known",
                f"{_ASK_AGAIN}; orders that only reduce a position still pass",
            )


def _account_currency(facts: Facts) -> Currency:
    margins = facts.broker.margins if facts.broker else None
    return margins.currency if margins else facts.plan.currency


def _other_account(what: str, account_id: str, facts: Facts) -> Breach:
    return Breach(
        f"{what}_OF_ANOTHER_ACCOUNT: is of {account_id}, the plan is for {facts.plan.account_id}",
        "Take a snapshot of the plan's own account",
    )
