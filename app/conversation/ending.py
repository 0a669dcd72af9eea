"""End turns: the trace, the messages and the last events are stored in one commit, once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from adapters.ports import Clock
from agents.insights.writer import WORDED
from agents.nodes.explain import MODEL_CODES
from agents.state import TurnState
from app.conversation import agui_events
from app.conversation.agui_events import AguiTurnEvents
from app.conversation.event_log import EventLog, NumberedEvent, stored_event
from app.conversation.tracing import TurnEnd, build_trace
from app.errors import NotFound
from app.persistence import cards, orders, runs, traces
from app.persistence.database import Database, DatabaseUnavailable, Session
from app.persistence.runs import RunRecord
from app.pipeline.views import submitted_order
from app.telemetry import log, model_fallbacks_total, turns_total
from riskgate.contracts.cards import Card
from riskgate.contracts.models import ModelCall
from riskgate.contracts.traces import (
    DecisionTrace,
    ReplayStep,
    SubmittedOrder,
    ToolCall,
    TurnOutcome,
)
from riskgate.hashing import canonical_json
from tools.ports import Relay

SHOWN_MESSAGES = 50
# A commit that fails is tried again after these pauses, then given up to `end_stale`.
RETRY_AFTER_S = (0.1, 0.5)
BROKEN = frozenset({TurnOutcome.FAILED, TurnOutcome.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class TurnResult:
    """What a turn came to."""

    run: RunRecord
    trace: DecisionTrace
    cards: tuple[Card, ...]
    message: str


@dataclass
class LiveTurn:
    """A turn being worked on in this process.

    `whole` says that its message was no answer to a question, `relay` names the program that
    passed it on, if one did, and `page` what the person looked at; `asleep` that its end is
    stored and its task only waits for the turn that its card woke; `working` that stopping its
    task is heard, `stopped` that it was asked to end, `overtaken` that a newer message asked.
    `behind` are the turns of its thread that it waits for. `carried_on` is the run that its own
    message went on in, which is known once `settled` is set.
    """

    run: RunRecord
    log: EventLog
    events: AguiTurnEvents
    task: "asyncio.Task[TurnResult] | None" = None
    executing: bool = False
    decided: bool = False
    working: bool = False
    stopped: bool = False
    overtaken: bool = False
    behind: "list[LiveTurn]" = field(default_factory=list)
    ending: bool = False
    whole: bool = False
    relay: Relay | None = None
    page: str | None = None
    asleep: bool = False
    carried_on: RunRecord | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def thread(self) -> tuple[str, str]:
        """Name its conversation: two tenants may call theirs the same."""
        return self.log.tenant_id, self.run.thread_id

    @property
    def can_be_stopped(self) -> bool:
        """Say whether it can still end with nothing sent, decided on or stored."""
        return not (self.ending or self.executing or self.decided or self.stopped)

    def stop(self) -> None:
        """End it at its next step. The caller saw that it can be stopped."""
        self.stopped = True
        if self.working and self.task is not None:
            self.task.cancel()


async def finish(
    database: Database,
    clock: Clock,
    turn: LiveTurn,
    state: TurnState,
    *,
    tools_called: Sequence[ToolCall] = (),
    steps: Sequence[ReplayStep] = (),
    models_called: Sequence[ModelCall] = (),
) -> TurnResult:
    """Store the end of a turn and show it; a database that stumbles is asked again.

    Raises DatabaseUnavailable, never safe to repeat, when it does not get up.
    """
    if not turn.events.texts:
        turn.events.said(" ".join(state.get("explanations", [])))
    end = TurnEnd(
        state=state,
        tools_called=tools_called,
        steps=steps,
        context=_context(turn),
        models_called=models_called,
        ended_at=clock.now(),
    )
    async with turn.log.writing:
        for pause in RETRY_AFTER_S:
            try:
                return await _try(database, turn, end)
            except DatabaseUnavailable as down:
                log.warning("turn_end_retried", run_id=turn.run.run_id, error=down.code)
                await asyncio.sleep(pause)
        try:
            return await _try(database, turn, end)
        except DatabaseUnavailable as down:
            log.error("turn_end_not_stored", run_id=turn.run.run_id, error=down.code)
            raise DatabaseUnavailable(retry_safe=False) from down


def _context(turn: LiveTurn) -> dict[str, JsonValue]:
    """Return who passed the message on and what the person looked at, where that is known."""
    relay = {} if turn.relay is None else {"relay": turn.relay.model_dump(mode="json")}
    return {**relay, **({} if turn.page is None else {"page": turn.page})}


async def end_in(session: Session, turn: LiveTurn, state: TurnState, *, at: datetime) -> None:
    """Store the whole end of a turn in the caller's transaction; nobody watches it yet."""
    turn.events.said(" ".join(state["explanations"]))
    end = TurnEnd(state=state, tools_called=(), steps=(), context={}, ended_at=at)
    await _store(session, turn, end)


