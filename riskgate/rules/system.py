"""SYS: facts that are missing, old or contradictory deny; nothing is guessed in their place."""

from collections.abc import Iterable
from decimal import Decimal

from riskgate.book import Entry, microseconds
from riskgate.figures import figure, seconds_ago
from riskgate.rules.base import NONE, Breach, Breaches
from riskgate.weigh import Facts

_ASK_AGAIN = "Ask again; if it stays so, check the connection to the market data"
_RECONNECT = "Check the connection to the broker, then ask again"
_CLOCKS = "Set the clocks right, then ask again"


def price_unusable(f: Facts) -> Breaches:
    """Refuse while the traded or any held instrument has no price, a wrong one, or not of now.

    Of what is held beside the traded one, an order that only reduces is asked only where the
    policy says so.
    """
    traded = _traded_price(f)
    if f.reduces and not f.limits.data.exits_need_every_price:
        return traded
    if not f.book.unpriced and f.situation.as_of is None:
        return traded
    return traded + _held_without_price(f) + _held_not_current(f)


def equity_unknown(f: Facts) -> Breaches:
    """Refuse when the money that limits are measured by is unknown or not positive.

    Equity must be known; that it is positive, what periods began with, the highest equity and the
    free money are asked for only where a limit needs them and the order opens something.
    """
    account = f.account
    if account.equity is None:
        return (Breach("EQUITY_MISSING: the account's equity is not known", _RECONNECT),)
    if f.reduces:
        return NONE
    if account.equity <= 0:
        message = f"EQUITY_NONPOSITIVE: the account's equity is {figure(account.equity)}"
        remedy = "Add funds to the account; orders that only reduce a position still pass"
        return (Breach(message, remedy, limit=0, actual=account.equity),)
    return _lacking_margin(f) + _lacking_starts(f)


def currency_differs(f: Facts) -> Breaches:
    """Refuse an instrument in a currency that is not the account's and has no rate to it."""
    own, other = f.account.currency, f.listing.currency
    if own is None or other is None or own == other or f.listing.converted:
        return NONE
    message = f"CURRENCY_MISMATCH: {f.name} is in {other}, the account in {own}"
    return (Breach(message, f"Trade it from an account in {other}"),)


def rates_unknown(f: Facts) -> Breaches:
    """Refuse while it is not known how much was sent to the broker lately."""
    if f.rates is not None:
        return NONE
    message = "RATES_UNKNOWN: how many orders were sent lately is not known"
    return (Breach(message, "Ask again; if it stays so, check the database"),)


def _lacking_margin(f: Facts) -> Breaches:
    if f.limits.margin.margin_fraction is None or f.account.available is not None:
        return NONE
    return (Breach("MARGIN_MISSING: how much money is free is not known", _RECONNECT),)


def _lacking_starts(f: Facts) -> Breaches:
    account, loss = f.account, f.limits.loss
    found: Breaches = NONE
    if loss.daily_loss_limit_pct is not None and _unusable(account.day_start):
        found += (_no_equity("START_OF_DAY_EQUITY_MISSING", "day's loss", account.day_start),)
    if loss.weekly_loss_limit_pct is not None and _unusable(account.week_start):
        found += (_no_equity("START_OF_WEEK_EQUITY_MISSING", "week's loss", account.week_start),)
    if loss.monthly_loss_budget_pct is not None and _unusable(account.month_start):
        found += (_no_equity("START_OF_MONTH_EQUITY_MISSING", "month's loss", account.month_start),)
    if loss.max_drawdown_pct is not None and _unusable(account.peak):
        found += (_no_equity("PEAK_EQUITY_MISSING", "drawdown", account.peak),)
    return found


def _unusable(equity: Decimal | None) -> bool:
    return equity is None or equity <= 0


def _no_equity(code: str, what: str, value: Decimal | None) -> Breach:
    message = f"{code}: the {what} cannot be worked out"
    return Breach(message, "Let the equity be recorded, then ask again", actual=value)


def _traded_price(f: Facts) -> Breaches:
    price = f.price
    if price is None:
        return (Breach(f"QUOTE_MISSING: {f.name} has no price to judge by", _ASK_AGAIN),)
    if not price.last.is_finite():
        return (Breach(f"QUOTE_NOT_A_NUMBER: {f.name} has no price to judge by", _ASK_AGAIN),)
    if price.last <= 0:
        return (Breach(f"QUOTE_NONPOSITIVE: {f.name} has no price to judge by", _ASK_AGAIN),)
    if f.listing.multiplier is None:
        message = f"MULTIPLIER_UNKNOWN: what a point of {f.name} is worth is not known"
        return (Breach(message, "Refresh the instrument master, then ask again"),)
    oldest, now = f.limits.data.quote_age_max_s, f.situation.as_of
    if oldest is None:
        return NONE
    if now is None or price.as_of is None:
        return (
            Breach(
                f"QUOTE_WITHOUT_TIME: how old the price of {f.name} is, is not known", _ASK_AGAIN
            ),
        )
    age = Decimal(microseconds(now) - microseconds(price.as_of)).scaleb(-6)
    skew = f.limits.data.clock_skew_max_s
    if age > oldest:
        message = f"QUOTE_STALE: the price of {f.name} is {seconds_ago(age)} old"
        return (Breach(message, _ASK_AGAIN, limit=oldest, actual=age),)
    if -age > skew:
        message = f"QUOTE_FROM_FUTURE: the price of {f.name} is {seconds_ago(-age)} ahead"
        return (Breach(message, _CLOCKS, limit=skew, actual=-age),)
    return NONE


def _held_without_price(f: Facts) -> Breaches:
    return tuple(
        Breach(
            f"{unpriced.reason}: {unpriced.listing} is in the book without a usable price, so the "
            "gross exposure is not known",
            f"{_ASK_AGAIN}; orders that only reduce a position may still pass",
        )
        for unpriced in sorted(f.book.unpriced.values(), key=lambda u: str(u.listing))
        if unpriced.listing.key != f.listing.key
    )


def _held_not_current(f: Facts) -> Breaches:
    oldest, now = f.limits.data.quote_age_max_s, f.situation.as_of
    if oldest is None or now is None:
        return NONE
    now_us = microseconds(now)
    undated = [f.book.entries[key] for key in f.book.undated]
    skew = f.limits.data.clock_skew_max_s
    late = f.book.stamped_before(now_us - _whole_us(oldest))
    early = f.book.stamped_after(now_us + _whole_us(skew))
    return (
        *_not_current(f, undated, "PRICE_WITHOUT_TIME", "has no time", _ASK_AGAIN),
        *_not_current(f, late, "PRICE_STALE", "is too old", _ASK_AGAIN),
        *_not_current(f, early, "PRICE_FROM_FUTURE", "is of the future", _CLOCKS),
    )


def _not_current(f: Facts, entries: Iterable[Entry], code: str, what: str, do: str) -> Breaches:
    return tuple(
        Breach(f"{code}: the price of {entry.listing}, which is in the book, {what}", do)
        for entry in sorted(entries, key=lambda e: str(e.listing))
        if entry.listing.key != f.listing.key
    )


def _whole_us(seconds: Decimal) -> int:
    return int(seconds.scaleb(6))
