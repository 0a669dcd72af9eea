"""The audit log's rows: append-only, numbered and chained by hash, one chain a tenant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.persistence.database import Session

BATCH = 1_000


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    seq: int
    at: datetime
    actor: str
    action: str
    entity: str
    entity_id: str
    body: dict[str, Any]
    prev_hash: str
    row_hash: str


async def lock_head(session: Session) -> tuple[int, str] | None:
    """Hold the tenant's chain for this transaction and return its last (seq, hash)."""
    await session.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('audit:' || %s, 0))", (session.tenant_id,)
    )
    row = await session.fetch_one(
        "SELECT seq, row_hash FROM audit_log WHERE tenant_id = %s ORDER BY seq DESC LIMIT 1",
        (session.tenant_id,),
    )
    return (int(row["seq"]), str(row["row_hash"])) if row else None


async def add_row(session: Session, row: AuditRow, *, body_text: str) -> None:
    await session.execute(
        "INSERT INTO audit_log (tenant_id, seq, at, actor, action, entity, entity_id, body,"
        " prev_hash, row_hash) VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)",
        (
            session.tenant_id,
            row.seq,
            row.at,
            row.actor,
            row.action,
            row.entity,
            row.entity_id,
            body_text,
            row.prev_hash,
            row.row_hash,
        ),
    )


async def rows_after(session: Session, *, after: int, limit: int) -> list[AuditRow]:
    """Return audit rows in chain order."""
    rows = await session.fetch_all(
        "SELECT seq, at, actor, action, entity, entity_id, body, prev_hash, row_hash"
        " FROM audit_log WHERE tenant_id = %s AND seq > %s ORDER BY seq LIMIT %s",
        (session.tenant_id, after, limit),
    )
    return [AuditRow(**row) for row in rows]


async def all_rows(session: Session) -> list[AuditRow]:
    """Return the tenant's whole chain."""
    rows: list[AuditRow] = []
    while True:
        batch = await rows_after(session, after=rows[-1].seq if rows else 0, limit=BATCH)
        rows.extend(batch)
        if len(batch) < BATCH:
            return rows


async def last_body_of(session: Session, entity: str, entity_id: str) -> dict[str, Any] | None:
    """Return what was written last about an entity."""
    row = await session.fetch_one(
        "SELECT body FROM audit_log WHERE tenant_id = %s AND entity = %s AND entity_id = %s"
        " ORDER BY seq DESC LIMIT 1",
        (session.tenant_id, entity, entity_id),
    )
    return dict(row["body"]) if row else None
