"""Threads, turns (runs), their events and messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from app.persistence.database import Row, Session
from riskgate.contracts.orders import FINAL_ORDER_STATES

SELECT_RUN: LiteralString = (
    "SELECT run_id, thread_id, user_id, account_id, decision_id, origin_run_id, message,"
    " status, outcome, created_at, finished_at FROM runs"
)


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One turn. `origin_run_id` is the turn this one resumes, None for a fresh one."""

    run_id: str
    thread_id: str
    user_id: str
    account_id: str
    decision_id: str
    origin_run_id: str | None
    message: str
    status: str
    outcome: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class StoredEvent:
    """One event of a run; `seq` counts from 1 without gaps."""

    seq: int
    event: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class MessageRecord:
    message_id: str
    role: str
    content: str


async def ensure_thread(session: Session, *, thread_id: str, user_id: str, at: datetime) -> str:
    """Create the thread if it is new; return the user it belongs to."""
    await session.execute(
        "INSERT INTO threads (tenant_id, thread_id, user_id, created_at, updated_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (session.tenant_id, thread_id, user_id, at, at),
    )
    row = await session.fetch_one(
        "SELECT user_id FROM threads WHERE tenant_id = %s AND thread_id = %s",
        (session.tenant_id, thread_id),
    )
    return str(row["user_id"]) if row else user_id


async def thread_draft(session: Session, thread_id: str) -> dict[str, Any] | None:
    """Return the unfinished request that the thread waits to complete."""
    row = await session.fetch_one(
        "SELECT draft FROM threads WHERE tenant_id = %s AND thread_id = %s",
        (session.tenant_id, thread_id),
    )
    return dict(row["draft"]) if row and row["draft"] else None


async def set_thread_draft(
    session: Session, *, thread_id: str, draft: str | None, at: datetime
) -> None:
    await session.execute(
        "UPDATE threads SET draft = %s::jsonb, updated_at = %s"
        " WHERE tenant_id = %s AND thread_id = %s",
        (draft, at, session.tenant_id, thread_id),
    )


async def add_run(session: Session, run: RunRecord) -> bool:
    """Store a run, the newest thing in its thread; False when the tenant has one of this id."""
    touched = await session.execute(
        "WITH newest AS (UPDATE threads SET updated_at = greatest(updated_at, %s)"
        " WHERE tenant_id = %s AND thread_id = %s)"
        " INSERT INTO runs (tenant_id, run_id, thread_id, user_id, account_id, decision_id,"
        " origin_run_id, message, status, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            run.created_at,
            session.tenant_id,
            run.thread_id,
            session.tenant_id,
            run.run_id,
            run.thread_id,
            run.user_id,
            run.account_id,
            run.decision_id,
            run.origin_run_id,
            run.message,
            run.status,
            run.created_at,
        ),
    )
    return touched == 1


async def earlier_request(
    session: Session, *, run: RunRecord, since: datetime, at: datetime
) -> Row | None:
    """Return when, as what and with which status the run's own words already led to a trade that
    waits for its person or has something at the broker; None when they did not."""
    return await session.fetch_one(
        "SELECT r.created_at, c.body ->> 'title' AS title, c.status FROM runs r"
        " JOIN cards c USING (tenant_id, run_id)"
        " WHERE r.tenant_id = %s AND r.user_id = %s AND r.account_id = %s AND r.run_id <> %s"
        " AND r.created_at > %s AND c.plan_id IS NOT NULL"
        " AND lower(regexp_replace(btrim(r.message), '\\s+', ' ', 'g')) = %s"
        " AND (c.status = 'PENDING' AND c.expires_at > %s OR c.status = 'APPROVED' AND EXISTS ("
        "SELECT 1 FROM orders o WHERE o.tenant_id = c.tenant_id AND o.plan_id = c.plan_id"
        " AND (o.filled_quantity > 0 OR NOT (o.state = ANY(%s)))))"
        " ORDER BY r.created_at DESC LIMIT 1",
        (
            session.tenant_id,
            run.user_id,
            run.account_id,
            run.run_id,
            since,
            " ".join(run.message.lower().split()),
            at,
            [state.value for state in FINAL_ORDER_STATES],
        ),
    )


