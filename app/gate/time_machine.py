"""The time machine: recorded days judged again under another policy, and what it comes to.

Reads, and changes nothing. Each plan is judged upon the state that was recorded with it: what the
policy would have changed earlier (positions, counts, losses) is not carried on.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal, localcontext
from typing import Annotated, Final

from pydantic import Field, ValidationError

from app.errors import InvalidRequest, NotFound, Unprocessable
from app.gate.effect import Effect, Kind, Tally, compare, incomparable, no_effect
from app.gate.undone import Cut, Fill, Place, Undone, settle
from app.persistence import accounts, recorded
from app.persistence.accounts import AccountRecord
from app.persistence.database import Database, Session
from app.persistence.recorded import FIRST, RecordedDecision, RecordedFill
from riskgate.contracts.base import Contract, ExactNumber, Identifier, Price, Sha256, UtcTime
from riskgate.contracts.decisions import RiskDecision, Verdict
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.orders import BrokerTrade, Product
from riskgate.contracts.snapshots import Quote
from riskgate.engine import evaluate
from riskgate.inputs import GateInput
from riskgate.policy import Policy

# What the pipeline calls the judgement of a plan before anyone is asked about it.
PROPOSAL_STAGE: Final = "PLAN"
CURRENT: Final[str] = RiskDecision.model_fields["schema_id"].default
BATCH: Final = 100
MOST_DAYS: Final = 366
MOST_DECISIONS: Final = 50_000
MOST_EXAMPLES: Final = 50
USUAL_DAYS: Final = 30
PAISE: Final = Decimal("0.01")
ARITHMETIC: Final = Context(prec=100)

Progress = Callable[[int, int], None]
Count = Annotated[int, Field(ge=0)]


class TooMuchRecorded(Unprocessable):
    """More was recorded in these days than is judged again at once."""

    code = "TIME_MACHINE_TOO_LARGE"
    remedy = "Ask for fewer days, or use 'sigmatrader policy check', which takes more."


class DayEffect(Contract):
    """One UTC day, or all of them when `day` is None.

    `notional_refused` and `notional_allowed` are of plans, sent or not. `filled_notional` is what
    of the refused was really filled, and `filled_result` its profit or loss before costs; a
    negative one is a loss that would have been spared. It is the sum of `filled_realised`, at the
    prices that later fills closed it at, and `filled_marked`, what still stands, at the marks; it
    and `filled_marked` are None where something has no mark. `incomparable` decisions count in
    `decisions` and nothing else.
    """

    day: date | None
    decisions: Count = 0
    same: Count = 0
    newly_denied: Count = 0
    newly_allowed: Count = 0
    changed_quantity: Count = 0
    incomparable: Count = 0
    notional_refused: ExactNumber = Decimal(0)
    notional_allowed: ExactNumber = Decimal(0)
    filled_notional: ExactNumber = Decimal(0)
    filled_result: ExactNumber | None = Decimal(0)
    filled_realised: ExactNumber = Decimal(0)
    filled_marked: ExactNumber | None = Decimal(0)


class RuleEffect(Contract):
    """How many decisions newly break a rule, and how many break it no more."""

    rule_id: str
    fires: Count
    falls_silent: Count


class Changed(Contract):
    """One plan on which the answer differs; quantities are of its legs together."""

    plan_id: Identifier
    decision_hash: Sha256
    at: UtcTime
    kind: Kind
    old_verdict: Verdict
    new_verdict: Verdict
    old_quantity: ExactNumber
    new_quantity: ExactNumber
    rules: tuple[str, ...]


class Mark(Contract):
    """The last known price of an instrument: `snapshot`, `decision` or `fill` says from where."""

    instrument: InstrumentRef
    price: Price
    as_of: UtcTime
    source: str


class TimeMachineReport(Contract):
    """What would have been allowed, denied and changed; `changed` has the first of them only."""

    schema_id: str = "policy_replay/1"
    account_id: Identifier
    currency: Currency
    from_day: date
    to_day: date
    policy_in_force: Sha256
    policy_hash: Sha256
    total: DayEffect
    days: tuple[DayEffect, ...]
    rules: tuple[RuleEffect, ...]
    changed: tuple[Changed, ...]
    marks: tuple[Mark, ...]
    judged_twice: Count
    unreadable: Count
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Days:
    """The first and the last UTC day to be judged again, and how many decisions at most."""

    first: date
    last: date
    most: int = MOST_DECISIONS

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def before(self) -> datetime:
        return datetime.combine(self.last, time(), UTC) + timedelta(days=1)


def days_between(
    first: date | None, last: date | None, *, today: date, most: int = MOST_DECISIONS
) -> Days:
    """Return the days asked for, the last 30 by default. Raises InvalidRequest for a wrong span."""
    last = last or today
    if last.year < 2000 or (first is not None and first.year < 2000):
        raise InvalidRequest("nothing was recorded before the year 2000")
    first = first or last - timedelta(days=USUAL_DAYS - 1)
    length = (last - first).days + 1
    if not 1 <= length <= MOST_DAYS or last > today + timedelta(days=1):
        raise InvalidRequest(
            f"the days must be 1 to {MOST_DAYS}, the first before the last and none to come,"
            f" was {first} to {last}"
        )
    return Days(first=first, last=last, most=most)


@dataclass(frozen=True, kw_only=True)
class _Again:
    """One recorded decision judged again; None effect where its inputs cannot be read."""

    record: RecordedDecision
    gate_input: GateInput | None = None
    old: RiskDecision | None = None
    new: RiskDecision | None = None
    effect: Effect | None = None
    twice: bool = False


@dataclass
class _Sums:
    """Everything that is kept while batches pass."""

    days: dict[date, Tally] = field(default_factory=dict)
    fires: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    changed: list[Changed] = field(default_factory=list)
    marks: dict[InstrumentRef, Mark] = field(default_factory=dict)
    seen_plans: set[str] = field(default_factory=set)
    cuts: dict[Place, Cut] = field(default_factory=dict)
    cut: set[InstrumentRef] = field(default_factory=set)
    twice: int = 0
    unreadable: int = 0


async def replay_recorded(
    database: Database,
    tenant_id: str,
    account_id: str,
    new: Policy,
    days: Days,
    *,
    progress: Progress = lambda _done, _all: None,
) -> TimeMachineReport:
    """Judge an account's recorded proposals again under a policy.

    Raises NotFound for an unknown account and TooMuchRecorded for more than `days.most`.
    """
    async with database.tenant(tenant_id) as session:
        account = await accounts.find_account(session, account_id)
        if account is None:
            raise NotFound(f"there is no account {account_id}")
        found = await recorded.count_decisions(
            session,
            account_id=account_id,
            stage=PROPOSAL_STAGE,
            since=days.since,
            before=days.before,
        )
    if found > days.most:
        raise TooMuchRecorded(
            f"{found} decisions were recorded from {days.first} to {days.last},"
            f" at most {days.most} are judged again at once"
        )
    sums, olds, done = _Sums(), _OldPolicies(account), 0
    place = (days.since, FIRST)
    while True:
        async with database.tenant(tenant_id) as session:
            batch = await recorded.decisions_after(
                session,
                account_id=account_id,
                stage=PROPOSAL_STAGE,
                after=place,
                before=days.before,
                limit=BATCH,
            )
            await olds.load(session, batch)
            filled = await recorded.filled_legs(session, [one.plan_id for one in batch])
        for record in batch:
            # One by one in a thread of its own, so that the server answers others in between.
            old = olds.known.get(record.policy_hash)
            _take(sums, await asyncio.to_thread(_judge_again, record, old, new), filled)
        done += len(batch)
        progress(done, max(found, done))
        if len(batch) < BATCH:
            break
        place = (batch[-1].created_at, batch[-1].decision_hash)
    for instrument in sorted(sums.cut, key=str):
        async with database.tenant(tenant_id) as session:
            fills = await recorded.fills_of(session, account_id, instrument)
        for part in await asyncio.to_thread(_settled, instrument, fills, sums.cuts):
            sums.days[part.day].undone.append(part)
    async with database.tenant(tenant_id) as session:
        await _newest_marks(session, account_id, sums)
    return _report(account, new, days, sums, olds)


class _OldPolicies:
    """The policies that older decisions were made under, read once each."""

    def __init__(self, account: AccountRecord) -> None:
        self._in_force = account.policy_hash
        self.known: dict[str, Policy | None] = {}
        self.replaced = 0

    async def load(self, session: Session, batch: Iterable[RecordedDecision]) -> None:
        for record in batch:
            if _is_current(record) or record.policy_hash in self.known:
                continue
            policy = await _stored(session, record.policy_hash)
            if policy is None:
                # This release cannot read it; what is in force now stands in for it.
                policy, self.replaced = await _stored(session, self._in_force), self.replaced + 1
            self.known[record.policy_hash] = policy


async def _stored(session: Session, policy_hash: str) -> Policy | None:
    body = await accounts.find_policy(session, policy_hash)
    try:
        return None if body is None else Policy.model_validate(body)
    except ValidationError:
        return None


def _is_current(record: RecordedDecision) -> bool:
    return bool(record.body.get("schema_id") == CURRENT)


def _judge_again(record: RecordedDecision, old_policy: Policy | None, new: Policy) -> _Again:
    """Judge one decision's inputs again; one of an older engine under its own policy too."""
    try:
        gate_input = GateInput.model_validate(record.gate_input)
        told = RiskDecision.model_validate(record.body)
    except ValidationError:
        return _Again(record=record)
    plan, old = gate_input.plan, told
    if not _is_current(record):
        if old_policy is None:
            return _Again(record=record)
        old = evaluate(old_policy, gate_input)
    judged = evaluate(new, gate_input)
    differs = incomparable(plan, told, old)
    effect = no_effect(plan, told) if differs else compare(plan, old, judged)
    return _Again(
        record=record,
        gate_input=gate_input,
        old=old,
        new=judged,
        effect=effect,
        twice=not _is_current(record),
    )


