"""The gate with a state: judge, record, reserve, send, and take in what became of it.

INVARIANT: an order is sent only after its decision and the order itself are in the journal, and
from that moment all that it may take is reserved, so that two orders that fit only alone can never
both pass.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from pydantic import JsonValue

from app.errors import Conflict
from app.riskdesk.broker import Broker, BrokerRefused, Cancelled
from app.riskdesk.folding import GATE, MISFIT_LEVEL, Answers, Fold, Reply, order_name
from app.riskdesk.journal import Journal
from app.riskdesk.state import TIGHTNESS, State
from app.riskdesk.switching import kill_line, record_due, refuse_gate
from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.documents import Intent, Prices
from riskgate.facts import Candidate
from riskgate.hashing import text_hash
from riskgate.judge import Judge, Judgement, resized
from riskgate.policy import Policy
from riskgate.record_bodies import (
    Fill,
    Start,
    account_body,
    decision_lines,
    fill_text,
    intent_text,
    market_body,
    order_text,
    start_body,
)
from riskgate.records import Head, Kind, Record, seal, seal_value
from riskgate.suggest import suggest

MOST_ANSWERS: Final = 10_000


class IntentReused(Conflict):
    """An intent_id came again with another order, or so long after that its answer is gone."""

    code = "INTENT_REUSED"
    remedy = "Give each order an intent_id of its own."


@dataclass(frozen=True, kw_only=True)
class DeskSetup:
    """What a desk is made with.

    A `suggesting` desk says what would pass instead of a refusal. `on_decision_ns` is told how long
    each decision took, its record included.
    """

    policy: Policy
    journal: Journal
    broker: Broker
    by: str
    suggesting: bool = False
    on_decision_ns: Callable[[int], None] | None = None
    clock_ns: Callable[[], int] | None = None


class Desk:
    """One account's gate, one decision at a time."""

    def __init__(self, setup: DeskSetup, state: State) -> None:
        self.state = state
        self.journal = setup.journal
        self.judge = Judge(setup.policy)
        self.unknown_orders: list[str] = []
        self._policy_hash = setup.policy.policy_hash
        self._setup = setup
        self._broker = setup.broker
        self._lock = Lock()
        self._asked: dict[str, str] = {}
        self._answers: OrderedDict[str, Reply] = OrderedDict()

    def submit(self, intent: Intent, at: datetime) -> tuple[Reply, bool]:
        """Judge an order and, if it passes, send it; say whether the answer was given before.

        Raises IntentReused, JournalFailed before anything was sent, TermsRefused where the order
        tells of its instrument what is not known here.
        """
        with self._lock:
            asked = intent_text(intent)
            if intent.intent_id in self._asked:
                return self._again(intent.intent_id, asked), True
            self._advance(at)
            reply = self._decide(intent, asked)
            self._keep(asked, reply)
            return reply, False

    def set_prices(self, market: Prices, at: datetime) -> None:
        """Take in new prices; only those that changed are recorded."""
        with self._lock:
            self._advance(at)
            changed = _changed(self.state, market)
            if changed is not None:
                self._write(Kind.PRICE, market_body(changed))
                self.state.set_prices(changed)

    def set_level(self, level: KillSwitchLevel, *, by: str, reason: str, at: datetime) -> None:
        """Turn the kill switch, by a person's act."""
        with self._lock:
            self._advance(at)
            refuse_gate(by)
            line, head = kill_line(self.journal.head, self.state.at, level, by=by, reason=reason)
            self.journal.write(line, head, before_send=True)
            self.state.set_level(level)

    def take_events(self, at: datetime) -> None:
        """Take in what the broker has to tell."""
        with self._lock:
            self._advance(at)
            self._take_events()

    def begin_day(self, at: datetime) -> None:
        """Let the clock go on to a time, and a day begin where it is of the next."""
        with self._lock:
            self._advance(at)

    def restore(self, answers: Answers) -> None:
        """Take over the answers of a journal that is gone on with."""
        for asked, reply in answers.replies():
            self._keep(asked, reply)
        self.unknown_orders = sorted(self.state.unknown)

    def _again(self, intent_id: str, asked: str) -> Reply:
        if self._asked[intent_id] != text_hash(asked):
            raise IntentReused(f"{intent_id} was asked before as another order")
        reply = self._answers.get(intent_id)
        if reply is None:
            raise IntentReused(f"{intent_id} was answered long ago; the answer is in the journal")
        return reply

    def _keep(self, asked: str, reply: Reply) -> None:
        self._asked[reply.intent.intent_id] = text_hash(asked)
        self._answers[reply.intent.intent_id] = reply
        if len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)

    def _decide(self, intent: Intent, asked: str) -> Reply:
        state, clock_ns = self.state, self._setup.clock_ns
        began_ns = clock_ns() if clock_ns else 0
        candidate = state.candidate(intent)
        judgement = self.judge.judge(candidate, state.book, state.situation(candidate, state.at))
        lines, head = decision_lines(
            self.journal.head, state.at, asked, judgement, state.level, self._policy_hash
        )
        decided = head
        order = self._order(candidate, judgement)
        order_id = order_name(head.seq)
        if order is not None:
            sent = order_text(order_id, intent.intent_id, order)
            line, head = seal(head, state.at, Kind.ORDER, sent)
            lines += line
        tripped = state.decided(state.at, judgement.verdict, trips=judgement.trips)
        if tripped is not None:
            # In one write with what trips it: a crash may lose both, never the one.
            line, head = self._trip(head, tripped, judgement)
            lines += line
        self.journal.write(lines, head, before_send=True)
        if clock_ns and self._setup.on_decision_ns:
            self._setup.on_decision_ns(clock_ns() - began_ns)
        suggestion = suggest(self.judge, judgement) if self._setup.suggesting else None
        if order is not None:
            state.placed(order_id, order, state.at)
        if tripped is not None:
            state.set_level(self.judge.policy.kill_switch.trip_to)
        if order is None:
            return Reply(intent, judgement, decided, suggestion=suggestion)
        outcome = self._send(order_id, order)
        outcome = self._take_events().get(order_id, outcome)
        return Reply(intent, judgement, decided, order_id, order.quantity, outcome)

    def _order(self, candidate: Candidate, judgement: Judgement) -> Candidate | None:
        """Return the order to send; a smaller one only where the desk was told to send those."""
        if judgement.verdict is Verdict.ALLOW:
            return candidate
        allowed = judgement.allowed
        if judgement.verdict is Verdict.MODIFY and self.state.start.apply_modify and allowed:
            return resized(candidate, allowed)
        return None

    def _send(self, order_id: str, order: Candidate) -> str:
        price = self.state.prices.get(str(order.listing.key))
        if price is None:
            return self._refused(order_id, "there is no price")
        try:
            self._broker.submit(order_id, order, price)
        except BrokerRefused as fault:
            return self._refused(order_id, str(fault))
        except Exception as fault:  # noqa: BLE001 # edge: the order may be open at the broker
            return self._lost(order_id, f"{type(fault).__name__}: {fault}")
        return "sent"

    def _refused(self, order_id: str, reason: str) -> str:
        self._write(Kind.REJECT, {"order_id": order_id, "reason": reason})
        self.state.released(order_id)
        return "rejected"

    def _lost(self, order_id: str, reason: str) -> str:
        """Note an order of which nothing is known: it stays counted as in flight."""
        self._write(Kind.UNKNOWN, {"order_id": order_id, "reason": reason[:200]})
        self.state.unknown.add(order_id)
        self.unknown_orders.append(order_id)
        return "unknown"

    def _take_events(self) -> dict[str, str]:
        """Record and apply what is news, and return what became of which order."""
        outcomes: dict[str, str] = {}
        for event in self._broker.events():
            if isinstance(event, Cancelled):
                if event.order_id in self.state.orders:
                    why: dict[str, JsonValue] = {"order_id": event.order_id, "reason": event.reason}
                    self._write(Kind.CANCEL, why)
                    self.state.released(event.order_id)
                    outcomes[event.order_id] = "cancelled"
            elif event.fill_id not in self.state.fills:
                self._take_fill(event)
                outcomes[event.order_id] = "filled"
        return outcomes

    def _take_fill(self, fill: Fill) -> None:
        """Record and apply a fill; one that was not to come tightens the kill switch as well."""
        state = self.state
        misfit = state.misfit(fill)
        trips = misfit is not None and state.is_looser(MISFIT_LEVEL)
        lines, head = seal(self.journal.head, state.at, Kind.FILL, fill_text(fill))
        if trips:
            reason = f"fill {fill.fill_id} of {fill.order_id} {misfit}"
            line, head = kill_line(head, state.at, MISFIT_LEVEL, by=GATE, reason=reason)
            lines += line
        self.journal.write(lines, head, before_send=trips)
        state.filled(fill)
        if trips:
            state.set_level(MISFIT_LEVEL)

    def _trip(self, head: Head, why: str, judgement: Judgement) -> tuple[bytes, Head]:
        """Return the line that turns the kill switch, after a decision that does so."""
        rules = ", ".join(dict.fromkeys(judgement.rule_ids)) or "a rule that was waived"
        limits = self.judge.policy.kill_switch
        reason = rules if why == "rule" else f"{limits.trip_after_n_violations} orders refused"
        return kill_line(head, self.state.at, limits.trip_to, by=GATE, reason=f"by {why}: {reason}")

    def _advance(self, at: datetime) -> None:
        """Let the clock go on; it never goes back, whatever the caller says."""
        state = self.state
        if at <= state.at:
            return
        account = state.begin_day(at)
        state.advance(at)
        if account is not None:
            self._write(Kind.ACCOUNT, account_body(account, "a day began"))
            state.set_account(account)

    def _write(self, kind: Kind, body: dict[str, JsonValue]) -> None:
        line, head = seal_value(self.journal.head, self.state.at, kind, body)
        self.journal.write(line, head)


