"""What went to the broker lately, counted over true sliding windows."""

from bisect import bisect_right, insort
from collections.abc import Hashable
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from riskgate.book import microseconds
from riskgate.facts import Candidate, Rates

_SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * _SECOND_US


class _Order(NamedTuple):
    at_us: int
    quantity: Decimal
    same: Hashable


class Activity:
    """The messages of the last minute and the orders of the duplicate window.

    A message exactly as old as its window is out of it; one stamped ahead of now is in it. Times
    are of the server's clock, never of the caller's.
    """

    def __init__(self, *, duplicate_window_s: Decimal = Decimal(0)) -> None:
        self._same_us = int(duplicate_window_s.scaleb(6))
        self._messages: list[int] = []
        self._orders: list[int] = []
        self._by_strategy: dict[str, list[int]] = {}
        self._by_symbol: dict[Hashable, list[int]] = {}
        self._recent: list[_Order] = []
        self.orders_today = 0

    def record_order(self, candidate: Candidate, at: datetime) -> None:
        """Count an order at the moment it goes out."""
        # Nothing is forgotten here: an order stamped ahead must not push out those before it.
        at_us = microseconds(at)
        self.orders_today += 1
        key = candidate.listing.key
        insort(self._messages, at_us)
        insort(self._orders, at_us)
        insort(self._by_strategy.setdefault(candidate.strategy_id, []), at_us)
        insort(self._by_symbol.setdefault(key, []), at_us)
        if self._same_us:
            insort(
                self._recent, _Order(at_us, candidate.quantity, _sameness(candidate)), key=_stamp
            )

    def record_message(self, at: datetime) -> None:
        """Count a change or a cancel at the moment it goes out."""
        insort(self._messages, microseconds(at))

    def rates(self, candidate: Candidate, now: datetime) -> Rates:
        """Return the counts that an order is judged by."""
        now_us = microseconds(now)
        self._forget(now_us)
        of_strategy = self._by_strategy.get(candidate.strategy_id, [])
        of_symbol = self._by_symbol.get(candidate.listing.key, [])
        _drop_until(of_strategy, now_us - MINUTE_US)
        _drop_until(of_symbol, now_us - MINUTE_US)
        in_a_second = bisect_right(self._messages, now_us - _SECOND_US)
        return Rates(
            orders_global=len(self._orders),
            orders_strategy=len(of_strategy),
            orders_symbol=len(of_symbol),
            messages_1s=len(self._messages) - in_a_second,
            messages_60s=len(self._messages),
            orders_today=self.orders_today,
            global_us=self._orders,
            strategy_us=of_strategy,
            symbol_us=of_symbol,
            messages_us=self._messages,
            same_order_age_s=self._same_age_s(candidate, now_us),
        )

    def _same_age_s(self, candidate: Candidate, now_us: int) -> Decimal | None:
        pieces = {candidate.quantity, *candidate.slices}
        same = _sameness(candidate)
        for order in reversed(self._recent):
            if order.quantity in pieces and order.same == same:
                return Decimal(max(now_us - order.at_us, 0)).scaleb(-6)
        return None

    def _forget(self, now_us: int) -> None:
        _drop_until(self._messages, now_us - MINUTE_US)
        _drop_until(self._orders, now_us - MINUTE_US)
        if self._recent and self._recent[0].at_us <= now_us - self._same_us:
            del self._recent[: bisect_right(self._recent, now_us - self._same_us, key=_stamp)]


def _sameness(candidate: Candidate) -> Hashable:
    """Return all that makes two orders of one size the same."""
    return (
        candidate.line,
        candidate.sign,
        candidate.limit_price,
        candidate.trigger_price,
    )


def _stamp(order: _Order) -> int:
    return order.at_us


def after(rates: Rates, now: datetime | None, wait_s: Decimal) -> Rates:
    """Return what the counts will be when some seconds have passed and nothing more was sent."""
    wait_us = int(wait_s.scaleb(6))
    age = rates.same_order_age_s
    now_us = None if now is None else microseconds(now) + wait_us

    def left(count: int, stamps: "tuple[int, ...] | list[int]", window_us: int) -> int:
        if now_us is None or not stamps:
            return 0 if wait_us >= window_us else count
        return len(stamps) - bisect_right(stamps, now_us - window_us)

    return rates._replace(
        orders_global=left(rates.orders_global, list(rates.global_us), MINUTE_US),
        orders_strategy=left(rates.orders_strategy, list(rates.strategy_us), MINUTE_US),
        orders_symbol=left(rates.orders_symbol, list(rates.symbol_us), MINUTE_US),
        messages_1s=left(rates.messages_1s, list(rates.messages_us), _SECOND_US),
        messages_60s=left(rates.messages_60s, list(rates.messages_us), MINUTE_US),
        same_order_age_s=None if age is None else age + wait_s,
    )


def also_sent(rates: Rates, now: datetime, orders: int, of_symbol: int) -> Rates:
    """Return the counts once some orders more of the strategy went out now, some of the symbol.

    Two equal legs of one plan are meant, so they are no repeat of each other.
    """
    now_us = microseconds(now)
    return rates._replace(
        orders_global=rates.orders_global + orders,
        orders_strategy=rates.orders_strategy + orders,
        orders_symbol=rates.orders_symbol + of_symbol,
        messages_1s=rates.messages_1s + orders,
        messages_60s=rates.messages_60s + orders,
        orders_today=rates.orders_today + orders,
        global_us=sorted([*rates.global_us, *[now_us] * orders]),
        strategy_us=sorted([*rates.strategy_us, *[now_us] * orders]),
        symbol_us=sorted([*rates.symbol_us, *[now_us] * of_symbol]),
        messages_us=sorted([*rates.messages_us, *[now_us] * orders]),
    )


def _drop_until(stamps: list[int], last_us: int) -> None:
    if stamps and stamps[0] <= last_us:
        del stamps[: bisect_right(stamps, last_us)]
