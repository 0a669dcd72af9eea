"""Reconciliations and the exceptions they leave for people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.persistence.database import Row, Session
from riskgate.contracts.traces import ReconciliationDelta, ReconciliationResult
from riskgate.hashing import canonical_json


@dataclass(frozen=True, kw_only=True)
class ExceptionRecord:
    """One difference that a person should look at; open until it is gone."""

    exception_id: str
    account_id: str
    kind: str
    severity: str
    key: str
    status: str
    body: dict[str, Any]
    opened_at: datetime
    last_seen_at: datetime
    acknowledged_by: str | None
    resolved_at: datetime | None


async def add_reconciliation(session: Session, result: ReconciliationResult) -> None:
    await session.execute(
        "INSERT INTO reconciliations (tenant_id, reconciliation_id, account_id, as_of,"
        " delta_count, body) VALUES (%s, %s, %s, %s, %s, %s::jsonb)",
        (
            session.tenant_id,
            result.reconciliation_id,
            result.account_id,
            result.as_of,
            len(result.deltas),
            canonical_json(result),
        ),
    )


async def open_exception(
    session: Session,
    delta: ReconciliationDelta,
    *,
    exception_id: str,
    account_id: str,
    at: datetime,
) -> None:
    """Open an exception, or note that an open one was seen again."""
    await session.execute(
        "INSERT INTO exceptions (tenant_id, exception_id, account_id, kind, severity, key, status,"
        " body, opened_at, last_seen_at) VALUES (%s,%s,%s,%s,%s,%s,'OPEN',%s::jsonb,%s,%s)"
        " ON CONFLICT (tenant_id, account_id, key) WHERE status <> 'RESOLVED'"
        " DO UPDATE SET last_seen_at = excluded.last_seen_at, body = excluded.body,"
        " severity = excluded.severity",
        (
            session.tenant_id,
            exception_id,
            account_id,
            delta.kind,
            delta.severity,
            delta.key,
            canonical_json(delta),
            at,
            at,
        ),
    )


async def resolve_missing(
    session: Session, *, account_id: str, keys_present: list[str], at: datetime
) -> list[str]:
    """Resolve the account's exceptions whose difference is gone; return their ids."""
    rows = await session.fetch_all(
        "UPDATE exceptions SET status = 'RESOLVED', resolved_at = %s WHERE tenant_id = %s"
        " AND account_id = %s AND status <> 'RESOLVED' AND NOT (key = ANY(%s))"
        " RETURNING exception_id",
        (at, session.tenant_id, account_id, keys_present),
    )
    return [row["exception_id"] for row in rows]


async def list_exceptions(
    session: Session,
    *,
    include_resolved: bool,
    limit: int,
    offset: int,
    account_id: str | None = None,
) -> list[ExceptionRecord]:
    rows = await session.fetch_all(
        "SELECT exception_id, account_id, kind, severity, key, status, body, opened_at,"
        " last_seen_at, acknowledged_by, resolved_at FROM exceptions"
        " WHERE tenant_id = %s AND (%s OR status <> 'RESOLVED')"
        " AND (%s::text IS NULL OR account_id = %s)"
        " ORDER BY opened_at DESC, exception_id LIMIT %s OFFSET %s",
        (session.tenant_id, include_resolved, account_id, account_id, limit, offset),
    )
    return [_exception(row) for row in rows]


async def acknowledge(session: Session, *, exception_id: str, by: str) -> bool:
    touched = await session.execute(
        "UPDATE exceptions SET status = 'ACK', acknowledged_by = %s"
        " WHERE tenant_id = %s AND exception_id = %s AND status = 'OPEN'",
        (by, session.tenant_id, exception_id),
    )
    return touched == 1


async def find_exception(session: Session, exception_id: str) -> ExceptionRecord | None:
    row = await session.fetch_one(
        "SELECT exception_id, account_id, kind, severity, key, status, body, opened_at,"
        " last_seen_at, acknowledged_by, resolved_at FROM exceptions"
        " WHERE tenant_id = %s AND exception_id = %s",
        (session.tenant_id, exception_id),
    )
    return _exception(row) if row else None


def _exception(row: Row) -> ExceptionRecord:
    return ExceptionRecord(**row)
