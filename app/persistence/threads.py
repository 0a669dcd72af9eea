"""Conversations as they are read again: whose they are, what was said, what was shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from app.persistence.cards import SELECT_CARD, CardRecord, card_record
from app.persistence.database import Session
from app.persistence.runs import SELECT_RUN, RunRecord

SELECT_THREAD: LiteralString = (
    "SELECT t.thread_id, t.created_at, t.updated_at, said.message AS first_words,"
    " said.account_id, EXISTS (SELECT 1 FROM runs r WHERE r.tenant_id = t.tenant_id"
    " AND r.thread_id = t.thread_id AND r.status = 'RUNNING') AS running"
    " FROM threads t JOIN LATERAL (SELECT r.message, r.account_id FROM runs r"
    " WHERE r.tenant_id = t.tenant_id AND r.thread_id = t.thread_id"
    " ORDER BY r.created_at, r.run_id LIMIT 1) said ON true"
)


@dataclass(frozen=True, kw_only=True)
class ThreadRecord:
    """One conversation. `account_id` is the account of its first turn."""

    thread_id: str
    created_at: datetime
    updated_at: datetime
    first_words: str
    account_id: str
    running: bool


@dataclass(frozen=True, kw_only=True)
class SaidRecord:
    """One message of a turn."""

    message_id: str
    run_id: str
    role: str
    content: str
    created_at: datetime


async def list_threads(
    session: Session, *, user_id: str, account_id: str | None, limit: int, offset: int
) -> list[ThreadRecord]:
    """Return a user's conversations, the one last talked in first."""
    rows = await session.fetch_all(
        SELECT_THREAD + " WHERE t.tenant_id = %s AND t.user_id = %s"
        " AND (%s::text IS NULL OR said.account_id = %s)"
        " ORDER BY t.updated_at DESC, t.thread_id LIMIT %s OFFSET %s",
        (session.tenant_id, user_id, account_id, account_id, limit, offset),
    )
    return [ThreadRecord(**row) for row in rows]


async def find_thread(session: Session, *, thread_id: str, user_id: str) -> ThreadRecord | None:
    """Return a conversation of this user's."""
    row = await session.fetch_one(
        SELECT_THREAD + " WHERE t.tenant_id = %s AND t.thread_id = %s AND t.user_id = %s",
        (session.tenant_id, thread_id, user_id),
    )
    return ThreadRecord(**row) if row else None


async def thread_runs(
    session: Session, thread_id: str, *, limit: int, offset: int
) -> list[RunRecord]:
    """Return the turns of a conversation, newest first."""
    rows = await session.fetch_all(
        SELECT_RUN + " WHERE tenant_id = %s AND thread_id = %s"
        " ORDER BY created_at DESC, run_id DESC LIMIT %s OFFSET %s",
        (session.tenant_id, thread_id, limit, offset),
    )
    return [RunRecord(**row) for row in rows]


async def said_in(session: Session, thread_id: str, run_ids: Sequence[str]) -> list[SaidRecord]:
    """Return the messages of some turns of a conversation, oldest first."""
    rows = await session.fetch_all(
        "SELECT message_id, run_id, role, content, created_at FROM messages"
        " WHERE tenant_id = %s AND thread_id = %s AND run_id = ANY(%s)"
        " ORDER BY created_at, message_id",
        (session.tenant_id, thread_id, list(run_ids)),
    )
    return [SaidRecord(**row) for row in rows]


async def shown_in(
    session: Session, thread_id: str, run_ids: Sequence[str], *, at: datetime
) -> list[CardRecord]:
    """Return the cards of some turns of a conversation, oldest first, each as it stands now."""
    rows = await session.fetch_all(
        SELECT_CARD + " WHERE tenant_id = %s AND thread_id = %s AND run_id = ANY(%s)"
        " ORDER BY created_at, card_id",
        (at, session.tenant_id, thread_id, list(run_ids)),
    )
    return [card_record(row) for row in rows]
