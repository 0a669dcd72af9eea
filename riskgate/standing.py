"""How much of each limit is used: the figures that the gate compares, with no order in view."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from riskgate.book import Book
from riskgate.contracts.base import Contract, NonNegative, Number, UtcTime
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Instrument
from riskgate.contracts.orders import OrderTerms
from riskgate.contracts.snapshots import BrokerSnapshot, Margins, Quote
from riskgate.contracts.standing import LimitUse, Standing
from riskgate.figures import ZERO, exactly, shown
from riskgate.inputs import Classification, EquityHistory
from riskgate.policy import Policy, scope_of
from riskgate.world import Listings, book_of

STRATEGY: Final = "manual"
# Limits of which a part is kept for the orders that only reduce.
WITH_A_RESERVE: Final = frozenset({"EXEC-001", "EXEC-004"})


class SentCounts(Contract):
    """How many orders and messages went out, in windows that end now."""

    orders_minute: NonNegative
    messages_second: NonNegative
    messages_minute: NonNegative
    orders_day: NonNegative


class StandingInput(Contract):
    """An account with nothing asked for, as one value. Fields are as in GateInput."""

    broker: BrokerSnapshot
    margins: Margins
    quotes: tuple[Quote, ...]
    as_of: UtcTime
    kill_switch: KillSwitchLevel
    kill_switch_reason: str | None = None
    reserved: tuple[OrderTerms, ...] = ()
    start_of_day_equity: Number | None = None
    history: EquityHistory | None = None
    sent: SentCounts
    instruments: tuple[Instrument, ...] = ()
    classifications: tuple[Classification, ...] = ()


def standing_of(policy: Policy, given: StandingInput) -> Standing:
    """Return what is used and left of each limit that the policy sets.

    What is left of a rate is what an order that opens may use: not the part kept for exits.
    """
    with exactly():
        listings = Listings(given.instruments, given.classifications, (), given.margins.currency)
        book, taken = book_of(policy, listings, given.broker, given.quotes, given.reserved)
        money = _Money(policy, given, taken)
        uses = (
            *money.losses(),
            *_exposures(policy, book, money),
            *_counts(policy, book, given.sent),
            *money.margin(),
            *_of_each_order(policy, money),
        )
        return Standing(
            account_id=given.broker.account_id,
            as_of=given.as_of,
            currency=given.margins.currency,
            broker_snapshot_id=given.broker.snapshot_id,
            policy_hash=policy.policy_hash,
            policy_version=policy.version,
            kill_switch=given.kill_switch,
            kill_switch_reason=given.kill_switch_reason,
            uses=uses,
            unpriced=tuple(f"{each.listing}: {each.reason}" for each in book.unpriced.values()),
        )


class _Money:
    """Limits that are measured in money."""

    def __init__(self, policy: Policy, given: StandingInput, taken: Decimal) -> None:
        self.currency = given.margins.currency.value
        self.equity = given.margins.equity
        self._limits = policy.limits
        self._given = given
        self._taken = taken

    def use(
        self,
        rule_id: str,
        name: str,
        used: Decimal | None,
        limit: Decimal | None,
        *,
        of: str | None = None,
        source: str | None = None,
    ) -> LimitUse:
        return _use(rule_id, name, self.currency, used, limit, of=of, source=source)

    def share(self, share: Decimal) -> Decimal | None:
        return share * self.equity if self.equity > 0 else None

    def losses(self) -> Iterator[LimitUse]:
        """Yield each period's loss against its part of what the period began with."""
        given, loss = self._given, self._limits.loss
        history = given.history
        rows = (
            ("LOSS-001", "daily_loss_limit_pct", given.start_of_day_equity),
            ("LOSS-002", "max_drawdown_pct", history.peak if history else None),
            ("LOSS-003", "weekly_loss_limit_pct", history.week_start if history else None),
            ("LOSS-004", "monthly_loss_budget_pct", history.month_start if history else None),
        )
        for rule_id, name, start in rows:
            share = getattr(loss, name)
            if share is None:
                continue
            lost = None if start is None else max(start - self.equity, ZERO)
            limit = None if start is None else share * start
            use = self.use(rule_id, f"loss.{name}", lost, limit)
            spent = rule_id == "LOSS-004" and history is not None and history.month_spent
            yield use.model_copy(update={"left": ZERO}) if spent else use

    def margin(self) -> Iterator[LimitUse]:
        """Yield the money that is blocked, of all that is not spent."""
        if self._limits.margin.margin_fraction is not None:
            used = self._given.margins.used + self._taken
            whole = self._given.margins.used + max(self._given.margins.available, ZERO)
            yield self.use("MARGIN-001", "margin.margin_fraction", used, whole)


