"""Run turns: each is a task that outlives the request that asked for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

from langgraph.types import Command
from pydantic import JsonValue, ValidationError

from adapters.ports import Clock, IdFactory
from agents.context import Defaults, TurnContext, Workspace
from agents.graph import TurnGraph
from agents.intent.model import Draft, IntentParser, ParseContext
from agents.state import Resumption, TurnState
from app.approvals.rules import Approver
from app.conversation import agui_events
from app.conversation.agui_events import AguiTurnEvents
from app.conversation.event_log import EventLog, NumberedEvent, follow_stored
from app.conversation.reading import parse_context
from app.conversation.tracing import TurnEnd, build_trace, failed_state
from app.errors import AppError, Conflict, NotFound, Unprocessable
from app.identity.principal import Principal
from app.persistence import accounts, cards, orders, runs, traces
from app.persistence.database import Database, Session
from app.persistence.runs import RunRecord
from app.pipeline.decisions import CardDecision, CardDecisions
from app.pipeline.proposals import APPROVAL_STAGE, Proposals, gate_step
from app.pipeline.submission import Submission
from app.pipeline.views import AccountViews, submitted_order
from app.telemetry import log, turns_total
from riskgate.contracts.cards import Card
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.traces import DecisionTrace, SubmittedOrder, TurnOutcome
from riskgate.hashing import canonical_json
from tools.ports import Caller, InstrumentDirectory
from tools.registry import Toolbox, ToolDenied
from tools.scopes import scopes_of

SHOWN_MESSAGES = 50
RECURSION_LIMIT = 40
BROKEN = frozenset({TurnOutcome.FAILED, TurnOutcome.CANCELLED})
STEP_FAILED = "Something on our side went wrong; nothing more was done in this turn."


@dataclass(frozen=True, kw_only=True)
class TurnRequest:
    """One message. Ids are the client's own where it has them."""

    message: str
    thread_id: str | None = None
    run_id: str | None = None
    account_id: str | None = None
    focus_symbol: InstrumentRef | None = None
    page: str | None = None


