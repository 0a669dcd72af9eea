"""A journal read into the state it tells of, decision by decision."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

from app.riskdesk.journal import JournalUnsound
from app.riskdesk.state import State
from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.documents import Intent
from riskgate.errors import RiskGateError
from riskgate.facts import Candidate
from riskgate.hashing import canonical_json
from riskgate.judge import Judge, Judgement, resized
from riskgate.policy import Policy
from riskgate.record_bodies import (
    is_quantity,
    order_text,
    read_account,
    read_fill,
    read_intent_body,
    read_market_body,
    read_start,
)
from riskgate.records import Head, Kind, Record
from riskgate.suggest import Suggestion, suggest

GATE: Final = "gate"
MISFIT_LEVEL: Final = KillSwitchLevel.REDUCE_ONLY
_BEFORE_A_KILL: Final = frozenset(
    {Kind.KILL, Kind.ORDER, Kind.FILL, Kind.REJECT, Kind.CANCEL, Kind.UNKNOWN}
)


class Reply(NamedTuple):
    """The answer to one order. `order_id` is the order that was sent for it, if one was."""

    intent: Intent
    judgement: Judgement
    head: Head
    order_id: str | None = None
    quantity: Decimal | None = None
    outcome: str = "not sent"
    suggestion: Suggestion | None = None


class Occasion(NamedTuple):
    """A decision as it was recorded, with the state just before it. `asked` is the order's text."""

    record: Record
    intent: Intent
    asked: str
    candidate: Candidate
    state: State
    policy_hash: str


class Due(NamedTuple):
    """A turn of the kill switch that a record brought about and that must be recorded next."""

    seq: int
    kind: Kind
    level: KillSwitchLevel

    def __str__(self) -> str:
        by = f"record {self.seq}, {self.kind.value}"
        return f"{by}, turns the kill switch to {self.level.value}, and no kill record says so"


class Decided(NamedTuple):
    """The decision just before, and what it lets be sent."""

    seq: int
    intent_id: str
    candidate: Candidate
    verdict: Verdict
    allowed: str | None

    def lets(self, quantity: Decimal, *, apply_modify: bool) -> bool:
        """Say whether an order of a quantity may follow."""
        if self.verdict is Verdict.ALLOW:
            return quantity == self.candidate.quantity
        cut = self.verdict is Verdict.MODIFY and apply_modify and self.allowed is not None
        fits = quantity <= self.candidate.quantity
        return cut and fits and is_quantity(quantity, self.allowed or "")