def _exposures(policy: Policy, book: Book, money: _Money) -> Iterator[LimitUse]:
    limits = policy.limits.exposure
    totals = (
        ("EXP-002", "max_gross_exposure_x", book.gross),
        ("EXP-003", "max_net_exposure_x", max(book.net_high, -book.net_low)),
    )
    for rule_id, name, used in totals:
        share = getattr(limits, name)
        if share is not None:
            yield money.use(rule_id, f"exposure.{name}", used, money.share(share))
    yield from _positions(policy, book, money)
    groups = (
        ("EXP-004", "max_sector_pct", book.by_sector),
        ("EXP-005", "max_symbol_pct", book.by_underlying),
    )
    for rule_id, name, sums in groups:
        share = getattr(limits, name)
        for key, used in sums.items() if share is not None else ():
            if used:
                of = str(key) or "sectors not known"
                yield money.use(rule_id, f"exposure.{name}", used, money.share(share), of=of)


def _positions(policy: Policy, book: Book, money: _Money) -> Iterator[LimitUse]:
    name = "exposure.max_position_pct"
    for entry in sorted(book.entries.values(), key=lambda each: -each.exposure):
        scope = scope_of(policy, entry.listing.names, STRATEGY)
        share = scope.limits.exposure.max_position_pct
        if entry.exposure:
            limit = None if share is None else money.share(share)
            yield money.use(
                "EXP-001",
                name,
                entry.exposure,
                limit,
                of=str(entry.listing),
                source=scope.sources.get(name),
            )


def _counts(policy: Policy, book: Book, sent: SentCounts) -> Iterator[LimitUse]:
    exposure, execution = policy.limits.exposure, policy.limits.execution
    in_flight, held = Decimal(book.orders_in_flight), Decimal(book.open_instruments)
    rows: tuple[tuple[str, str, str, Decimal, int | None], ...] = (
        ("EXP-006", "exposure.max_open_positions", "positions", held, exposure.max_open_positions),
        ("EXP-007", "exposure.max_open_orders", "orders", in_flight, exposure.max_open_orders),
        (
            "EXEC-001",
            "execution.max_orders_per_minute_global",
            "orders",
            sent.orders_minute,
            execution.max_orders_per_minute_global,
        ),
        (
            "EXEC-004",
            "execution.max_messages_per_second",
            "messages",
            sent.messages_second,
            execution.max_messages_per_second,
        ),
        (
            "EXEC-004",
            "execution.max_messages_per_minute",
            "messages",
            sent.messages_minute,
            execution.max_messages_per_minute,
        ),
        (
            "EXEC-005",
            "execution.max_orders_per_day",
            "orders",
            sent.orders_day,
            execution.max_orders_per_day,
        ),
    )
    for rule_id, name, unit, used, limit in rows:
        if limit is not None:
            use = _use(rule_id, name, unit, used, Decimal(limit))
            kept = execution.kept_for_exits(limit) if rule_id in WITH_A_RESERVE else 0
            yield _less(use, Decimal(kept))


def _less(use: LimitUse, kept: Decimal) -> LimitUse:
    left = max((use.left or ZERO) - kept, ZERO)
    return use.model_copy(update={"left": shown(left)})


def _of_each_order(policy: Policy, money: _Money) -> Iterator[LimitUse]:
    order, loss = policy.limits.order, policy.limits.loss
    if order.max_order_value is not None:
        yield money.use("ORD-003", "order.max_order_value", None, order.max_order_value)
    if order.max_order_quantity is not None:
        name, most = "order.max_order_quantity", order.max_order_quantity
        yield _use("ORD-004", name, "units", None, most)
    if loss.max_risk_per_trade_pct is not None:
        limit = money.share(loss.max_risk_per_trade_pct)
        yield money.use("LOSS-005", "loss.max_risk_per_trade_pct", None, limit)


def _use(
    rule_id: str,
    name: str,
    unit: str,
    used: Decimal | None,
    limit: Decimal | None,
    *,
    of: str | None = None,
    source: str | None = None,
) -> LimitUse:
    left = None if used is None or limit is None else max(limit - used, ZERO)
    return LimitUse(
        rule_id=rule_id,
        limit_name=name,
        unit=unit,
        of=of,
        used=None if used is None else shown(used),
        limit=None if limit is None else shown(limit),
        left=None if left is None else shown(left),
        source=source,
    )