async def find_run(session: Session, run_id: str) -> RunRecord | None:
    row = await session.fetch_one(
        SELECT_RUN + " WHERE tenant_id = %s AND run_id = %s",
        (session.tenant_id, run_id),
    )
    return RunRecord(**row) if row else None


async def running_runs(session: Session) -> list[RunRecord]:
    """Return the turns that never ended: what a killed process left behind."""
    rows = await session.fetch_all(
        SELECT_RUN + " WHERE tenant_id = %s AND status = 'RUNNING' ORDER BY created_at",
        (session.tenant_id,),
    )
    return [RunRecord(**row) for row in rows]


async def finish_run(
    session: Session, *, run_id: str, status: str, outcome: str, at: datetime
) -> bool:
    """End a running turn once; False when it had ended already."""
    touched = await session.execute(
        "UPDATE runs SET status = %s, outcome = %s, finished_at = %s"
        " WHERE tenant_id = %s AND run_id = %s AND status = 'RUNNING'",
        (status, outcome, at, session.tenant_id, run_id),
    )
    return touched == 1


async def add_events(
    session: Session, *, run_id: str, events: Sequence[tuple[int, str]], at: datetime
) -> None:
    """Store numbered events; the number is the caller's.

    A number that is stored already is left alone: its commit went out, only the reply was lost.
    """
    await session.execute_many(
        "INSERT INTO run_events (tenant_id, run_id, seq, event, created_at)"
        " VALUES (%s, %s, %s, %s::jsonb, %s)"
        " ON CONFLICT (tenant_id, run_id, seq) DO NOTHING",
        [(session.tenant_id, run_id, seq, event, at) for seq, event in events],
    )


async def events_after(session: Session, *, run_id: str, after: int) -> list[StoredEvent]:
    rows = await session.fetch_all(
        "SELECT seq, event FROM run_events"
        " WHERE tenant_id = %s AND run_id = %s AND seq > %s ORDER BY seq",
        (session.tenant_id, run_id, after),
    )
    return [StoredEvent(**row) for row in rows]


async def last_seq(session: Session, run_id: str) -> int:
    row = await session.fetch_one(
        "SELECT coalesce(max(seq), 0) AS seq FROM run_events WHERE tenant_id = %s AND run_id = %s",
        (session.tenant_id, run_id),
    )
    return int(row["seq"]) if row else 0


async def add_message(
    session: Session,
    *,
    message_id: str,
    thread_id: str,
    run_id: str,
    role: str,
    content: str,
    at: datetime,
) -> None:
    await session.execute(
        "INSERT INTO messages (tenant_id, message_id, thread_id, run_id, role, content,"
        " created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (session.tenant_id, message_id, thread_id, run_id, role, content, at),
    )


async def thread_messages(session: Session, thread_id: str, *, limit: int) -> list[MessageRecord]:
    """Return the newest messages of a thread, oldest first."""
    rows = await session.fetch_all(
        "SELECT message_id, role, content FROM (SELECT message_id, role, content, created_at"
        " FROM messages WHERE tenant_id = %s AND thread_id = %s"
        " ORDER BY created_at DESC, message_id DESC LIMIT %s) newest ORDER BY created_at",
        (session.tenant_id, thread_id, limit),
    )
    return [MessageRecord(**row) for row in rows]


async def run_resumed_from(session: Session, origin_run_id: str) -> RunRecord | None:
    """Return the newest run that continued a turn."""
    row = await session.fetch_one(
        SELECT_RUN
        + " WHERE tenant_id = %s AND origin_run_id = %s ORDER BY created_at DESC LIMIT 1",
        (session.tenant_id, origin_run_id),
    )
    return RunRecord(**row) if row else None
