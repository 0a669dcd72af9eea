"""Decision traces, append-only; a later version of a turn's trace never replaces an earlier."""

from datetime import datetime

from app.persistence.database import Session
from riskgate.contracts.traces import DecisionTrace
from riskgate.hashing import canonical_json, content_hash


async def add_trace(session: Session, trace: DecisionTrace, *, at: datetime) -> None:
    await session.execute(
        "INSERT INTO decision_traces (tenant_id, decision_id, version, account_id, user_id,"
        " run_id, final_outcome, body_hash, body, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)",
        (
            session.tenant_id,
            trace.decision_id,
            trace.version,
            trace.account_id,
            trace.user_id,
            trace.run_id,
            trace.final_outcome,
            content_hash(trace),
            canonical_json(trace),
            at,
        ),
    )


async def latest_trace(session: Session, decision_id: str) -> DecisionTrace | None:
    row = await session.fetch_one(
        "SELECT body FROM decision_traces WHERE tenant_id = %s AND decision_id = %s"
        " ORDER BY version DESC LIMIT 1",
        (session.tenant_id, decision_id),
    )
    return DecisionTrace.model_validate(row["body"]) if row else None


async def list_traces(
    session: Session, *, user_id: str | None, limit: int, offset: int
) -> list[DecisionTrace]:
    """Return the latest version of each turn's trace, newest turn first."""
    rows = await session.fetch_all(
        "SELECT body FROM (SELECT DISTINCT ON (decision_id) decision_id, body, user_id, created_at"
        " FROM decision_traces WHERE tenant_id = %s ORDER BY decision_id, version DESC) latest"
        " WHERE %s::text IS NULL OR user_id = %s"
        " ORDER BY created_at DESC, decision_id LIMIT %s OFFSET %s",
        (session.tenant_id, user_id, user_id, limit, offset),
    )
    return [DecisionTrace.model_validate(row["body"]) for row in rows]
