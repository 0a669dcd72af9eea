"""What a desk knows: the fold of its journal. The desk itself and a replay apply the same changes.

Money follows fills and prices, so that the loss rules see the run's own losses. Days, weeks and
months are of UTC.
"""

from collections import deque
from collections.abc import Hashable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from pydantic import JsonValue

from riskgate.activity import MINUTE_US, Activity
from riskgate.book import Book, Entry, microseconds
from riskgate.contracts.base import decimal_text
from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.documents import (
    INTENT,
    Execution,
    Intent,
    Prices,
    Terms,
    book_of,
    candidate_of,
    listing_of,
)
from riskgate.facts import Account, Candidate, Listing, Market, Price, Rates, Situation
from riskgate.figures import ZERO, exactly
from riskgate.hashing import content_hash
from riskgate.judge import resized
from riskgate.policy import Policy, longest_duplicate_window, scope_of
from riskgate.reading import DocumentInvalid, Faults, parse_time
from riskgate.record_bodies import Fill, Start
from riskgate.rules.exposure import margin_fraction

TIGHTNESS: Final = (KillSwitchLevel.RUNNING, KillSwitchLevel.REDUCE_ONLY, KillSwitchLevel.HALTED)
_SECOND_US: Final = 1_000_000
_NO_TERMS: Final = Terms()


class TermsRefused(DocumentInvalid):
    """An order tells of its instrument what the desk does not know: what it is worth, its steps."""

    code = "CALLER_TERMS_REFUSED"


class Sent(NamedTuple):
    """An order of the run and when it went out; None where that was before the run."""

    candidate: Candidate
    at: datetime | None


class OpenOrder:
    """An order at the broker: what it was, what of it is open, and the money kept back for it."""

    __slots__ = ("candidate", "kept", "left")

    def __init__(self, candidate: Candidate, kept: Decimal | None) -> None:
        self.candidate = candidate
        self.left = candidate.quantity
        self.kept = kept


