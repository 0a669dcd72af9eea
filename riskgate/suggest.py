"""What would pass: the smallest change of a refused order that the gate itself allows.

Every rule that is broken says what would mend it alone; all of that is applied and judged again.
Nothing is suggested that was not judged.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from riskgate.activity import after
from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import OrderType, Product
from riskgate.facts import Candidate, Market, Situation
from riskgate.figures import exactly, figure, seconds_to_wait
from riskgate.judge import Finding, Judge, Judgement, resized
from riskgate.rules.base import Until

_WITH_LIMIT: Final = {OrderType.MARKET: OrderType.LIMIT, OrderType.SL_M: OrderType.SL}
_MOST_ROUNDS: Final = 6
_MOST_HALVINGS: Final = 256


class Suggestion(NamedTuple):
    """A change of one order that passes; None where a field stays as it was asked.

    `wait_s` are seconds from now, `until` the session or window to wait for; prices are supposed
    to be as they are now.
    """

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    product: Product | None = None
    wait_s: Decimal | None = None
    until: Until | None = None

    @property
    def text(self) -> str:
        """Say the change in words."""
        return ", ".join(_words(self))


def suggest(judge: Judge, judgement: Judgement) -> Suggestion | None:
    """Return the smallest change that the gate allows, None where nothing it knows of would pass.

    A quantity is the largest that passes: one lot more is refused.
    """
    if judgement.verdict is not Verdict.DENY:
        return None
    with exactly():
        mended = _mended(judge, judgement, judgement.findings) or _closing_only(judge, judgement)
        if mended is None:
            return None
        facts = judgement.facts
        quantity = mended.quantity
        if quantity is not None:
            quantity = _largest(judge, judgement, mended, quantity)
            mended = mended._replace(
                quantity=None if quantity == facts.candidate.quantity else quantity
            )
        return mended


def changed(candidate: Candidate, by: Suggestion) -> Candidate:
    """Return the order with a suggestion applied; a limit price makes it an order with one."""
    fields: dict[str, Decimal | Product] = {
        name: value
        for name, value in (
            ("limit_price", by.limit_price),
            ("trigger_price", by.trigger_price),
            ("product", by.product),
        )
        if value is not None
    }
    candidate = candidate._replace(**fields)  # type: ignore[arg-type]
    if by.limit_price is not None and candidate.order_type in _WITH_LIMIT:
        candidate = candidate._replace(order_type=_WITH_LIMIT[candidate.order_type])
    return candidate if by.quantity is None else resized(candidate, by.quantity)


def later(situation: Situation, by: Suggestion) -> Situation:
    """Return the situation as it will be once a suggestion's time has come."""
    if by.wait_s is not None and situation.rates is not None:
        situation = situation._replace(rates=after(situation.rates, situation.as_of, by.wait_s))
    if by.until is None:
        return situation
    situation = situation._replace(market=_in_session(situation.market))
    account, equity = situation.account, situation.account.equity
    match by.until:
        case Until.NEXT_SESSION:
            return situation
        case Until.NEXT_DAY:
            account = account.replace(day_start=equity)
        case Until.NEXT_WEEK:
            account = account.replace(day_start=equity, week_start=equity)
        case Until.NEXT_MONTH:
            account = account.replace(day_start=equity, month_start=equity, month_spent=False)
    rates = situation.rates
    return situation._replace(
        account=account, rates=None if rates is None else rates._replace(orders_today=0)
    )


def _in_session(market: Market) -> Market:
    return market if market.is_open is None else Market(is_open=True)


def _still_refused(judge: Judge, judgement: Judgement, by: Suggestion) -> tuple[Finding, ...]:
    """Return what still refuses the order once it is changed; nothing when it passes."""
    facts = judgement.facts
    candidate = changed(facts.candidate, by)
    return judge.breaches(candidate, facts.book, later(facts.situation, by))


def _mended(judge: Judge, judgement: Judgement, findings: tuple[Finding, ...]) -> Suggestion | None:
    change = Suggestion()
    for _round in range(_MOST_ROUNDS):
        for finding in findings:
            mend = _mend(judgement, finding)
            if mend is None:
                return None
            change = _both(change, mend)
        if change.quantity is not None and change.quantity <= 0:
            return None
        findings = _still_refused(judge, judgement, change)
        if not findings:
            return change
    return None


def _mend(judgement: Judgement, finding: Finding) -> Suggestion | None:
    """Return what mends one breach, the least intrusive first: price, size, product, time."""
    rule, breach = finding
    if breach.price is not None or breach.trigger is not None:
        return Suggestion(limit_price=breach.price, trigger_price=breach.trigger)
    if breach.allowed is not None:
        return Suggestion(quantity=breach.allowed)
    closing = _closing_lots(judgement)
    if rule.exits_pass and not breach.binding and closing:
        return Suggestion(quantity=closing)
    if breach.product is not None:
        return Suggestion(product=breach.product)
    if breach.wait_s is not None:
        return Suggestion(wait_s=breach.wait_s)
    return None if breach.until is None else Suggestion(until=breach.until)


def _closing_only(judge: Judge, judgement: Judgement) -> Suggestion | None:
    """Return the part that only closes what is held, where that passes."""
    closing = _closing_lots(judgement)
    if closing is None or closing >= judgement.facts.candidate.quantity:
        return None
    change = Suggestion(quantity=closing)
    return None if _still_refused(judge, judgement, change) else change


def _closing_lots(judgement: Judgement) -> Decimal | None:
    return judgement.facts.lots(judgement.facts.closing) or None


def _both(one: Suggestion, other: Suggestion) -> Suggestion:
    def least(a: Decimal | None, b: Decimal | None) -> Decimal | None:
        return b if a is None else a if b is None else min(a, b)

    def most(a: Decimal | None, b: Decimal | None) -> Decimal | None:
        return b if a is None else a if b is None else max(a, b)

    order = list(Until)
    untils = [until for until in (one.until, other.until) if until is not None]
    return Suggestion(
        quantity=least(one.quantity, other.quantity),
        limit_price=other.limit_price or one.limit_price,
        trigger_price=other.trigger_price or one.trigger_price,
        product=other.product or one.product,
        wait_s=most(one.wait_s, other.wait_s),
        until=max(untils, key=order.index, default=None),
    )


def _largest(judge: Judge, judgement: Judgement, change: Suggestion, passing: Decimal) -> Decimal:
    """Return the most lots that pass with the rest of the change: halving between two ends."""
    asked, lot = judgement.facts.candidate.quantity, judgement.facts.listing.lot
    if not _still_refused(judge, judgement, change._replace(quantity=asked)):
        return asked
    low, high = passing // lot, asked // lot + 1
    if _still_refused(judge, judgement, change._replace(quantity=(low + 1) * lot)):
        return passing
    for _halving in range(_MOST_HALVINGS):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        if _still_refused(judge, judgement, change._replace(quantity=middle * lot)):
            high = middle
        else:
            low = middle
    return low * lot


def _words(by: Suggestion) -> Iterator[str]:
    if by.quantity is not None:
        yield f"quantity {figure(by.quantity)}"
    if by.limit_price is not None:
        yield f"limit price {figure(by.limit_price)}"
    if by.trigger_price is not None:
        yield f"trigger price {figure(by.trigger_price)}"
    if by.product is not None:
        yield f"product {by.product}"
    if by.wait_s is not None:
        yield f"in {seconds_to_wait(by.wait_s)}"
    if by.until is not None:
        yield f"in {by.until}"
