"""Clients' idempotency keys and the answers stored for them."""

from datetime import datetime, timedelta

from app.persistence.database import Row, Session
from riskgate.contracts.traces import IdempotencyRecord, IdempotencyStatus

ABANDONED_AFTER = timedelta(seconds=60)


async def claim(
    session: Session, *, scope: str, key: str, payload_hash: str, at: datetime
) -> IdempotencyRecord | None:
    """Claim a key for this request: None when it is ours now, else the record that holds it.

    A request that never ended, because its process died, gives the key up after a minute.
    """
    touched = await session.execute(
        "INSERT INTO idempotency_records AS held (tenant_id, scope, key, payload_hash, status,"
        " first_seen_at) VALUES (%s, %s, %s, %s, 'IN_FLIGHT', %s)"
        " ON CONFLICT (tenant_id, scope, key) DO UPDATE SET first_seen_at = excluded.first_seen_at"
        " WHERE held.status = 'IN_FLIGHT' AND held.payload_hash = excluded.payload_hash"
        " AND held.first_seen_at < %s",
        (session.tenant_id, scope, key, payload_hash, at, at - ABANDONED_AFTER),
    )
    if touched == 1:
        return None
    row = await session.fetch_one(
        "SELECT * FROM idempotency_records WHERE tenant_id = %s AND scope = %s AND key = %s",
        (session.tenant_id, scope, key),
    )
    return _record(row) if row else None


async def finish(session: Session, *, scope: str, key: str, status: int, body: str) -> None:
    await session.execute(
        "UPDATE idempotency_records SET status = 'DONE', response_status = %s, response_body = %s"
        " WHERE tenant_id = %s AND scope = %s AND key = %s",
        (status, body, session.tenant_id, scope, key),
    )


async def release(session: Session, *, scope: str, key: str) -> None:
    """Give a key back when the request failed before it could do anything."""
    await session.execute(
        "DELETE FROM idempotency_records WHERE tenant_id = %s AND scope = %s AND key = %s"
        " AND status = 'IN_FLIGHT'",
        (session.tenant_id, scope, key),
    )


def _record(row: Row) -> IdempotencyRecord:
    return IdempotencyRecord(**{**row, "status": IdempotencyStatus(row["status"])})