async def _try(database: Database, turn: LiveTurn, end: TurnEnd) -> TurnResult:
    queued = len(turn.log.pending)
    try:
        async with database.tenant(turn.log.tenant_id) as session:
            trace, batch = await _store(session, turn, end)
    except DatabaseUnavailable:
        del turn.log.pending[queued:]
        raise
    turns_total.labels(trace.final_outcome.value).inc()
    _count_fallbacks(end.state)
    await turn.log.show(batch)
    return TurnResult(
        run=turn.run,
        trace=trace,
        cards=tuple(turn.events.cards),
        message=" ".join(text for _, text in turn.events.texts),
    )


def _count_fallbacks(state: TurnState) -> None:
    """Count what a model was asked for and our own tables and words did instead."""
    for note in state.get("reading", {}).get("notes", []):
        if "approval" not in state and note.startswith(MODEL_CODES):
            model_fallbacks_total.labels("reading", note).inc()
    outcome = state.get("worded", {}).get("outcome", WORDED)
    if outcome != WORDED:
        model_fallbacks_total.labels("wording", outcome).inc()


async def _store(
    session: Session, turn: LiveTurn, end: TurnEnd
) -> tuple[DecisionTrace, list[NumberedEvent]]:
    """Write a turn's end in the caller's transaction; one that has ended is left as it is."""
    run, at = turn.run, end.ended_at
    outcome = TurnOutcome(end.state.get("outcome", TurnOutcome.FAILED))
    earlier = await traces.latest_trace(session, run.decision_id)
    if not await runs.finish_run(
        session, run_id=run.run_id, status="FINISHED", outcome=outcome, at=at
    ):
        return await _stored_end(session, turn, earlier)
    sent = await _sent_before(session, run, earlier)
    trace = build_trace(run, session.tenant_id, end, earlier, sent)
    # A turn that was woken already has told more of the decision than its origin knows.
    if run.origin_run_id is not None or earlier is None:
        await traces.add_trace(session, trace, at=at)
    if run.origin_run_id is None:
        await _leave_thread(session, run, end.state, outcome, at)
    for message_id, text in turn.events.texts:
        await runs.add_message(
            session,
            message_id=message_id,
            thread_id=run.thread_id,
            run_id=run.run_id,
            role="assistant",
            content=text,
            at=at,
        )
    await _last_events(session, turn, trace, outcome)
    return trace, await turn.log.store(session)


async def _stored_end(
    session: Session, turn: LiveTurn, trace: DecisionTrace | None
) -> tuple[DecisionTrace, list[NumberedEvent]]:
    """Return the end that was stored: the commit went out, only its reply was lost."""
    if trace is None:
        raise NotFound(f"run {turn.run.run_id} has no trace")
    after = len(turn.log.stored)
    found = await runs.events_after(session, run_id=turn.run.run_id, after=after)
    turn.log.pending.clear()
    return trace, [stored_event(item) for item in found]


async def _leave_thread(
    session: Session, run: RunRecord, state: TurnState, outcome: TurnOutcome, at: datetime
) -> None:
    """Keep what the thread waits to complete, and nothing to approve from a turn that broke."""
    if outcome in BROKEN:
        await cards.void_pending(session, run_id=run.run_id, at=at)
    draft = state.get("draft")
    await runs.set_thread_draft(
        session,
        thread_id=run.thread_id,
        draft=None if draft is None else canonical_json(draft),
        at=at,
    )


async def _last_events(
    session: Session, turn: LiveTurn, trace: DecisionTrace, outcome: TurnOutcome
) -> None:
    """Queue a run's end; a turn that broke is an error also where its orders went through."""
    run, emit = turn.run, turn.log.emit
    result = turn_summary(trace)
    if outcome is TurnOutcome.CANCELLED:
        emit(agui_events.cancelled(run.thread_id, run.run_id, result))
        return
    if outcome is TurnOutcome.FAILED:
        emit(agui_events.failed(trace.explanations[0], trace.error_code or "INTERNAL"))
        return
    emit(agui_events.state_snapshot(result))
    shown = await runs.thread_messages(session, run.thread_id, limit=SHOWN_MESSAGES)
    emit(agui_events.messages_snapshot(shown))
    waiting = agui_events.waiting(turn.events.cards)
    emit(agui_events.finished(run.thread_id, run.run_id, result=result, interrupts=waiting))


def turn_summary(trace: DecisionTrace) -> dict[str, JsonValue]:
    """Say what a turn came to, for machines."""
    return {
        "decision_id": trace.decision_id,
        "outcome": trace.final_outcome.value,
        "error_code": trace.error_code,
        "plan_id": trace.plan_id,
        "account_id": trace.account_id,
        "orders": [order.model_dump(mode="json") for order in trace.orders_submitted],
        "reconciled": (
            None if trace.reconciliation_result is None else trace.reconciliation_result.matched
        ),
    }


async def _sent_before(
    session: Session, run: RunRecord, earlier: DecisionTrace | None
) -> list[SubmittedOrder]:
    """Return the stored orders of the plan that a woken turn carries out."""
    if run.origin_run_id is None or earlier is None or earlier.plan_id is None:
        return []
    return [submitted_order(order) for order in await orders.plan_orders(session, earlier.plan_id)]
