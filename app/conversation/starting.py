"""Begin turns: what is asked for, and the run that is written down before anything is done."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from adapters.ports import IdFactory
from agents.intent.model import Draft
from app.errors import Conflict, NotFound, Unprocessable
from app.identity.principal import Principal
from app.persistence import accounts, cards, files, runs
from app.persistence.database import Session
from app.persistence.runs import RunRecord
from riskgate.contracts.cards import Card, CardStatus
from riskgate.contracts.instruments import InstrumentRef
from tools.ports import Relay


@dataclass(frozen=True, kw_only=True)
class TurnRequest:
    """One message. Ids are the client's own where it has them. Without a `relay` the words are the
    person's own. `focus_symbol` is what the person chose in the page, never what anything wrote.
    `files` are the person's own files that the message is about."""

    message: str
    thread_id: str | None = None
    run_id: str | None = None
    account_id: str | None = None
    focus_symbol: InstrumentRef | None = None
    page: str | None = None
    files: tuple[str, ...] = ()
    relay: Relay | None = None


async def store_new(
    session: Session, ids: IdFactory, person: Principal, request: TurnRequest, *, at: datetime
) -> tuple[RunRecord, bool]:
    """Write a new run down, or return the one that has its id; and whether it is new.

    Raises NotFound for a foreign thread, account or file and Conflict for a reused run id.
    """
    account_id = await _account_id(session, request.account_id)
    run = RunRecord(
        run_id=request.run_id or ids.new("run"),
        thread_id=request.thread_id or ids.new("thr"),
        user_id=person.user_id,
        account_id=account_id,
        decision_id=ids.new("dec"),
        origin_run_id=None,
        message=request.message,
        status="RUNNING",
        outcome=None,
        created_at=at,
        finished_at=None,
    )
    if request.run_id is not None and await runs.find_run(session, run.run_id) is not None:
        return await _same_run(session, run), False
    owner = await runs.ensure_thread(
        session, thread_id=run.thread_id, user_id=person.user_id, at=at
    )
    if owner != person.user_id:
        raise NotFound(f"there is no thread {run.thread_id}")
    for file_id in request.files:
        await files.hold_named(session, file_id)
        if await files.find_file(session, file_id=file_id, user_id=person.user_id) is None:
            raise NotFound(f"there is no file {file_id}")
    if not await runs.add_run(session, run):
        return await _same_run(session, run), False
    await files.name_in_run(
        session, request.files, run_id=run.run_id, thread_id=run.thread_id, at=at
    )
    return run, True


async def fresh_draft(session: Session, thread_id: str, *, at: datetime) -> Draft | None:
    """Return the request that a thread waits to complete, or that its card waits for.

    What a card shows can be changed only while nobody has decided on it: changing it later would
    be a second order.
    """
    stored = await runs.thread_draft(session, thread_id)
    try:
        draft = None if stored is None else Draft.model_validate(stored)
    except ValidationError:
        # Kept by a release that wrote drafts otherwise; the person says it again.
        return None
    if draft is None or draft.card_id is None:
        return draft
    record = await cards.find_card(session, draft.card_id)
    return draft if record is not None and _waits(record.card, at) else None


def _waits(card: Card, at: datetime) -> bool:
    in_time = card.expires_at is None or at < card.expires_at
    return card.status is CardStatus.PENDING and in_time


async def _account_id(session: Session, wanted: str | None) -> str:
    if wanted is not None:
        if await accounts.find_account(session, wanted) is None:
            known = ", ".join(each.account_id for each in await accounts.list_accounts(session))
            raise NotFound(f"there is no account {wanted}; there is {known or 'none'}")
        return wanted
    found = await accounts.list_accounts(session)
    if not found:
        raise Unprocessable("there is no account to trade in", code="ACCOUNT_MISSING")
    return found[0].account_id


async def _same_run(session: Session, run: RunRecord) -> RunRecord:
    earlier = await runs.find_run(session, run.run_id)
    said = (run.user_id, run.account_id, run.message)
    if earlier is None or (earlier.user_id, earlier.account_id, earlier.message) != said:
        raise Conflict(f"run {run.run_id} exists already", code="RUN_ID_TAKEN")
    return earlier