def _take(sums: _Sums, one: _Again, filled: Container[Place]) -> None:
    if one.effect is None or one.gate_input is None or one.old is None or one.new is None:
        sums.unreadable += 1
        return
    effect, plan = one.effect, one.gate_input.plan
    sums.twice += one.twice
    sums.fires.update(effect.fires)
    sums.silent.update(effect.falls_silent)
    day = one.record.created_at.astimezone(UTC).date()
    sums.days.setdefault(day, Tally()).add(effect)
    if plan.plan_id not in sums.seen_plans:
        sums.seen_plans.add(plan.plan_id)
        for leg in plan.legs if effect.refused else ():
            place = (plan.plan_id, leg.leg)
            if place in filled:
                multiplier = Decimal(leg.instrument.multiplier)
                sums.cuts[place] = Cut(after=effect.after[leg.leg], day=day, multiplier=multiplier)
                sums.cut.add(leg.instrument.ref)
    differs = effect.kind not in {Kind.SAME, Kind.INCOMPARABLE}
    if differs and len(sums.changed) < MOST_EXAMPLES:
        sums.changed.append(_changed(one.record, one.old, one.new, effect))
    for quote in one.gate_input.quotes:
        _mark(sums.marks, _of_quote(quote, "decision"))


def _settled(
    instrument: InstrumentRef, fills: Iterable[RecordedFill], cuts: Mapping[Place, Cut]
) -> list[Undone]:
    """Follow the positions in an instrument, one of each product, as the ledger keeps them."""
    positions = defaultdict[Product, list[Fill]](list)
    for fill in fills:
        trade = BrokerTrade.model_validate(fill.body)
        positions[trade.product].append(
            Fill(
                place=(fill.plan_id, fill.leg),
                sign=trade.side.sign,
                quantity=Decimal(trade.quantity),
                price=trade.price,
            )
        )
    return [part for one in positions.values() for part in settle(instrument, one, cuts)]


