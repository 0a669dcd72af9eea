"""Run turns: each is a task that outlives the request that asked for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias, cast

from langgraph.types import Command

from adapters.ports import Clock, IdFactory
from agents.context import Defaults, TurnContext
from agents.graph import TurnGraph
from agents.insights.writer import Writer
from agents.intent.model import ParseContext
from agents.reading.model_port import NoModel, TurnModels
from agents.reading.reader import MessageReader
from agents.state import TurnState
from app.approvals.rules import Approver
from app.conversation import agui_events
from app.conversation.agui_events import AguiTurnEvents
from app.conversation.authorising import authorised_card
from app.conversation.ending import LiveTurn, TurnResult, finish
from app.conversation.event_log import POLL_S, EventLog, NumberedEvent, follow_stored
from app.conversation.expiring import ExpiringCards
from app.conversation.reading import parse_context
from app.conversation.starting import TurnRequest, fresh_draft, store_new
from app.conversation.steering import (
    CancellerOf,
    its_turn,
    only_stops,
    stopped_state,
    stopping_state,
    take_turn,
)
from app.conversation.tracing import failed_state, shown_words
from app.conversation.waking import resumption, woken_run
from app.conversation.withdrawing import Withdrawals
from app.errors import AppError, Conflict, NotFound
from app.identity.principal import Principal
from app.persistence import cards, runs, traces
from app.persistence.cards import CardRecord
from app.persistence.database import Database, Session
from app.persistence.plans import APPROVAL_STAGE
from app.persistence.runs import RunRecord
from app.pipeline.decisions import CardDecision, CardDecisions
from app.pipeline.proposals import Proposals, gate_step
from app.pipeline.submission import Submission
from app.pipeline.views import AccountViews
from app.stopping import stop_tasks
from app.telemetry import log
from riskgate.contracts.cards import CardStatus
from riskgate.contracts.intents import ProvenanceSource
from riskgate.contracts.traces import TurnOutcome
from tools.ports import Caller, FileReader, InsightReader, InstrumentDirectory, RecordReader, Relay
from tools.registry import Toolbox, ToolDenied
from tools.scopes import Scope, scopes_of

RECURSION_LIMIT = 40
BY_MESSAGE = "channel: message"
# What a turn in which a program passes on the words cannot do.
ACTING = frozenset({Scope.ORDERS_SUBMIT})
# How long an answer waits for a turn that nobody in this process works on.
RESULT_LOOKS = 20
STALE_AFTER = timedelta(seconds=60)
STOPPED = "The server stopped during this turn. Look at the orders before asking again."
NOT_STORED = "The end of this turn was not stored. Look at the orders before asking again."
STEP_FAILED = "Something on our side went wrong; nothing more was done in this turn."


class RunInProgress(Conflict):
    """The turn has not ended, and how it ends is not known here yet."""

    code = "RUN_IN_PROGRESS"
    remedy = "Follow the run at /api/v1/runs/{run_id}/events, or send the same request again."


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What every turn uses."""

    database: Database
    graph: TurnGraph
    reader: MessageReader
    models: TurnModels
    directory: InstrumentDirectory
    views: AccountViews
    proposals: Proposals
    submission: Submission
    decisions: CardDecisions
    records: RecordReader
    insights: InsightReader
    files: FileReader
    writer: Writer | None
    defaults: Defaults
    clock: Clock
    ids: IdFactory
    microseconds: Callable[[], int]


Work: TypeAlias = Callable[[], Awaitable["TurnResult"]]


