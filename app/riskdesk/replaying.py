"""A journal judged again: as it was, to prove it; or by another policy, to see what would differ.

The time machine follows what really happened: positions, money and rates are those of the recorded
orders and fills, and only verdicts differ. The kill switch follows the new policy's own verdicts,
and each act of a person.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from app.riskdesk.answers import Answer
from app.riskdesk.folding import Fold, Occasion
from app.riskdesk.journal import JournalUnsound
from app.riskdesk.state import TIGHTNESS, State
from riskgate.book import microseconds
from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.facts import Candidate, Price
from riskgate.figures import ZERO, exactly
from riskgate.judge import Judge, Judgement
from riskgate.policy import Policy, longest_duplicate_window
from riskgate.record_bodies import decision_lines
from riskgate.records import GENESIS, Head, JournalBroken, Kind, Reader, Record

_SECOND_US = 1_000_000
FOLLOWS = "positions, money and rates are those that really happened"


class Replayed(NamedTuple):
    """What a replay found. `difference` is the first thing that is not as recorded."""

    head: Head
    decisions: int
    difference: str | None
    torn: bool


def verify_decisions(reader: Reader, anchor: Head | None = None) -> Replayed:
    """Check a journal's chain, its policies' hashes, and each decision by judging it again.

    What was sent must be what was decided, and the kill switch must have turned with each trip.
    """
    proof = _Proof()
    fold = Fold(proof.watch)
    anchored = anchor is None or anchor == GENESIS
    try:
        for record in reader.records():
            fold.apply(record)
            if anchor is not None and record.head.seq == anchor.seq:
                anchored = record.head == anchor
            if proof.difference is not None or fold.difference is not None:
                break
    except JournalBroken as fault:
        return Replayed(reader.head, proof.decisions, str(fault), False)
    except JournalUnsound as fault:
        return Replayed(reader.head, proof.decisions, fault.message, False)
    difference = proof.difference or fold.missing()
    if difference is None and not anchored:
        difference = f"the journal does not hold the anchor {anchor}"
    return Replayed(reader.head, proof.decisions, difference, reader.torn is not None)


class _Proof:
    """Judges each decision again and compares all that was recorded of it."""

    def __init__(self) -> None:
        self.decisions = 0
        self.difference: str | None = None
        self._judge: Judge | None = None

    def watch(self, occasion: Occasion) -> None:
        record, state = occasion.record, occasion.state
        if self._judge is None or self._judge.policy_hash != occasion.policy_hash:
            self._judge = Judge(state.policy)
        situation = state.situation(occasion.candidate, record.at)
        judgement = self._judge.judge(occasion.candidate, state.book, situation)
        self.decisions += 1
        head = Head(record.head.seq - 1, GENESIS.hash)
        long = "in" in record.body["asked"]
        lines, _head = decision_lines(
            Head(head.seq - long, head.hash),
            record.at,
            occasion.asked,
            judgement,
            state.level,
            occasion.policy_hash,
        )
        (again,) = _bodies(lines)[-1:]
        if self.difference is None and again != record.body:
            name = next(n for n in sorted({*again, *record.body}) if _differs(again, record, n))
            self.difference = (
                f"record {record.head.seq}, {occasion.intent.intent_id}: {name} was "
                f"{json.dumps(record.body.get(name))}, is now {json.dumps(again.get(name))}"
            )


@dataclass
class Change:
    """One order of which the verdict differs, and the money that hangs on it."""

    day: date
    seq: int
    intent_id: str
    symbol: str
    before: str
    after: str
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]
    quantity_before: Decimal
    quantity_after: Decimal
    price: Decimal | None
    multiplier: Decimal
    sign: int
    reached: bool
    mark: Decimal | None = None

    @property
    def kind(self) -> str:
        if self.after == Verdict.DENY:
            return "newly_denied"
        return "newly_allowed" if self.before == Verdict.DENY else "changed"

    @property
    def notional(self) -> Decimal:
        """Money more that would have been sent; below zero it would not have been."""
        if self.price is None:
            return ZERO
        with exactly():
            return (self.quantity_after - self.quantity_before) * self.price * self.multiplier

    @property
    def profit(self) -> Decimal:
        """Profit more by the day's last price; below zero a profit missed, or a loss taken.

        An order whose limit the market did not reach earns and loses nothing.
        """
        if self.price is None or self.mark is None or not self.reached:
            return ZERO
        with exactly():
            moved = (self.mark - self.price) * self.multiplier * self.sign
            return (self.quantity_after - self.quantity_before) * moved


@dataclass
class Day:
    """What one day came to under both policies."""

    day: date
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)


class TimeMachine:
    """Judges a recorded journal by another policy, day by day."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.days: list[Day] = []
        self.policy_before = ""
        self._judge = Judge(policy)
        self._level = KillSwitchLevel.RUNNING
        self._violations: deque[int] = deque()
        self._pending: Change | None = None

    def run(
        self, records: Iterable[Record], *, on_record: Callable[[int], None] | None = None
    ) -> list[Day]:
        """Go through a journal. Raises JournalBroken and JournalUnsound."""
        fold = Fold(self._watch, spare_window_s=longest_duplicate_window(self.policy))
        for record in records:
            if self.days and record.at.date() > self.days[-1].day and fold.state is not None:
                self._mark(self.days[-1], fold.state)
            fold.apply(record)
            self._note(record, fold)
            if on_record is not None:
                on_record(record.head.seq)
        if self.days and fold.state is not None:
            self._mark(self.days[-1], fold.state)
        for day in self.days:
            day.changes = [c for c in day.changes if _is_change(c)]
        return self.days

    def _note(self, record: Record, fold: Fold) -> None:
        body = record.body
        match record.kind:
            case Kind.POLICY:
                self.policy_before = fold.policy_hash
            case Kind.STATE:
                self._level = fold.running().level
                self._violations.clear()
            case Kind.KILL if body["by"] != "gate":
                self._set_level(KillSwitchLevel(body["level"]))
            case Kind.ORDER if self._pending is not None:
                self._pending.quantity_before = Decimal(body["qty"])

    def _watch(self, occasion: Occasion) -> None:
        record, state, candidate = occasion.record, occasion.state, occasion.candidate
        situation = state.situation(candidate, record.at)._replace(kill_switch=self._level)
        judgement = self._judge.judge(candidate, state.book, situation)
        self._count_refusal(judgement, microseconds(record.at))
        day = self._day(record.at.date())
        before, after = record.body["verdict"], judgement.verdict.value
        day.before[before] += 1
        day.after[after] += 1
        price = state.prices.get(occasion.intent.symbol)
        change = Change(
            day=day.day,
            seq=record.head.seq,
            intent_id=occasion.intent.intent_id,
            symbol=occasion.intent.symbol,
            before=before,
            after=after,
            rules_before=tuple(dict.fromkeys(rule for rule, *_ in record.body["findings"])),
            rules_after=tuple(dict.fromkeys(judgement.rule_ids)),
            quantity_before=ZERO,
            quantity_after=_sent(judgement, state),
            price=price.last if price is not None and price.usable else None,
            multiplier=candidate.listing.multiplier or ZERO,
            sign=candidate.sign,
            reached=price is not None and _reaches(candidate, price),
        )
        day.changes.append(change)
        if before != after:
            rules = change.rules_after if after != Verdict.ALLOW else change.rules_before
            day.rules.update(rules)
        self._pending = change

    def _count_refusal(self, judgement: Judgement, now_us: int) -> None:
        limits = self.policy.kill_switch
        oldest_us = now_us - limits.violation_window_seconds * _SECOND_US
        while self._violations and self._violations[0] <= oldest_us:
            self._violations.popleft()
        if judgement.verdict is Verdict.DENY:
            self._violations.append(now_us)
        most = limits.trip_after_n_violations
        if judgement.trips or (most is not None and len(self._violations) >= most):
            self._level = max(self._level, limits.trip_to, key=TIGHTNESS.index)

    def _set_level(self, level: KillSwitchLevel) -> None:
        if TIGHTNESS.index(level) < TIGHTNESS.index(self._level):
            self._violations.clear()
        self._level = level

    def _day(self, day: date) -> Day:
        if not self.days or self.days[-1].day != day:
            self.days.append(Day(day))
        return self.days[-1]

    def _mark(self, day: Day, state: State) -> None:
        """Note the last price that was known on a day."""
        for change in day.changes:
            price = state.prices.get(change.symbol)
            if change.mark is None and price is not None and price.usable:
                change.mark = price.last