class State:
    """Book, money, rates, orders and kill switch of one run."""

    def __init__(
        self,
        start: Start,
        policy: Policy,
        at: datetime,
        *,
        spare_window_s: Decimal = ZERO,
    ) -> None:
        self.start = start
        self.policy = policy
        portfolio, market = start.portfolio, start.market
        self._terms = dict(portfolio.instruments)
        self._fx = dict(market.fx)
        self.prices = {s: Price(last, market.time_of(s)) for s, last in market.last.items()}
        self.is_open = market.is_open
        held = dict.fromkeys((*portfolio.positions, *(o.symbol for o in portfolio.in_flight)))
        with exactly():
            self._listings = {symbol: self._listing(symbol) for symbol in held}
            self.book: Book = book_of(self._listings, portfolio, market)
        self._valued = {
            symbol: entry.mark
            for symbol, entry in self.book.entries.items()
            if entry.mark is not None
        }
        self.account = Account(
            portfolio.equity,
            day_start=portfolio.day_start,
            week_start=portfolio.week_start,
            month_start=portfolio.month_start,
            peak=portfolio.peak,
            month_spent=portfolio.month_spent,
            available=portfolio.available,
            currency=portfolio.currency,
        )
        self.orders: dict[str, OpenOrder] = {}
        self._ever: dict[str, Sent] = {}
        self._kept_shares: dict[Hashable, Decimal] = {}
        for order in portfolio.in_flight:
            candidate = Candidate(
                self._listings[order.symbol],
                order.sign,
                order.quantity,
                limit_price=order.limit_price,
            )
            self.orders[order.order_id] = OpenOrder(candidate, None)
            self._ever[order.order_id] = Sent(candidate, None)
        self.unknown: set[str] = set()
        self.fills: set[str] = set()
        self.sent = 0
        self.level = start.execution.kill_switch
        self.at = at
        self._window_us = policy.kill_switch.violation_window_seconds * _SECOND_US
        self._spare_window_s = spare_window_s
        self.activity = self._empty_activity()
        self.activity.orders_today = start.execution.orders_today
        self._seeded_us = microseconds(at) if _sent_lately(start.execution) else None
        self._violations: deque[int] = deque()
        self._seed_violations()

    # What a decision is made of

    def candidate(self, intent: Intent) -> Candidate:
        """Return the order an intent asks for, of its instrument as the portfolio tells of it.

        Raises TermsRefused where the intent tells anything else of the instrument: who asks for an
        order must not say what it is worth.
        """
        symbol = intent.symbol
        listing = self._listings.get(symbol)
        if intent.terms != _NO_TERMS:
            self._check_terms(intent)
        if listing is None:
            with exactly():
                listing = self._listings[symbol] = self._listing(symbol)
            self.book.know(listing)
            if symbol in self.prices:
                self._set_price(symbol, self.prices[symbol])
        return candidate_of(intent, listing)

    def situation(self, candidate: Candidate, at: datetime) -> Situation:
        """Return the world beside the book at a moment."""
        return Situation(
            account=self.account,
            rates=self._rates(candidate, at),
            market=Market(self.is_open),
            kill_switch=self.level,
            as_of=at,
        )

    def orders_last_minute(self, at: datetime) -> int:
        """Return how many orders went out in the last 60 s."""
        some = Candidate(Listing("", ("",)), 1, ZERO)
        return self._rates(some, at).orders_global

    def misfit(self, fill: Fill) -> str | None:
        """Say why a fill is none that was to come; None where it is one."""
        order = self.orders.get(fill.order_id)
        if not (_is_some(fill.quantity) and fill.price.is_finite()):
            return "is of no quantity or price"
        if order is not None:
            return None if fill.quantity <= order.left else "is of more than was open"
        return "came after its end" if fill.order_id in self._ever else "is of an unknown order"

    def is_looser(self, level: KillSwitchLevel) -> bool:
        """Say whether the kill switch lets more pass than at a level."""
        return TIGHTNESS.index(self.level) < TIGHTNESS.index(level)

    def positions(self) -> dict[str, Decimal]:
        """Return what is held, by symbol."""
        return {
            str(key): held
            for key, entry in sorted(self.book.entries.items(), key=lambda item: str(item[0]))
            if (held := _held(entry))
        }

    def fingerprint(self) -> str:
        """Return the hash of all that decisions depend on and that outlives a restart."""
        account = self.account
        money: dict[str, JsonValue] = {
            name: None if value is None else decimal_text(value)
            for name, value in (
                ("equity", account.equity),
                ("day_start", account.day_start),
                ("peak", account.peak),
                ("available", account.available),
            )
        }
        return content_hash(
            {
                "positions": {s: decimal_text(q) for s, q in self.positions().items()},
                "orders": {i: decimal_text(order.left) for i, order in self.orders.items()},
                "prices": {s: decimal_text(price.last) for s, price in self.prices.items()},
                "money": money,
                "kill": self.level.value,
                "sent": self.sent,
                "violations": list(self._violations),
            }
        )

    # What changes it

    def change_policy(self, policy: Policy) -> None:
        """Judge by another policy from now on; what happened stays, and all that was sent."""
        self.policy = policy
        self._window_us = policy.kill_switch.violation_window_seconds * _SECOND_US
        self._kept_shares.clear()
        orders_today, self.activity = self.activity.orders_today, self._empty_activity()
        for candidate, at in self._ever.values():
            if at is not None:
                self.activity.record_order(candidate, at)
        self.activity.orders_today = orders_today

    def set_prices(self, market: Prices) -> None:
        """Take in prices: those given change, the others stay. Rates of exchange likewise."""
        self.is_open = market.is_open
        changed = {code: rate for code, rate in market.fx.items() if self._fx.get(code) != rate}
        if changed:
            self._fx |= changed
            with exactly():
                for symbol in self._listings:
                    if self._terms.get(symbol, _NO_TERMS).currency in changed:
                        listing = self._listings[symbol] = self._listing(symbol)
                        self.book.know(listing)
                        self._revalue(symbol)
        for symbol, last in market.last.items():
            price = self.prices[symbol] = Price(last, market.time_of(symbol))
            if symbol in self._listings:
                self._set_price(symbol, price)
        self._follow_equity()

    def set_account(self, account: Account) -> None:
        """Take in the account's money as it was recorded: a day began, or money came or went."""
        self.account = account

    def begin_day(self, at: datetime) -> Account | None:
        """Return the account as a new day makes it; None while it is still the same day."""
        if at.date() <= self.at.date():
            return None
        account = self.account
        new_week = at.isocalendar()[:2] != self.at.isocalendar()[:2]
        new_month = (at.year, at.month) != (self.at.year, self.at.month)
        return account.replace(
            day_start=account.equity,
            week_start=account.equity if new_week else account.week_start,
            month_start=account.equity if new_month else account.month_start,
            month_spent=account.month_spent and not new_month,
        )

    def advance(self, at: datetime) -> None:
        """Let time pass. A day that has ended ends the day's count of orders."""
        if at.date() > self.at.date():
            self.activity.orders_today = 0
        self.at = max(self.at, at)

    def decided(self, at: datetime, verdict: Verdict, *, trips: bool) -> str | None:
        """Count a decision; return why it turns the kill switch on, None where it does not.

        One refused order is one violation, however many rules it broke.
        """
        now_us = microseconds(at)
        violations, limits = self._violations, self.policy.kill_switch
        while violations and violations[0] <= now_us - self._window_us:
            violations.popleft()
        if verdict is Verdict.DENY:
            violations.append(now_us)
        if not self.is_looser(limits.trip_to):
            return None
        if trips:
            return "rule"
        most = limits.trip_after_n_violations
        return "count" if most is not None and len(violations) >= most else None

    def set_level(self, level: KillSwitchLevel) -> None:
        """Turn the kill switch. Turning it off forgets the refusals that turned it on."""
        if TIGHTNESS.index(level) < TIGHTNESS.index(self.level):
            self._violations.clear()
        self.level = level

    def placed(self, order_id: str, candidate: Candidate, at: datetime) -> None:
        """Reserve all that an order may take, before it is sent, and count it."""
        kept = self._keep_back(candidate)
        self.book.place(order_id, candidate)
        self.orders[order_id] = OpenOrder(candidate, kept)
        self._ever[order_id] = Sent(candidate, at)
        self.activity.record_order(candidate, at)
        self.sent += 1

    def filled(self, fill: Fill) -> None:
        """Take in a fill, whole, whether or not it was to come: what was bought is held.

        Only the fill of an order that nobody knows cannot be: it does not say of what it is.
        """
        self.fills.add(fill.fill_id)
        sent, order = self._ever.get(fill.order_id), self.orders.get(fill.order_id)
        if sent is None or not _is_some(fill.quantity):
            return
        listing = sent.candidate.listing
        mark, multiplier = self.book.entries[listing.key].mark, listing.multiplier
        expected = ZERO if order is None else min(order.left, fill.quantity)
        if order is not None and expected:
            self.book.fill(fill.order_id, expected)
            with exactly():
                order.left -= expected
            if not order.left:
                self._close(fill.order_id)
        with exactly():
            self._hold_more(sent.candidate, fill.quantity - expected)
            if mark is not None and multiplier is not None and fill.price.is_finite():
                gained = mark - fill.price * multiplier
                self._add_equity(sent.candidate.sign * fill.quantity * gained)
        self._follow_equity()

    def released(self, order_id: str) -> bool:
        """Forget what is left of an order: it was refused, cancelled or never sent."""
        order = self.orders.get(order_id)
        if order is None:
            return False
        self.book.release(order_id)
        # Of an order that was filled in part nothing is given back: its part is in the position.
        if order.kept is not None and order.left == order.candidate.quantity:
            self._add_available(order.kept)
        self._close(order_id)
        return True

    def _close(self, order_id: str) -> None:
        del self.orders[order_id]
        self.unknown.discard(order_id)

    def _listing(self, symbol: str) -> Listing:
        terms = self._terms.get(symbol, _NO_TERMS)
        return listing_of(symbol, terms, self.start.portfolio.currency, self._fx)

    def _check_terms(self, intent: Intent) -> None:
        known, faults = self._terms.get(intent.symbol, _NO_TERMS), Faults()
        for name, asked in intent.terms._asdict().items():
            if asked is not None and asked != getattr(known, name):
                message = "is not what the portfolio says of the instrument"
                remedy = "leave it out, or give it in the portfolio's instruments"
                faults.add(INTENT, f"instrument.{name}", message, remedy)
        if faults.found:
            raise TermsRefused(faults.found)

    def _empty_activity(self) -> Activity:
        window_s = longest_duplicate_window(self.policy)
        return Activity(duplicate_window_s=max(window_s, self._spare_window_s))

    def _keep_back(self, candidate: Candidate) -> Decimal | None:
        """Take from the free money what an order may need, and return it; None if not known."""
        if self.account.available is None:
            return None
        with exactly():
            kept = self.book.opening_money(candidate) * self._kept_share(candidate)
        self._add_available(-kept)
        return kept

    def _kept_share(self, candidate: Candidate) -> Decimal:
        """Return the part of an order's money that is kept; all of it where no limit says."""
        listing, strategy_id = candidate.listing, candidate.strategy_id
        key = listing.key, strategy_id, candidate.product
        share = self._kept_shares.get(key)
        if share is None:
            limits = scope_of(self.policy, listing.names, strategy_id).limits
            fraction = limits.margin.margin_fraction
            whole = Decimal(1) if fraction is None else fraction
            share = self._kept_shares[key] = margin_fraction(whole, candidate.product)
        return share

    def _hold_more(self, candidate: Candidate, quantity: Decimal) -> None:
        """Hold what was filled beyond what was open, and the money for it."""
        if not quantity:
            return
        more = resized(candidate, quantity)
        self._keep_back(more)
        key = candidate.listing.key
        held = _held(self.book.entries[key])
        self.book.hold(key, candidate.product, held + candidate.sign * quantity)

    def _set_price(self, symbol: str, price: Price) -> None:
        self.book.set_price(symbol, price)
        self._revalue(symbol)

    def _revalue(self, symbol: str) -> None:
        """Move equity with what is held, from its last usable price to the one of now."""
        mark, before = self.book.entries[symbol].mark, self._valued.get(symbol)
        if mark is None:
            return
        self._valued[symbol] = mark
        held = _held(self.book.entries[symbol])
        if before is not None and held:
            with exactly():
                self._add_equity(held * (mark - before))

    def _add_equity(self, change: Decimal) -> None:
        account = self.account
        if change and account.equity is not None:
            # One more object only where something moved; fractions are worked out at the end.
            self.account = account.replace(equity=account.equity + change)

    def _add_available(self, change: Decimal) -> None:
        available = self.account.available
        if change and available is not None:
            with exactly():
                self.account = self.account.replace(available=available + change)

    def _follow_equity(self) -> None:
        """Raise the peak, and note that the month's budget is spent."""
        account, share = self.account, self.policy.limits.loss.monthly_loss_budget_pct
        equity, start = account.equity, account.month_start
        if equity is None:
            return
        if account.peak is not None and equity > account.peak:
            account = account.replace(peak=equity)
        if share is not None and start is not None and not account.month_spent:
            with exactly():
                if start - equity >= share * start:
                    account = account.replace(month_spent=True)
        self.account = account

    def _rates(self, candidate: Candidate, at: datetime) -> Rates:
        rates = self.activity.rates(candidate, at)
        if self._seeded_us is None:
            return rates
        if microseconds(at) - self._seeded_us >= MINUTE_US:
            self._seeded_us = None
            return rates
        given, seed = self.start.execution, [self._seeded_us]
        strategy = given.orders_by_strategy.get(candidate.strategy_id, 0)
        symbol = _of(given.orders_by_symbol, candidate)
        within_a_second = microseconds(at) - self._seeded_us < _SECOND_US
        return rates._replace(
            orders_global=rates.orders_global + given.orders_global,
            orders_strategy=rates.orders_strategy + strategy,
            orders_symbol=rates.orders_symbol + symbol,
            messages_1s=rates.messages_1s + (given.messages_1s if within_a_second else 0),
            messages_60s=rates.messages_60s + given.messages_60s,
            global_us=[*seed * given.orders_global, *rates.global_us],
            strategy_us=[*seed * strategy, *rates.strategy_us],
            symbol_us=[*seed * symbol, *rates.symbol_us],
            messages_us=[*seed * given.messages_60s, *rates.messages_us],
        )

    def _seed_violations(self) -> None:
        """Take one violation a time, as one order broke all rules of one time."""
        texts = dict.fromkeys(at for at, _rule in self.start.execution.violations)
        times = (parse_time(text) or self.at for text in texts)
        self._violations.extend(sorted(microseconds(min(time, self.at)) for time in times))


def _is_some(quantity: Decimal) -> bool:
    return quantity.is_finite() and quantity > 0


def _held(entry: Entry) -> Decimal:
    # The documents know no products, so there is one line at most.
    line = entry.lines.get(None)
    return ZERO if line is None else line.held


def _sent_lately(execution: Execution) -> bool:
    counts = (execution.orders_by_strategy, execution.orders_by_symbol)
    return bool(execution.messages_60s or execution.messages_1s or any(counts))


def _of(counts: Mapping[str, int], candidate: Candidate) -> int:
    return counts.get(str(candidate.listing.key), 0)
