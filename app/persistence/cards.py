"""Cards and the one-way changes of their status."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from app.persistence.database import Row, Session
from riskgate.contracts.cards import Card, CardKind, CardStatus
from riskgate.hashing import canonical_json

# As it stands at a time, the first parameter.
SELECT_CARD: LiteralString = (
    "SELECT body, shown AS status, user_id, policy_hash, seal, decided_by, decided_at, comment"
    " FROM (SELECT *, CASE WHEN status = 'PENDING' AND expires_at <= %s THEN 'EXPIRED'"
    " ELSE status END AS shown FROM cards) cards"
)


@dataclass(frozen=True, kw_only=True)
class CardRecord:
    """A card as stored: what was shown, what it is bound to, and what was decided."""

    card: Card
    user_id: str
    policy_hash: str | None
    seal: str | None
    decided_by: str | None
    decided_at: datetime | None
    comment: str | None


async def add_card(
    session: Session,
    card: Card,
    *,
    user_id: str,
    policy_hash: str | None = None,
    seal: str | None = None,
) -> None:
    await session.execute(
        "INSERT INTO cards (tenant_id, card_id, run_id, thread_id, account_id, user_id, kind,"
        " status, plan_id, plan_hash, policy_hash, seal, body, created_at, expires_at)"
        " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb,%s,%s)",
        (
            session.tenant_id,
            card.id,
            card.run_id,
            card.thread_id,
            card.account_id,
            user_id,
            card.kind,
            card.status,
            card.plan_id,
            card.plan_hash,
            policy_hash,
            seal,
            canonical_json(card),
            card.created_at,
            card.expires_at,
        ),
    )


async def find_card(session: Session, card_id: str, *, lock: bool = False) -> CardRecord | None:
    """Return a card; with `lock` it is held for this transaction."""
    query = (
        "SELECT body, status, user_id, policy_hash, seal, decided_by, decided_at, comment"
        " FROM cards WHERE tenant_id = %s AND card_id = %s FOR UPDATE"
        if lock
        else "SELECT body, status, user_id, policy_hash, seal, decided_by, decided_at, comment"
        " FROM cards WHERE tenant_id = %s AND card_id = %s"
    )
    row = await session.fetch_one(query, (session.tenant_id, card_id))
    return card_record(row) if row else None


async def list_cards(
    session: Session,
    *,
    status: CardStatus | None,
    user_id: str | None,
    account_id: str | None,
    at: datetime,
    limit: int,
    offset: int,
    kind: CardKind | None = None,
) -> list[CardRecord]:
    rows = await session.fetch_all(
        SELECT_CARD + " WHERE tenant_id = %s AND (%s::text IS NULL OR shown = %s)"
        " AND (%s::text IS NULL OR user_id = %s) AND (%s::text IS NULL OR account_id = %s)"
        " AND (%s::text IS NULL OR kind = %s)"
        " ORDER BY created_at DESC, card_id LIMIT %s OFFSET %s",
        (
            at,
            session.tenant_id,
            status,
            status,
            user_id,
            user_id,
            account_id,
            account_id,
            kind,
            kind,
            limit,
            offset,
        ),
    )
    return [card_record(row) for row in rows]


async def run_cards(session: Session, run_id: str) -> list[CardRecord]:
    """Return the cards that a run showed, oldest first."""
    rows = await session.fetch_all(
        "SELECT body, status, user_id, policy_hash, seal, decided_by, decided_at, comment"
        " FROM cards WHERE tenant_id = %s AND run_id = %s ORDER BY created_at, card_id",
        (session.tenant_id, run_id),
    )
    return [card_record(row) for row in rows]


async def plan_card(session: Session, plan_id: str) -> CardRecord | None:
    """Return the card that asks for the approval of a plan; there is at most one."""
    row = await session.fetch_one(
        "SELECT body, status, user_id, policy_hash, seal, decided_by, decided_at, comment"
        " FROM cards WHERE tenant_id = %s AND plan_id = %s AND kind = 'trade_plan'"
        " ORDER BY created_at DESC LIMIT 1",
        (session.tenant_id, plan_id),
    )
    return card_record(row) if row else None


async def decide_card(
    session: Session,
    *,
    card_id: str,
    status: CardStatus,
    decided_by: str,
    comment: str | None,
    at: datetime,
) -> bool:
    """Move a card from PENDING to a final status; False when it was not pending."""
    touched = await session.execute(
        "UPDATE cards SET status = %s, decided_by = %s, comment = %s, decided_at = %s"
        " WHERE tenant_id = %s AND card_id = %s AND status = 'PENDING'",
        (status, decided_by, comment, at, session.tenant_id, card_id),
    )
    return touched == 1


async def close_questions(session: Session, *, thread_id: str, at: datetime) -> None:
    """Mark the thread's open questions answered: a new message takes their place."""
    await session.execute(
        "UPDATE cards SET status = 'ANSWERED', decided_at = %s"
        " WHERE tenant_id = %s AND thread_id = %s AND kind = 'question' AND status = 'PENDING'",
        (at, session.tenant_id, thread_id),
    )


async def void_pending(session: Session, *, run_id: str, at: datetime) -> None:
    """Withdraw what a turn that broke had put before people: nothing could carry it out."""
    await session.execute(
        "UPDATE cards SET status = 'VOID', decided_at = %s"
        " WHERE tenant_id = %s AND run_id = %s AND status = 'PENDING'",
        (at, session.tenant_id, run_id),
    )


def card_record(row: Row) -> CardRecord:
    """Return a stored card with the status it has now."""
    body = {**row["body"], "status": row["status"]}
    return CardRecord(
        card=Card.model_validate(body),
        user_id=row["user_id"],
        policy_hash=row["policy_hash"],
        seal=row["seal"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        comment=row["comment"],
    )