def _changed(
    record: RecordedDecision, old: RiskDecision, new: RiskDecision, effect: Effect
) -> Changed:
    return Changed(
        plan_id=record.plan_id,
        decision_hash=record.decision_hash,
        at=record.created_at,
        kind=effect.kind,
        old_verdict=old.verdict,
        new_verdict=new.verdict,
        old_quantity=sum(effect.before.values(), Decimal(0)),
        new_quantity=sum(effect.after.values(), Decimal(0)),
        rules=effect.fires or effect.falls_silent,
    )


async def _newest_marks(session: Session, account_id: str, sums: _Sums) -> None:
    """Look for later prices than those that plans were judged at."""
    if not any(part.closed_at is None for day in sums.days.values() for part in day.undone):
        return
    for body in await recorded.latest_quotes(session, account_id):
        _mark(sums.marks, _of_quote(Quote.model_validate(body), "snapshot"))
    for body in await recorded.latest_fills(session, account_id):
        trade = BrokerTrade.model_validate(body)
        _mark(
            sums.marks,
            Mark(
                instrument=trade.instrument,
                price=trade.price,
                as_of=trade.traded_at,
                source="fill",
            ),
        )


def _of_quote(quote: Quote, source: str) -> Mark:
    return Mark(instrument=quote.instrument, price=quote.last, as_of=quote.as_of, source=source)