def begin(setup: DeskSetup, start: Start, at: datetime) -> Desk:
    """Begin a run from its documents. A kill switch that the journal left on stays on."""
    journal = setup.journal
    state = State(start, setup.policy, at)
    for kind, body in (
        (Kind.POLICY, policy_body(setup.policy, setup.by)),
        (Kind.STATE, start_body(start)),
    ):
        line, head = seal_value(journal.head, at, kind, body)
        journal.write(line, head, before_send=kind is Kind.STATE)
    return Desk(setup, state)


def resume(setup: DeskSetup, records: Iterable[Record], at: datetime) -> Desk:
    """Go on from a journal: its state is its fold. Raises JournalUnsound where it makes no sense.

    A turn of the kill switch that a crash lost is recorded now. Orders of which nothing more was
    recorded stay counted as in flight. Another policy than the
    journal's is recorded and holds from now on.
    """
    answers = Answers(suggesting=setup.suggesting)
    fold = Fold(answers.watch)
    for record in records:
        fold.apply(record)
        answers.note(record)
    state = fold.running()
    record_due(setup.journal, fold)
    state.unknown.update(state.orders)
    desk = Desk(setup, state)
    desk.restore(answers)
    if fold.policy_hash != setup.policy.policy_hash:
        desk.begin_day(at)
        line, head = seal_value(
            setup.journal.head, state.at, Kind.POLICY, policy_body(setup.policy, setup.by)
        )
        setup.journal.write(line, head)
        state.change_policy(setup.policy)
    return desk


def policy_body(policy: Policy, by: str) -> dict[str, JsonValue]:
    """Return a whole policy as it comes into force."""
    return {
        "by": by,
        "hash": policy.policy_hash,
        "policy": policy.model_dump(mode="json"),
    }


def tightest(one: KillSwitchLevel, other: KillSwitchLevel) -> KillSwitchLevel:
    """Return the tighter of two levels."""
    return max(one, other, key=TIGHTNESS.index)


def _changed(state: State, market: Prices) -> Prices | None:
    """Return what of a market is news; None where nothing is."""
    last = {
        symbol: price
        for symbol, price in market.last.items()
        if (known := state.prices.get(symbol)) is None
        or known.as_of != market.time_of(symbol)
        or (known.last != price and not (known.last.is_nan() and price.is_nan()))
    }
    as_of = {symbol: at for symbol, at in market.as_of.items() if symbol in last}
    if not last and market.is_open == state.is_open and not market.fx:
        return None
    return market._replace(last=last, as_of=as_of)