@dataclass(frozen=True, kw_only=True)
class TurnResult:
    """What a turn came to."""

    run: RunRecord
    trace: DecisionTrace
    cards: tuple[Card, ...]
    message: str


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What every turn uses."""

    database: Database
    graph: TurnGraph
    parser: IntentParser
    directory: InstrumentDirectory
    views: AccountViews
    proposals: Proposals
    submission: Submission
    decisions: CardDecisions
    defaults: Defaults
    clock: Clock
    ids: IdFactory
    microseconds: Callable[[], int]


Work: TypeAlias = Callable[[], Awaitable["TurnResult"]]


@dataclass
class LiveTurn:
    """A turn being worked on in this process."""

    run: RunRecord
    log: EventLog
    events: AguiTurnEvents
    task: "asyncio.Task[TurnResult] | None" = None
    executing: bool = False
    ending: bool = False


class Conversation:
    """Starts, wakes, streams and cancels turns."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._live: dict[tuple[str, str], LiveTurn] = {}

    async def start(self, person: Principal, request: TurnRequest) -> RunRecord:
        """Store a turn and begin it. A repeated run id returns the turn it names already.

        Raises NotFound for a foreign thread or account and Conflict for a reused run id.
        """
        parts = self._parts
        now = parts.clock.now()
        async with parts.database.tenant(person.tenant_id) as session:
            account_id = await _account_id(session, request.account_id)
            thread_id = request.thread_id or parts.ids.new("thr")
            owner = await runs.ensure_thread(
                session, thread_id=thread_id, user_id=person.user_id, at=now
            )
            if owner != person.user_id:
                raise NotFound(f"there is no thread {thread_id}")
            run = RunRecord(
                run_id=request.run_id or parts.ids.new("run"),
                thread_id=thread_id,
                user_id=person.user_id,
                account_id=account_id,
                decision_id=parts.ids.new("dec"),
                origin_run_id=None,
                message=request.message,
                status="RUNNING",
                outcome=None,
                created_at=now,
                finished_at=None,
            )
            if not await runs.add_run(session, run):
                return await _same_run(session, run)
        turn = self._open(person.tenant_id, run)
        given = {"message": run.message}
        context = self._context(person, turn)
        self._begin(person, turn, lambda: self._invoke(person, turn, context, given, request))
        return run

    async def decide(
        self,
        person: Principal,
        card_id: str,
        *,
        approve: bool,
        comment: str | None,
        run_id: str | None = None,
    ) -> tuple[CardDecision, RunRecord | None]:
        """Take a person's word on a card and wake the turn that waits for it.

        Returns the decision and the new run, or None where nothing was woken: the card stays
        pending (the broker is down), or it was decided before.
        """
        parts = self._parts
        by = Approver(user_id=person.user_id, roles=person.roles)
        act = parts.decisions.approve if approve else parts.decisions.reject
        woken: list[RunRecord] = []

        async def wake(session: Session, decision: CardDecision) -> None:
            woken.append(await self._store_woken(session, person, decision, run_id))

        decision = await act(person.tenant_id, card_id, by=by, comment=comment, wake=wake)
        if not woken:
            return decision, await self._woken_run(person, card_id)
        self._wake(person, decision, woken[0])
        return decision, woken[0]

    async def result(self, person: Principal, run: RunRecord) -> TurnResult:
        """Wait for a turn to end and return what it came to."""
        live = self._live.get((person.tenant_id, run.run_id))
        if live is not None and live.task is not None:
            return await asyncio.shield(live.task)
        async for _event in self.follow(person, run.run_id, after=0):
            pass
        return await self._stored_result(person.tenant_id, run.run_id)

    async def follow(
        self, person: Principal, run_id: str, *, after: int
    ) -> AsyncIterator[NumberedEvent]:
        """Yield a run's events after a number, live or stored. The caller checked its owner."""
        live = self._live.get((person.tenant_id, run_id))
        if live is not None:
            source = live.log.follow(after)
        else:
            source = follow_stored(self._parts.database, person.tenant_id, run_id, after)
        async for event in source:
            yield event

    async def owned_run(self, person: Principal, run_id: str) -> RunRecord:
        """Return a run of this person's or raise NotFound."""
        async with self._parts.database.tenant(person.tenant_id) as session:
            run = await runs.find_run(session, run_id)
        if run is None or run.user_id != person.user_id:
            raise NotFound(f"there is no run {run_id}")
        return run

    async def last_seq(self, person: Principal, run_id: str) -> int:
        """Return the number of a run's last stored event."""
        async with self._parts.database.tenant(person.tenant_id) as session:
            return await runs.last_seq(session, run_id)

    async def cancel(self, person: Principal, run_id: str) -> RunRecord:
        """Stop a turn that has not begun to send orders. Raises Conflict for one that has."""
        run = await self.owned_run(person, run_id)
        live = self._live.get((person.tenant_id, run_id))
        if live is None or live.task is None or live.ending:
            raise Conflict("the run has ended already", code="RUN_ENDED")
        if live.executing:
            raise Conflict(
                "the run is sending approved orders and cannot be stopped half-way",
                code="RUN_EXECUTING",
                remedy="Wait for its result; use the kill switch to stop further orders.",
            )
        live.ending = True
        live.task.cancel()
        return run

    async def close(self) -> None:
        """Wait for every turn that is being worked on."""
        tasks = [live.task for live in self._live.values() if live.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def end_interrupted(self, tenant_id: str) -> int:
        """After a start: end the turns that a stopped process left running; return how many."""
        parts = self._parts
        async with parts.database.tenant(tenant_id) as session:
            left = await runs.running_runs(session)
        for run in left:
            turn = self._open(tenant_id, run)
            async with parts.database.tenant(tenant_id) as session:
                turn.log.stored = [
                    NumberedEvent(number, "", "")
                    for number in range(1, await runs.last_seq(session, run.run_id) + 1)
                ]
            message = "The server stopped during this turn. Look at the orders before asking again."
            state = failed_state({}, "RUN_INTERRUPTED", message)
            await self._finish(
                tenant_id, turn, state, Toolbox(frozenset(), parts.microseconds), Workspace()
            )
            self._live.pop((tenant_id, run.run_id), None)
        return len(left)

    def _open(self, tenant_id: str, run: RunRecord) -> LiveTurn:
        parts = self._parts
        log_ = EventLog(tenant_id, run.run_id, parts.database, parts.clock)
        turn = LiveTurn(run=run, log=log_, events=AguiTurnEvents(log_, parts.ids))
        self._live[(tenant_id, run.run_id)] = turn
        return turn

    def _begin(self, person: Principal, turn: LiveTurn, work: Work) -> None:
        turn.log.emit(agui_events.started(turn.run.thread_id, turn.run.run_id))
        turn.task = asyncio.create_task(self._work(person, turn, work))

    async def _work(self, person: Principal, turn: LiveTurn, work: Work) -> TurnResult:
        writer = asyncio.create_task(turn.log.write_until_finished())
        try:
            return await work()
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await turn.log.abandon()
            self._live.pop((person.tenant_id, turn.run.run_id), None)

    async def _read(self, person: Principal, turn: LiveTurn, request: TurnRequest) -> ParseContext:
        """Store the message and return what its words may refer to."""
        parts, run = self._parts, turn.run
        now = parts.clock.now()
        async with parts.database.tenant(person.tenant_id) as session:
            await cards.close_questions(session, thread_id=run.thread_id, at=now)
            context = await parse_context(
                session,
                account_id=run.account_id,
                draft=await _fresh_draft(session, run.thread_id),
                focus_symbol=request.focus_symbol,
                now=now,
            )
            await runs.add_message(
                session,
                message_id=parts.ids.new("msg"),
                thread_id=run.thread_id,
                run_id=run.run_id,
                role="user",
                content=run.message,
                at=now,
            )
        return context

    async def _store_woken(
        self, session: Session, person: Principal, decision: CardDecision, run_id: str | None
    ) -> RunRecord:
        """Write down, with the decision itself, the run that carries it out."""
        parts = self._parts
        origin = await runs.find_run(session, decision.card.run_id)
        if origin is None:
            raise NotFound(f"the turn of card {decision.card.id} is gone")
        run = replace(
            origin,
            run_id=run_id or parts.ids.new("run"),
            user_id=person.user_id,
            origin_run_id=origin.origin_run_id or origin.run_id,
            status="RUNNING",
            outcome=None,
            created_at=parts.clock.now(),
            finished_at=None,
        )
        if not await runs.add_run(session, run):
            raise Conflict(f"run {run_id} exists already", code="RUN_ID_TAKEN")
        return run

    def _wake(self, person: Principal, decision: CardDecision, run: RunRecord) -> None:
        origin = self._live.get((person.tenant_id, decision.card.run_id))
        turn = self._open(person.tenant_id, run)
        turn.executing = True
        context = self._context(person, turn)
        if decision.decision is not None and decision.decision_hash is not None:
            step = gate_step(APPROVAL_STAGE, decision.decision_hash, decision.decision.policy_hash)
            context.workspace.steps.append(step)
        command: Command[None] = Command(resume=_resumption(decision))

        async def work() -> TurnResult:
            # A fast hand approves before the turn that showed the card has fallen asleep.
            if origin is not None and origin.task is not None:
                await asyncio.wait([origin.task])
            return await self._invoke(person, turn, context, command)

        self._begin(person, turn, work)

    async def _invoke(
        self,
        person: Principal,
        turn: LiveTurn,
        context: TurnContext,
        given: Any,
        request: TurnRequest | None = None,
    ) -> TurnResult:
        """Run the graph, a fresh turn's after its message was read, and end the turn somehow."""
        parts = self._parts
        origin = turn.run.origin_run_id or turn.run.run_id
        config: Any = {
            "configurable": {"thread_id": f"{person.tenant_id}:{origin}"},
            "recursion_limit": RECURSION_LIMIT,
        }
        state: TurnState = {}
        try:
            if request is not None:
                read = await self._read(person, turn, request)
                context = replace(context, parse_context=read)
            answer = await parts.graph.ainvoke(given, config, context=context, durability="exit")
            state = cast(TurnState, answer)
        except asyncio.CancelledError:
            state = {
                "outcome": TurnOutcome.CANCELLED,
                "error_code": "RUN_CANCELLED",
                "explanations": ["You stopped this turn; nothing was sent."],
            }
        except ToolDenied as denied:
            state = failed_state(state, denied.code, f"Your roles do not allow this: {denied}.")
            state["outcome"] = TurnOutcome.DENIED
        except AppError as error:
            state = failed_state(state, error.code, f"{error.message}. {error.remedy}")
        except Exception as error:  # noqa: BLE001 # edge: every turn is traced, broken ones too
            log.exception("turn_failed", run_id=turn.run.run_id, error=type(error).__name__)
            state = failed_state(state, "INTERNAL", STEP_FAILED)
        turn.ending = True
        return await self._finish(person.tenant_id, turn, state, context.toolbox, context.workspace)

    async def _finish(
        self,
        tenant_id: str,
        turn: LiveTurn,
        state: TurnState,
        toolbox: Toolbox,
        workspace: Workspace,
    ) -> TurnResult:
        """Store the trace, messages, draft and last events in one commit, then show them."""
        parts, run = self._parts, turn.run
        now = parts.clock.now()
        outcome = TurnOutcome(state.get("outcome", TurnOutcome.FAILED))
        turns_total.labels(outcome.value).inc()
        if not turn.events.texts:
            turn.events.said(" ".join(state.get("explanations", [])))
        async with turn.log.writing:
            async with parts.database.tenant(tenant_id) as session:
                earlier = await traces.latest_trace(session, run.decision_id)
                end = TurnEnd(
                    state=state,
                    tools_called=toolbox.calls,
                    steps=workspace.steps,
                    context={},
                    ended_at=now,
                )
                sent = await _sent_before(session, run, earlier)
                trace = build_trace(run, tenant_id, end, earlier, sent)
                if run.origin_run_id is None and outcome in BROKEN:
                    await cards.void_pending(session, run_id=run.run_id, at=now)
                await traces.add_trace(session, trace, at=now)
                for message_id, text in turn.events.texts:
                    await runs.add_message(
                        session,
                        message_id=message_id,
                        thread_id=run.thread_id,
                        run_id=run.run_id,
                        role="assistant",
                        content=text,
                        at=now,
                    )
                if run.origin_run_id is None:
                    draft = state.get("draft")
                    await runs.set_thread_draft(
                        session,
                        thread_id=run.thread_id,
                        draft=None if draft is None else canonical_json(draft),
                        at=now,
                    )
                await runs.finish_run(
                    session, run_id=run.run_id, status="FINISHED", outcome=outcome, at=now
                )
                await self._last_events(session, turn, trace, outcome)
                batch = await turn.log.store(session)
            await turn.log.show(batch)
        return TurnResult(
            run=run,
            trace=trace,
            cards=tuple(turn.events.cards),
            message=" ".join(text for _, text in turn.events.texts),
        )

    async def _last_events(
        self, session: Session, turn: LiveTurn, trace: DecisionTrace, outcome: TurnOutcome
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

    async def _stored_result(self, tenant_id: str, run_id: str) -> TurnResult:
        async with self._parts.database.tenant(tenant_id) as session:
            run = await runs.find_run(session, run_id)
            trace = None if run is None else await traces.latest_trace(session, run.decision_id)
            shown = await cards.run_cards(session, run_id)
        if run is None or trace is None:
            raise NotFound(f"run {run_id} has no trace")
        return TurnResult(
            run=run,
            trace=trace,
            cards=tuple(record.card for record in shown),
            message=" ".join(trace.explanations),
        )

    async def _woken_run(self, person: Principal, card_id: str) -> RunRecord | None:
        """Return the run that an earlier decision on the card woke."""
        async with self._parts.database.tenant(person.tenant_id) as session:
            record = await cards.find_card(session, card_id)
            if record is None:
                return None
            return await runs.run_resumed_from(session, record.card.run_id)

    def _context(self, person: Principal, turn: LiveTurn) -> TurnContext:
        parts, run = self._parts, turn.run
        caller = Caller(
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            roles=person.roles,
            account_id=run.account_id,
            thread_id=run.thread_id,
            run_id=run.run_id,
            decision_id=run.decision_id,
        )
        now = parts.clock.now()
        return TurnContext(
            caller=caller,
            now=now,
            parser=parts.parser,
            parse_context=ParseContext(now=now),
            directory=parts.directory,
            accounts=parts.views,
            quotes=parts.views,
            proposer=parts.proposals,
            submitter=parts.submission,
            canceller=parts.submission,
            cards=parts.proposals,
            toolbox=Toolbox(scopes_of(person.roles), parts.microseconds),
            events=turn.events,
            defaults=parts.defaults,
        )


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


async def _account_id(session: Session, wanted: str | None) -> str:
    if wanted is not None:
        if await accounts.find_account(session, wanted) is None:
            raise NotFound(f"there is no account {wanted}")
        return wanted
    found = await accounts.list_accounts(session)
    if not found:
        raise Unprocessable("there is no account to trade in", code="ACCOUNT_MISSING")
    return found[0].account_id


async def _same_run(session: Session, run: RunRecord) -> RunRecord:
    earlier = await runs.find_run(session, run.run_id)
    if earlier is None or (earlier.user_id, earlier.message) != (run.user_id, run.message):
        raise Conflict(f"run {run.run_id} exists already", code="RUN_ID_TAKEN")
    return earlier


async def _sent_before(
    session: Session, run: RunRecord, earlier: DecisionTrace | None
) -> list[SubmittedOrder]:
    """Return the stored orders of the plan that a woken turn carries out."""
    if run.origin_run_id is None or earlier is None or earlier.plan_id is None:
        return []
    return [submitted_order(order) for order in await orders.plan_orders(session, earlier.plan_id)]


async def _fresh_draft(session: Session, thread_id: str) -> Draft | None:
    draft = await runs.thread_draft(session, thread_id)
    try:
        return None if draft is None else Draft.model_validate(draft)
    except ValidationError:
        # Kept by a release that wrote drafts otherwise; the person says it again.
        return None


def _resumption(decision: CardDecision) -> Resumption:
    refusal = decision.refusal
    return {
        "card_id": decision.card.id,
        "refusal": (
            None
            if refusal is None
            else {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy}
        ),
        "decision": (
            None if decision.decision is None else decision.decision.model_dump(mode="json")
        ),
    }