class Conversation:
    """Starts, wakes, streams and cancels turns."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._live: dict[tuple[str, str], LiveTurn] = {}
        self.expiring = ExpiringCards(database=parts.database, clock=parts.clock, ids=parts.ids)

    async def start(self, person: Principal, request: TurnRequest) -> RunRecord:
        """Store a turn and begin it. A repeated run id returns the turn it names already.

        Raises NotFound for a foreign thread or account and Conflict for a reused run id.
        """
        async with self._parts.database.tenant(person.tenant_id) as session:
            run, is_new = await store_new(
                session, self._parts.ids, person, request, at=self._parts.clock.now()
            )
        if not is_new:
            return run
        turn = self._open(person.tenant_id, run)
        turn.relay = request.relay
        take_turn(turn, self._live.values())
        given = {"message": run.message}
        context = self._context(person, turn, request.relay)
        self._begin(person, turn, lambda: self._say(person, turn, context, given, request))
        return run

    async def decide(
        self,
        person: Principal,
        card_id: str,
        *,
        approve: bool,
        comment: str | None,
        run_id: str | None = None,
        acknowledge_risk: bool = False,
        own_word: bool = False,
    ) -> tuple[CardDecision, RunRecord | None]:
        """Take a person's word on a card and wake the turn that waits for it.

        Returns the decision and the new run, or None where nothing was woken: the card stays
        pending (the broker is down), or it was decided before. A repeated run id returns the run
        that this same word woke.
        """
        parts = self._parts
        same = await self._same_word(person, card_id, run_id, approve=approve)
        if same is not None:
            return same
        by = Approver(user_id=person.user_id, roles=person.roles)
        act = parts.decisions.reject
        if approve:
            act = partial(
                parts.decisions.approve, acknowledge_risk=acknowledge_risk, own_word=own_word
            )
        woken: list[RunRecord] = []

        async def wake(session: Session, decision: CardDecision) -> None:
            woken.append(await self._store_woken(session, person, decision, run_id))

        decision = await act(person.tenant_id, card_id, by=by, comment=comment, wake=wake)
        if not woken:
            return decision, await self._woken_run(person, card_id)
        self._wake(person, decision, woken[0])
        return decision, woken[0]

    async def _reject(self, person: Principal, card_id: str, comment: str) -> None:
        await self.decide(person, card_id, approve=False, comment=comment)

    async def result(self, person: Principal, run: RunRecord) -> TurnResult:
        """Wait for a turn to end and return what it came to.

        Raises RunInProgress when a turn that is not worked on here does not end soon.
        """
        for _ in range(RESULT_LOOKS):
            live = self._live.get((person.tenant_id, run.run_id))
            if live is not None and live.task is not None:
                return await asyncio.shield(live.task)
            result = await self._stored_result(person.tenant_id, run.run_id)
            if result is not None:
                return result
            await asyncio.sleep(POLL_S)
        raise RunInProgress(f"run {run.run_id} has not ended yet")

    async def follow(
        self, person: Principal, run_id: str, *, after: int
    ) -> AsyncIterator[NumberedEvent]:
        """Yield a run's events after a number, live or stored. The caller checked its owner.

        Where the run's own message was the approval, those of the run that carries it out follow.
        """
        live = self._live.get((person.tenant_id, run_id))
        if live is not None:
            source = live.log.follow(after)
        else:
            source = follow_stored(self._parts.database, person.tenant_id, run_id, after)
        async for event in source:
            yield event
        if live is not None:
            await live.settled.wait()
            carried_on = live.carried_on
        else:
            carried_on = await self.carried_on(person, run_id)
        if carried_on is None:
            return
        async for event in self.follow(person, carried_on.run_id, after=0):
            yield replace(event, run_id=carried_on.run_id)

    async def carried_on(self, person: Principal, run_id: str) -> RunRecord | None:
        """Return the run in which a run's own message was carried out, None for a card that waits
        or that a person decided on."""
        async with self._parts.database.tenant(person.tenant_id) as session:
            shown = await cards.run_cards(session, run_id)
            if not any(_by_message(record) for record in shown):
                return None
            return await runs.run_resumed_from(session, run_id)

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
        if live is None or live.task is None or live.ending or live.stopped:
            raise Conflict("the run has ended already", code="RUN_ENDED")
        if not live.can_be_stopped:
            raise Conflict(
                "the run is sending approved orders and cannot be stopped half-way",
                code="RUN_EXECUTING",
                remedy="Wait for its result; use the kill switch to stop further orders.",
            )
        live.stop()
        return run

    async def close(self) -> None:
        """Wait for every turn that is being worked on."""
        tasks = [live.task for live in self._live.values() if live.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def end_interrupted(self, tenant_id: str) -> int:
        """After a start: end the turns that a stopped process left running; return how many."""
        left = await self._running(tenant_id)
        for run in left:
            await self._end(tenant_id, run, STOPPED)
        return len(left)

    async def end_stale(self, tenant_id: str) -> int:
        """End old turns that nobody works on: their end could not be stored; return how many."""
        before = self._parts.clock.now() - STALE_AFTER
        left = [
            run
            for run in await self._running(tenant_id)
            if run.created_at < before and (tenant_id, run.run_id) not in self._live
        ]
        for run in left:
            await self._end(tenant_id, run, NOT_STORED)
        return len(left)

    async def _running(self, tenant_id: str) -> list[RunRecord]:
        async with self._parts.database.tenant(tenant_id) as session:
            return await runs.running_runs(session)

    async def _end(self, tenant_id: str, run: RunRecord, message: str) -> None:
        """End a turn of which no more is known than what is stored."""
        parts, turn = self._parts, self._turn(tenant_id, run)
        async with parts.database.tenant(tenant_id) as session:
            stored = await runs.last_seq(session, run.run_id)
        turn.log.stored = [NumberedEvent(number, "", "") for number in range(1, stored + 1)]
        state = failed_state({}, "RUN_INTERRUPTED", message)
        await finish(parts.database, parts.clock, turn, state)

    def _turn(self, tenant_id: str, run: RunRecord) -> LiveTurn:
        parts = self._parts
        log_ = EventLog(tenant_id, run.run_id, parts.database, parts.clock)
        return LiveTurn(run=run, log=log_, events=AguiTurnEvents(log_, parts.ids))

    def _open(self, tenant_id: str, run: RunRecord) -> LiveTurn:
        turn = self._live[(tenant_id, run.run_id)] = self._turn(tenant_id, run)
        return turn

    def _begin(self, person: Principal, turn: LiveTurn, work: Work) -> None:
        turn.log.emit(agui_events.started(turn.run.thread_id, turn.run.run_id))
        turn.task = asyncio.create_task(self._work(person, turn, work))

    async def _work(self, person: Principal, turn: LiveTurn, work: Work) -> TurnResult:
        writer = asyncio.create_task(turn.log.write_until_finished())
        try:
            return await work()
        finally:
            await stop_tasks([writer])
            await turn.log.abandon()
            turn.settled.set()
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
                draft=await fresh_draft(session, run.thread_id, at=now),
                thread_id=run.thread_id,
                run_id=run.run_id,
                user_id=run.user_id,
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
        live = self._live.get((person.tenant_id, decision.card.run_id))
        if live is not None:
            # A turn that was stopped has nothing to carry out, and one decided on is not stopped.
            if live.stopped:
                raise Conflict("the turn of this card was stopped", code="RUN_ENDED")
            live.decided = True
        origin = await runs.find_run(session, decision.card.run_id)
        if origin is None:
            raise NotFound(f"the turn of card {decision.card.id} is gone")
        run = woken_run(
            origin,
            run_id=run_id or parts.ids.new("run"),
            user_id=person.user_id,
            at=parts.clock.now(),
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
        command: Command[None] = Command(resume=resumption(decision))

        async def work() -> TurnResult:
            # A fast hand approves before the turn that showed the card has fallen asleep.
            if origin is not None and origin.task is not None and not origin.asleep:
                await asyncio.wait([origin.task])
            return await self._invoke(person, turn, context, command)

        self._begin(person, turn, work)

    async def _say(
        self,
        person: Principal,
        turn: LiveTurn,
        context: TurnContext,
        given: Any,
        request: TurnRequest,
    ) -> TurnResult:
        """Run a fresh turn, and carry its plan out where the message itself was the approval."""
        result = await self._invoke(person, turn, context, given, request)
        turn.asleep = True
        # INVARIANT: words that a program passed on are nobody's approval.
        if request.relay is not None:
            return result
        card_id = await authorised_card(self._parts.database, person, turn, result)
        if card_id is None:
            return result
        try:
            _decision, run = await self.decide(
                person, card_id, approve=True, comment=BY_MESSAGE, own_word=True
            )
        except AppError as refused:
            log.warning("own_word_refused", card_id=card_id, code=refused.code)
            return result
        if run is None:
            return result
        turn.carried_on = run
        turn.settled.set()
        return await self.result(person, run)

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
        config = _graph_config(person.tenant_id, turn.run)
        state: TurnState = {}
        try:
            if turn.stopped:
                raise asyncio.CancelledError
            turn.working = True
            if request is not None:
                await its_turn(turn)
                read = await self._read(person, turn, request)
                turn.whole, turn.page = read.draft is None, request.page
                context = replace(context, parse_context=read, page=request.page)
                if request.relay is None:
                    # A model is shown the person's own words, never a program's.
                    model = await parts.models.for_turn(context.caller)
                    context = replace(context, model=model)
                if request.account_id is not None:
                    context = replace(context, account_source=ProvenanceSource.UI)
            if only_stops(turn):
                state = stopping_state()
            else:
                state = await self._through(given, config, context)
            # A cancellation can be lost on its way; what was stopped ends as stopped.
            if turn.stopped:
                raise asyncio.CancelledError
                turn.whole = turn.whole or _said_afresh(context.parse_context, state)
        except asyncio.CancelledError:
            state = stopped_state(turn)
        except ToolDenied as denied:
            state = failed_state(state, denied.code, f"Your roles do not allow this: {denied}.")
            state["outcome"] = TurnOutcome.DENIED
        except AppError as error:
            state = failed_state(state, error.code, f"{error.message}. {error.remedy}")
        except Exception as error:  # noqa: BLE001 # edge: every turn is traced, broken ones too
            log.exception("turn_failed", run_id=turn.run.run_id, error=type(error).__name__)
            state = failed_state(state, "INTERNAL", STEP_FAILED)
        turn.ending = True
        return await finish(
            parts.database,
            parts.clock,
            turn,
            state,
            tools_called=context.toolbox.calls,
            steps=context.workspace.steps,
            models_called=context.model.calls,
        )

    async def _through(self, given: Any, config: Any, context: TurnContext) -> TurnState:
        graph = self._parts.graph
        answer = await graph.ainvoke(given, config, context=context, durability="exit")
        return cast(TurnState, answer)

    async def _stored_result(self, tenant_id: str, run_id: str) -> TurnResult | None:
        """Return what an ended turn came to; a woken one's decision has its origin's trace
        until then, which says nothing of it."""
        async with self._parts.database.tenant(tenant_id) as session:
            run = await runs.find_run(session, run_id)
            if run is not None and run.status == "RUNNING":
                return None
            trace = None if run is None else await traces.latest_trace(session, run.decision_id)
            shown = await cards.run_cards(session, run_id)
        if run is None or trace is None:
            raise NotFound(f"run {run_id} has no trace")
        return TurnResult(
            run=run,
            trace=trace,
            cards=tuple(record.card for record in shown),
            message=shown_words(trace),
        )

    async def _same_word(
        self, person: Principal, card_id: str, run_id: str | None, *, approve: bool
    ) -> tuple[CardDecision, RunRecord] | None:
        """Return the decision and the run of an earlier request with the same run id."""
        if run_id is None:
            return None
        async with self._parts.database.tenant(person.tenant_id) as session:
            record = await cards.find_card(session, card_id)
            run = await runs.find_run(session, run_id)
        if record is None or run is None or record.card.status is CardStatus.PENDING:
            return None
        was_rejected = record.card.status is CardStatus.REJECTED
        woke_it = (run.user_id, run.origin_run_id) == (person.user_id, record.card.run_id)
        if not woke_it or was_rejected is approve:
            return None
        approved = record.card.status is CardStatus.APPROVED
        return CardDecision(card=record.card, approved=approved, repeated=True), run

    async def _woken_run(self, person: Principal, card_id: str) -> RunRecord | None:
        """Return the run that an earlier decision on the card woke."""
        async with self._parts.database.tenant(person.tenant_id) as session:
            record = await cards.find_card(session, card_id)
            if record is None:
                return None
            return await runs.run_resumed_from(session, record.card.run_id)

    def _context(
        self, person: Principal, turn: LiveTurn, relay: Relay | None = None
    ) -> TurnContext:
        parts, run = self._parts, turn.run
        scopes = scopes_of(person.roles)
        caller = Caller(
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            roles=person.roles,
            account_id=run.account_id,
            thread_id=run.thread_id,
            run_id=run.run_id,
            decision_id=run.decision_id,
            relay=relay,
        )
        now = parts.clock.now()
        return TurnContext(
            caller=caller,
            account_source=ProvenanceSource.POLICY_DEFAULT,
            now=now,
            reader=parts.reader,
            model=NoModel(),
            parse_context=ParseContext(now=now),
            directory=parts.directory,
            accounts=parts.views,
            quotes=parts.views,
            proposer=parts.proposals,
            submitter=parts.submission,
            canceller=CancellerOf(parts.submission, turn),
            cards=parts.proposals,
            withdrawer=Withdrawals(partial(self._reject, person)),
            records=parts.records,
            insights=parts.insights,
            files=parts.files,
            writer=parts.writer,
            toolbox=Toolbox(scopes if relay is None else scopes - ACTING, parts.microseconds),
            events=turn.events,
            defaults=parts.defaults,
        )


def _said_afresh(read: ParseContext, state: TurnState) -> bool:
    """Say whether a message beside a waiting card changed nothing of it: it is whole by itself."""
    draft = read.draft
    waits = draft is not None and draft.card_id is not None and not draft.missing
    return waits and state.get("supersedes") is None


def _graph_config(tenant_id: str, run: RunRecord) -> Any:
    """Name the checkpoint of a turn, which is that of the turn it resumes."""
    return {
        "configurable": {"thread_id": f"{tenant_id}:{run.origin_run_id or run.run_id}"},
        "recursion_limit": RECURSION_LIMIT,
    }


def _by_message(record: CardRecord) -> bool:
    return record.card.status is CardStatus.APPROVED and record.comment == BY_MESSAGE