def report(days: Iterable[Day], policy: Policy, judged_before: str) -> Answer:
    """Return the time machine's findings as plain values, per day and in sum."""
    shown = [_day_answer(day) for day in days]
    return {
        "policy_before": judged_before,
        "policy_after": policy.policy_hash,
        "follows": FOLLOWS,
        "days": shown,
        "total": _total(list(days)),
    }


def _day_answer(day: Day) -> Answer:
    return {"day": day.day.isoformat(), **_total([day]), "changes": [_row(c) for c in day.changes]}


def _total(days: list[Day]) -> Answer:
    before: Counter[str] = sum((day.before for day in days), Counter())
    after: Counter[str] = sum((day.after for day in days), Counter())
    rules: Counter[str] = sum((day.rules for day in days), Counter())
    changes = [change for day in days for change in day.changes]
    with exactly():
        notional = sum((change.notional for change in changes), ZERO)
        profit = sum((change.profit for change in changes), ZERO)
    kinds = Counter(change.kind for change in changes)
    return {
        "before": {name: before[name] for name in ("ALLOW", "MODIFY", "DENY")},
        "after": {name: after[name] for name in ("ALLOW", "MODIFY", "DENY")},
        "newly_denied": kinds["newly_denied"],
        "newly_allowed": kinds["newly_allowed"],
        "changed": kinds["changed"],
        "rules": dict(sorted(rules.items())),
        "notional_change": notional,
        "profit_change": profit,
    }


def _row(change: Change) -> Answer:
    return {
        "seq": change.seq,
        "intent_id": change.intent_id,
        "symbol": change.symbol,
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "rules_before": list(change.rules_before),
        "rules_after": list(change.rules_after),
        "quantity_before": change.quantity_before,
        "quantity_after": change.quantity_after,
        "notional_change": change.notional,
        "profit_change": change.profit,
    }


def _is_change(change: Change) -> bool:
    return change.before != change.after or change.quantity_before != change.quantity_after


def _sent(judgement: Judgement, state: State) -> Decimal:
    if judgement.verdict is Verdict.ALLOW:
        return judgement.facts.candidate.quantity
    if judgement.verdict is Verdict.MODIFY and state.start.apply_modify:
        return judgement.allowed or ZERO
    return ZERO


def _reaches(candidate: Candidate, price: Price) -> bool:
    limit = candidate.limit_price
    return limit is None or (limit - price.last) * candidate.sign >= 0


def _bodies(lines: bytes) -> list[dict[str, object]]:
    return [json.loads(line)["body"] for line in lines.splitlines()]


def _differs(again: dict[str, object], record: Record, name: str) -> bool:
    return again.get(name) != record.body.get(name)
