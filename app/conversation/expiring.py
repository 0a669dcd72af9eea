"""A card whose time is over ends the turn that waits for it, in one commit with the card."""

from datetime import datetime, timedelta
from typing import Final, cast

from adapters.ports import Clock, IdFactory
from agents.state import TurnState, refused
from app.approvals.expiry import expire
from app.conversation import agui_events
from app.conversation.agui_events import AguiTurnEvents
from app.conversation.ending import LiveTurn, end_in
from app.conversation.event_log import EventLog
from app.conversation.waking import woken_run
from app.persistence import cards, runs, traces
from app.persistence.cards import CardRecord
from app.persistence.database import Database, Session
from app.persistence.runs import RunRecord
from app.pipeline.submission import NOT_APPROVED
from app.telemetry import turns_total
from riskgate.contracts.cards import CardStatus
from riskgate.contracts.traces import DecisionTrace, TurnOutcome

# A turn that is still showing its card goes first: its trace is what this one continues.
LOOK_AGAIN: Final = timedelta(seconds=1)
REMEDY: Final = "Ask for the trade again if you want it."


class ExpiringCards:
    """Ends cards that nobody decided on in time, and the turns that wait for them."""

    def __init__(self, *, database: Database, clock: Clock, ids: IdFactory) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def look(self, tenant_id: str, card_id: str) -> timedelta | None:
        """End the card if its time is over; return in what time to look again, None for never.

        Nothing can be sent for such a card, so the graph of its turn is not run: what it would
        say is known, and a process that stops can leave nothing half done.
        """
        at = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            if await _is_being_shown(session, card_id):
                return LOOK_AGAIN
            found = await expire(session, card_id, at=at)
            told = found.ended is not None and await self._tell(session, found.ended, at)
        if told:
            turns_total.labels(TurnOutcome.NOT_EXECUTED.value).inc()
        return found.left

    async def _tell(self, session: Session, record: CardRecord, at: datetime) -> bool:
        """Store the end of the turn that waits for a card: run, trace, words and events."""
        origin = await runs.find_run(session, record.card.run_id)
        earlier = None
        if origin is not None:
            earlier = await traces.latest_trace(session, origin.decision_id)
        if origin is None or earlier is None:
            return False
        if earlier.final_outcome is not TurnOutcome.AWAITING_APPROVAL:
            return False
        run = woken_run(origin, run_id=self._ids.new("run"), user_id=origin.user_id, at=at)
        await runs.add_run(session, run)
        await end_in(session, self._turn(session.tenant_id, run), _too_late(earlier), at=at)
        return True

    def _turn(self, tenant_id: str, run: RunRecord) -> LiveTurn:
        log = EventLog(tenant_id, run.run_id, self._database, self._clock)
        log.emit(agui_events.started(run.thread_id, run.run_id))
        return LiveTurn(run=run, log=log, events=AguiTurnEvents(log, self._ids))


async def _is_being_shown(session: Session, card_id: str) -> bool:
    record = await cards.find_card(session, card_id)
    if record is None or record.card.status is not CardStatus.PENDING:
        return False
    origin = await runs.find_run(session, record.card.run_id)
    return origin is not None and origin.status == "RUNNING"


def _too_late(earlier: DecisionTrace) -> TurnState:
    """Return the state of a turn whose card expired, with what it had found out before."""
    code, message = NOT_APPROVED[CardStatus.EXPIRED]
    judged = earlier.riskgate_result
    return cast(
        TurnState,
        {
            "inputs_used": earlier.inputs_used.model_dump(mode="json", exclude={"context"}),
            "plan_id": earlier.plan_id,
            "plan_hash": earlier.plan_hash,
            "decision": None if judged is None else judged.model_dump(mode="json"),
            "orders": [],
            **refused(TurnOutcome.NOT_EXECUTED, code, message, REMEDY),
        },
    )