class Fold:
    """The state of a journal so far. `watch` sees each decision, before it counts.

    The kill switch turns with what trips it, whether or not its record is there: until it is, the
    turn is `due`. `difference` is the first place where the journal went on without one.

    `spare_window_s` keeps orders longer than the policies need, so that another one may ask.
    """

    def __init__(
        self,
        watch: Callable[[Occasion], None] | None = None,
        *,
        spare_window_s: Decimal = Decimal(0),
    ) -> None:
        self.state: State | None = None
        self.policy: Policy | None = None
        self.policy_hash = ""
        self.timings: list[dict[str, Any]] = []
        self._watch = watch
        self._spare_window_s = spare_window_s
        self._long: tuple[int, dict[str, Any]] | None = None
        self._last: Decided | None = None
        self.due: Due | None = None
        self.difference: str | None = None

    def apply(self, record: Record) -> None:
        """Take in one record. Raises JournalUnsound where it cannot have happened."""
        try:
            self._apply(record)
        except (LookupError, TypeError, ValueError, ArithmeticError, RiskGateError) as fault:
            place = f"record {record.head.seq}, {record.kind.value}"
            raise JournalUnsound(f"{place}, makes no sense: {fault}") from fault

    def running(self) -> State:
        """Return the state. Raises JournalUnsound where no run ever began."""
        if self.state is None:
            raise JournalUnsound("the journal has no state: no run ever began in it")
        return self.state

    def _apply(self, record: Record) -> None:
        body = record.body
        match record.kind:
            case Kind.POLICY:
                self._change_policy(body)
            case Kind.STATE:
                self._begin(record)
            case Kind.TIMING:
                self.timings.append(body)
            case Kind.INTENT:
                self._long = record.head.seq, body["asked"]
            case Kind.TORN:
                pass
            case _:
                state = self.running()
                state.advance(record.at)
                self._happen(record, state)

    def missing(self) -> str | None:
        """Say which turn of the kill switch is not recorded, now that the journal ends."""
        return self.difference or (None if self.due is None else str(self.due))

    def _happen(self, record: Record, state: State) -> None:
        body = record.body
        if self.due is not None and record.kind not in _BEFORE_A_KILL:
            self.difference = self.difference or str(self.due)
        match record.kind:
            case Kind.PRICE:
                state.set_prices(read_market_body(body))
            case Kind.ACCOUNT:
                state.set_account(read_account(body, state.account.currency))
            case Kind.DECISION:
                self._decide(record, state)
            case Kind.ORDER:
                self._order(record, state)
            case Kind.FILL:
                self._fill(record, state)
            case Kind.REJECT | Kind.CANCEL:
                if not state.released(body["order_id"]):
                    raise ValueError("is of no open order")
            case Kind.UNKNOWN:
                state.unknown.add(body["order_id"])
            case Kind.KILL:
                self._turn(body, state)

    def _change_policy(self, body: dict[str, Any]) -> None:
        policy = Policy.model_validate(body["policy"])
        if policy.policy_hash != body["hash"]:
            raise ValueError(f"the policy's hash is {policy.policy_hash}, recorded {body['hash']}")
        self.policy, self.policy_hash = policy, body["hash"]
        if self.state is not None:
            self.state.change_policy(policy)

    def _begin(self, record: Record) -> None:
        if self.policy is None:
            raise ValueError("comes before any policy")
        start = read_start(record.body)
        self.state = State(start, self.policy, record.at, spare_window_s=self._spare_window_s)
        if self.due is not None and self.state.is_looser(self.due.level):
            self.difference = self.difference or str(self.due)
        self.due = None

    def _decide(self, record: Record, state: State) -> None:
        body, asked = record.body, record.body["asked"]
        if "in" in asked:
            if self._long is None or self._long[0] != asked["in"]:
                raise ValueError("tells of an order that was not recorded before it")
            asked = self._long[1]
        if body["policy"] != self.policy_hash:
            raise ValueError(f"was made by the policy {body['policy']}, not the one in force")
        intent = read_intent_body(asked)
        candidate = state.candidate(intent)
        verdict = Verdict(body["verdict"])
        self._last = Decided(record.head.seq, intent.intent_id, candidate, verdict, body["allowed"])
        if self._watch is not None:
            occasion = Occasion(
                record, intent, canonical_json(asked), candidate, state, self.policy_hash
            )
            self._watch(occasion)
        if state.decided(record.at, verdict, trips=body["trips"]) is not None:
            self._trip(record, state, state.policy.kill_switch.trip_to)

    def _order(self, record: Record, state: State) -> None:
        body, last, self._last = record.body, self._last, None
        if last is None or record.head.seq != last.seq + 1:
            raise ValueError("is an order without a decision just before it")
        quantity = Decimal(body["qty"])
        if not last.lets(quantity, apply_modify=state.start.apply_modify):
            raise ValueError(f"sends {body['qty']}, and {last.verdict} lets {_what(last)} be sent")
        order = resized(last.candidate, quantity)
        if json.loads(order_text(order_name(last.seq), last.intent_id, order)) != body:
            raise ValueError("is another order than was decided on")
        state.placed(body["order_id"], order, record.at)

    def _fill(self, record: Record, state: State) -> None:
        fill = read_fill(record.body)
        if fill.fill_id in state.fills:
            raise ValueError("is a fill that was seen before")
        trips = state.misfit(fill) is not None and state.is_looser(MISFIT_LEVEL)
        state.filled(fill)
        if trips:
            self._trip(record, state, MISFIT_LEVEL)

    def _trip(self, record: Record, state: State, level: KillSwitchLevel) -> None:
        state.set_level(level)
        self.due = Due(record.head.seq, record.kind, level)

    def _turn(self, body: dict[str, Any], state: State) -> None:
        level, due, self.due = KillSwitchLevel(body["level"]), self.due, None
        if body["by"] != GATE:
            self.difference = self.difference or (None if due is None else str(due))
        elif due is None or due.level is not level:
            raise ValueError(f"is turned to {level.value} by the gate, and nothing tripped it so")
        state.set_level(level)


def order_name(seq: int) -> str:
    """Return the id of the order that a decision's record lets be sent."""
    return f"ord-{seq:06}"


def _what(decided: Decided) -> str:
    if decided.verdict is Verdict.ALLOW:
        return "what was asked for"
    return "what it allows, where that is applied," if decided.allowed else "nothing"


class Answers:
    """The answers of the run that a journal tells of last, made again as they were given."""

    def __init__(self, *, suggesting: bool = False) -> None:
        self._suggesting = suggesting
        self._replies: dict[str, tuple[str, Reply]] = {}
        self._intent_of: dict[str, str] = {}
        self._judge: Judge | None = None

    def watch(self, occasion: Occasion) -> None:
        """Judge again what was decided."""
        if self._judge is None or self._judge.policy_hash != occasion.policy_hash:
            self._judge = Judge(occasion.state.policy)
        state, candidate = occasion.state, occasion.candidate
        situation = state.situation(candidate, occasion.record.at)
        judgement = self._judge.judge(candidate, state.book, situation)
        suggestion = suggest(self._judge, judgement) if self._suggesting else None
        reply = Reply(occasion.intent, judgement, occasion.record.head, suggestion=suggestion)
        self._replies[occasion.intent.intent_id] = occasion.asked, reply

    def note(self, record: Record) -> None:
        """Note what became of an order; a new run has answers of its own."""
        body = record.body
        match record.kind:
            case Kind.STATE:
                self._replies.clear()
                self._intent_of.clear()
            case Kind.ORDER:
                self._intent_of[body["order_id"]] = body["intent_id"]
                self._change(
                    body["order_id"],
                    order_id=body["order_id"],
                    quantity=Decimal(body["qty"]),
                    outcome="sent",
                )
            case Kind.FILL:
                self._change(body["order_id"], outcome="filled")
            case Kind.REJECT:
                self._change(body["order_id"], outcome="rejected")
            case Kind.CANCEL:
                self._change(body["order_id"], outcome="cancelled")
            case Kind.UNKNOWN:
                self._change(body["order_id"], outcome="unknown")

    def replies(self) -> Iterator[tuple[str, Reply]]:
        """Yield each order's text and its answer."""
        yield from self._replies.values()

    def _change(self, of_order: str, **changes: Any) -> None:
        found = self._replies.get(self._intent_of.get(of_order, ""))
        if found is not None:
            self._replies[found[1].intent.intent_id] = found[0], found[1]._replace(**changes)
