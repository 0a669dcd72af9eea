"""Reconciliations and the exceptions they leave for people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.persistence.database import Row, Session
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderState
from riskgate.contracts.traces import ReconciliationDelta, ReconciliationResult
from riskgate.hashing import canonical_json

# The names of what a comparison of books finds; only these are gone when it finds no more.
COMPARED: Final = "^(position|order|fill|margins):"


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
    """Open an exception, or note that an open one was seen again.

    One that differs from what was acknowledged is open again: the person saw something else. A
    cause once proven stays while the difference does, though its proof is gone from the broker.
    """
    await session.execute(
        "INSERT INTO exceptions AS known (tenant_id, exception_id, account_id, kind, severity,"
        " key, status, body, opened_at, last_seen_at)"
        " VALUES (%s,%s,%s,%s,%s,%s,'OPEN',%s::jsonb,%s,%s)"
        " ON CONFLICT (tenant_id, account_id, key) WHERE status <> 'RESOLVED'"
        " DO UPDATE SET last_seen_at = excluded.last_seen_at, severity = excluded.severity,"
        " kind = excluded.kind, body = CASE WHEN excluded.body->>'cause' = 'UNKNOWN'"
        " AND known.body->>'cause' <> 'BROKER_LAG'"
        " AND (known.kind, known.body->>'expected', known.body->>'actual') IS NOT DISTINCT FROM"
        " (excluded.kind, excluded.body->>'expected', excluded.body->>'actual')"
        " THEN known.body ELSE excluded.body END,"
        " (status, acknowledged_by) = (SELECT CASE WHEN same THEN known.status ELSE 'OPEN' END,"
        " CASE WHEN same THEN known.acknowledged_by END FROM (SELECT (known.kind,"
        " known.body->>'expected', known.body->>'actual') IS NOT DISTINCT FROM (excluded.kind,"
        " excluded.body->>'expected', excluded.body->>'actual') AS same) compared)",
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
    """Resolve the account's exceptions whose difference is gone; return their ids.

    A half-built plan is no difference between books and only a person resolves it; what is not
    protected is resolved by who protects it.
    """
    rows = await session.fetch_all(
        "UPDATE exceptions SET status = 'RESOLVED', resolved_at = %s WHERE tenant_id = %s"
        " AND account_id = %s AND status <> 'RESOLVED' AND NOT (key = ANY(%s))"
        " AND key ~ %s RETURNING exception_id",
        (at, session.tenant_id, account_id, keys_present, COMPARED),
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


async def resolve(session: Session, *, exception_id: str, at: datetime) -> bool:
    """Resolve one exception; False when it was resolved before."""
    touched = await session.execute(
        "UPDATE exceptions SET status = 'RESOLVED', resolved_at = %s"
        " WHERE tenant_id = %s AND exception_id = %s AND status <> 'RESOLVED'",
        (at, session.tenant_id, exception_id),
    )
    return touched == 1


async def contested(
    session: Session, account_id: str, instrument: InstrumentRef
) -> ExceptionRecord | None:
    """Return a serious difference in an instrument's position that nobody has looked at yet.

    One that only comes of the broker's lag is none: our own orders in flight count by themselves.
    It is one where a person moved the ledger there before: what lags may then be booked twice.
    """
    row = await session.fetch_one(
        "SELECT exception_id, account_id, kind, severity, key, status, body, opened_at,"
        " last_seen_at, acknowledged_by, resolved_at FROM exceptions"
        " WHERE tenant_id = %s AND account_id = %s AND status = 'OPEN' AND severity = 'H'"
        " AND (key ~ '^ruled:' OR key ~ '^position:' AND ("
        " body->>'cause' IS DISTINCT FROM 'BROKER_LAG' OR EXISTS (SELECT 1"
        " FROM ledger_adjustments moved WHERE moved.tenant_id = exceptions.tenant_id"
        " AND moved.account_id = exceptions.account_id AND moved.exchange = %s"
        " AND moved.tradingsymbol = %s"
        " AND moved.created_at >= exceptions.opened_at - interval '1 day')))"
        " AND body->'instrument'->>'exchange' = %s"
        " AND body->'instrument'->>'tradingsymbol' = %s ORDER BY opened_at LIMIT 1",
        (
            session.tenant_id,
            account_id,
            instrument.exchange,
            instrument.tradingsymbol,
            instrument.exchange,
            instrument.tradingsymbol,
        ),
    )
    return _exception(row) if row else None


async def last_snapshot_body(session: Session, account_id: str) -> Row | None:
    """Return the broker's book of the account's last comparison."""
    row = await session.fetch_one(
        "SELECT seen.body FROM snapshots seen WHERE seen.tenant_id = %s AND seen.snapshot_id ="
        " (SELECT body->>'broker_snapshot_id' FROM reconciliations WHERE tenant_id = %s"
        " AND account_id = %s ORDER BY as_of DESC, reconciliation_id LIMIT 1)",
        (session.tenant_id, session.tenant_id, account_id),
    )
    return None if row is None else dict(row["body"])


async def half_built_plans(session: Session, account_id: str, *, since: datetime) -> list[str]:
    """Return the plans of several legs that ended with some filled and some not.

    Those that a person was told of before are left out.
    """
    rows = await session.fetch_all(
        "SELECT plan_id FROM orders WHERE tenant_id = %s AND account_id = %s AND created_at >= %s"
        " AND NOT EXISTS (SELECT 1 FROM exceptions told WHERE told.tenant_id = orders.tenant_id"
        " AND told.account_id = orders.account_id AND told.key = 'plan:' || orders.plan_id)"
        " GROUP BY plan_id HAVING count(DISTINCT leg) > 1 AND bool_and(state = ANY(%s))"
        " AND bool_or(filled_quantity > 0) AND bool_or(filled_quantity < quantity)"
        " ORDER BY plan_id",
        (
            session.tenant_id,
            account_id,
            since,
            [state.value for state in OrderState if state.final],
        ),
    )
    return [row["plan_id"] for row in rows]


def _exception(row: Row) -> ExceptionRecord:
    return ExceptionRecord(**row)