def _mark(marks: dict[InstrumentRef, Mark], mark: Mark) -> None:
    known = marks.get(mark.instrument)
    if known is None or known.as_of < mark.as_of:
        marks[mark.instrument] = mark


def _report(
    account: AccountRecord, new: Policy, days: Days, sums: _Sums, olds: _OldPolicies
) -> TimeMachineReport:
    prices = {ref: mark.price for ref, mark in sums.marks.items()}
    whole = Tally()
    for tally in sums.days.values():
        whole.kinds += tally.kinds
        whole.refused += tally.refused
        whole.allowed += tally.allowed
        whole.undone += tally.undone
    needed = {part.instrument for part in whole.undone if part.closed_at is None}
    rules = sorted({*sums.fires, *sums.silent})
    return TimeMachineReport(
        account_id=account.account_id,
        currency=account.currency,
        from_day=days.first,
        to_day=days.last,
        policy_in_force=account.policy_hash,
        policy_hash=new.policy_hash,
        total=_day(None, whole, prices),
        days=tuple(_day(day, tally, prices) for day, tally in sorted(sums.days.items())),
        rules=tuple(
            RuleEffect(rule_id=rule, fires=sums.fires[rule], falls_silent=sums.silent[rule])
            for rule in rules
        ),
        changed=tuple(sums.changed),
        marks=tuple(sums.marks[ref] for ref in sorted(needed & sums.marks.keys(), key=str)),
        judged_twice=sums.twice,
        unreadable=sums.unreadable,
        notes=tuple(_notes(sums, olds)),
    )


def _day(day: date | None, tally: Tally, prices: Mapping[InstrumentRef, Decimal]) -> DayEffect:
    standing = [part for part in tally.undone if part.closed_at is None]
    with localcontext(ARITHMETIC):
        realised = _sum(
            part.result(part.closed_at) for part in tally.undone if part.closed_at is not None
        )
        marked = None
        if all(part.instrument in prices for part in standing):
            marked = _sum(part.result(prices[part.instrument]) for part in standing)
        return DayEffect(
            day=day,
            decisions=tally.kinds.total(),
            same=tally.kinds[Kind.SAME],
            newly_denied=tally.kinds[Kind.NEWLY_DENIED],
            newly_allowed=tally.kinds[Kind.NEWLY_ALLOWED],
            changed_quantity=tally.kinds[Kind.CHANGED_QUANTITY],
            incomparable=tally.kinds[Kind.INCOMPARABLE],
            notional_refused=tally.refused.quantize(PAISE),
            notional_allowed=tally.allowed.quantize(PAISE),
            filled_notional=_sum(part.notional for part in tally.undone),
            filled_result=None if marked is None else realised + marked,
            filled_realised=realised,
            filled_marked=marked,
        )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0)).quantize(PAISE)


def _notes(sums: _Sums, olds: _OldPolicies) -> Iterable[str]:
    yield (
        "Each plan is judged upon the state recorded with it; what the policy would have changed"
        " earlier that day is not carried on."
    )
    yield "Notionals are of plans as proposed, whether or not anybody approved them."
    if any(tally.undone for tally in sums.days.values()):
        yield (
            "Profit and loss of refused fills is before costs; a negative one is a loss that would"
            " have been spared. It is realised where later fills closed them, first in, first out;"
            " only what still stands is at the last known prices under marks."
        )
    if sums.twice:
        yield (
            f"{sums.twice} decisions of an older engine were judged again under both policies, so"
            " that only the policy differs."
        )
    count = sum(tally.kinds[Kind.INCOMPARABLE] for tally in sums.days.values())
    if count:
        yield (
            f"{count} decisions of an older engine cannot be compared: judged again under their own"
            " policy they come out otherwise than was recorded, mostly because their inputs lack"
            " facts that the engine asks for today. They count in nothing else."
        )
    if olds.replaced:
        yield (
            f"{olds.replaced} older policies cannot be read by this release; the one in force"
            " stood in for them."
        )
    if sums.unreadable:
        yield f"{sums.unreadable} decisions have inputs that this release cannot read; left out."
