"""EXEC: how often. Counts are of what was sent before, so at the limit breaches.

The limit on all orders and on messages stands in for the broker's own and binds exits too; a part
of it is kept for them.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from riskgate.book import microseconds
from riskgate.figures import ZERO, figure, seconds_ago, seconds_to_wait
from riskgate.rules.base import NONE, Breach, Breaches, Until
from riskgate.weigh import Facts

_MINUTE: Final = Decimal(60)
_SECOND: Final = Decimal(1)


def too_many_orders(f: Facts) -> Breaches:
    """Refuse when as many orders as are allowed went out in the last 60 s, whoever asked."""
    rates, limit = f.rates, f.limits.execution.max_orders_per_minute_global
    if rates is None or limit is None or rates.orders_global < _room(f, limit, kept=True):
        return NONE
    room = _room(f, limit, kept=True)
    return (_reached(f, rates.orders_global, limit, room, "orders", rates.global_us),)


def too_many_of_strategy(f: Facts) -> Breaches:
    """Refuse when the strategy has sent as many orders as it may in the last 60 s."""
    rates, limit = f.rates, f.limits.execution.max_orders_per_minute_by_strategy
    if rates is None or limit is None or rates.orders_strategy < _room(f, limit):
        return NONE
    what = f"orders of {f.candidate.strategy_id or 'the strategy'}"
    return (_reached(f, rates.orders_strategy, limit, _room(f, limit), what, rates.strategy_us),)


def too_many_of_symbol(f: Facts) -> Breaches:
    """Refuse when as many orders in the instrument as are allowed went out in the last 60 s."""
    rates, limit = f.rates, f.limits.execution.max_orders_per_minute_by_symbol
    if rates is None or limit is None or rates.orders_symbol < _room(f, limit):
        return NONE
    what = f"orders of {f.name}"
    return (_reached(f, rates.orders_symbol, limit, _room(f, limit), what, rates.symbol_us),)


def too_many_messages(f: Facts) -> Breaches:
    """Refuse when orders, changes and cancels together reach the broker's own rate."""
    rates, execution = f.rates, f.limits.execution
    if rates is None:
        return NONE
    found: Breaches = NONE
    for limit, count, window in (
        (execution.max_messages_per_second, rates.messages_1s, _SECOND),
        (execution.max_messages_per_minute, rates.messages_60s, _MINUTE),
    ):
        if limit is not None and count >= _room(f, limit, kept=True):
            room = _room(f, limit, kept=True)
            found += (_reached(f, count, limit, room, "messages", rates.messages_us, window),)
    return found


def too_many_today(f: Facts) -> Breaches:
    """Refuse when as many orders as one day may have were sent since it began."""
    limit = f.limits.execution.max_orders_per_day
    if f.rates is None or limit is None or f.rates.orders_today < _room(f, limit):
        return NONE
    return (
        Breach(
            f"ORDERS_PER_DAY: {f.rates.orders_today} orders were sent today, {limit} are allowed",
            "Wait until the next trading day; orders that only reduce a position still pass",
            limit=limit,
            actual=f.rates.orders_today,
            until=Until.NEXT_DAY,
        ),
    )


def same_order_again(f: Facts) -> Breaches:
    """Refuse the same order, in all that decides it, within the window of an earlier one."""
    window = f.limits.execution.duplicate_window_s
    age = None if f.rates is None else f.rates.same_order_age_s
    if age is None or age >= window:
        return NONE
    return (
        Breach(
            f"DUPLICATE_ORDER: the same order of {f.name} was sent {seconds_ago(age)} ago",
            f"If it is meant twice, ask again in {seconds_to_wait(window - age)}, or change it",
            limit=window,
            actual=age,
            wait_s=window - age,
        ),
    )


def _room(f: Facts, limit: int, *, kept: bool = False) -> int:
    """Return how many may have gone before: an order in slices is several, exits have their part.

    `kept` says that a part of the limit is kept for the orders that only reduce.
    """
    if kept and not f.reduces:
        limit -= f.limits.execution.kept_for_exits(limit)
    return limit - len(f.candidate.slices) + 1 if f.candidate.slices else limit


def _reached(
    f: Facts,
    count: int,
    limit: int,
    room: int,
    what: str,
    stamps: Sequence[int],
    window: Decimal = _MINUTE,
) -> Breach:
    wait = _wait(f, stamps, room, window)
    return Breach(
        f"RATE_REACHED: {count} {what} in the last {figure(window)} s, {limit} are allowed",
        "Ask for a smaller plan" if wait is None else f"Ask again in {seconds_to_wait(wait)}",
        limit=limit,
        actual=count,
        wait_s=wait,
    )


def _wait(f: Facts, stamps: Sequence[int], room: int, window: Decimal) -> Decimal | None:
    """Return the seconds until fewer than `room` are in the window; all of it if unknown."""
    now = f.situation.as_of
    if room <= 0:
        return None
    if now is None or len(stamps) < room:
        return window
    wait = Decimal(stamps[len(stamps) - room] - microseconds(now)).scaleb(-6) + window
    return max(wait, ZERO)
