"""Validations of plans and the first result of each execution; neither is ever changed."""

from dataclasses import dataclass
from datetime import datetime

from app.persistence.database import Row, Session


@dataclass(frozen=True, kw_only=True)
class StoredReport:
    """A report as one row: its id, what it is bound to, and its whole body as JSON."""

    report_id: str
    plan_id: str
    plan_hash: str
    status: str
    body: str
    made_by: str
    made_at: datetime


async def add_validation(session: Session, report: StoredReport, *, expires_at: datetime) -> None:
    await session.execute(
        "INSERT INTO validations (tenant_id, validation_id, plan_id, plan_hash, status, body,"
        " made_by, made_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s)",
        (
            session.tenant_id,
            report.report_id,
            report.plan_id,
            report.plan_hash,
            report.status,
            report.body,
            report.made_by,
            report.made_at,
            expires_at,
        ),
    )


async def plan_validations(session: Session, plan_id: str, *, limit: int = 20) -> list[Row]:
    """Return the bodies of a plan's validations, newest first; the newest one counts."""
    rows = await session.fetch_all(
        "SELECT body FROM validations WHERE tenant_id = %s AND plan_id = %s"
        " ORDER BY made_at DESC, validation_id DESC LIMIT %s",
        (session.tenant_id, plan_id, limit),
    )
    return [dict(row["body"]) for row in rows]


async def find_validation(session: Session, validation_id: str) -> Row | None:
    row = await session.fetch_one(
        "SELECT body FROM validations WHERE tenant_id = %s AND validation_id = %s",
        (session.tenant_id, validation_id),
    )
    return dict(row["body"]) if row else None


async def add_execution(session: Session, report: StoredReport, *, mode: str) -> bool:
    """Store what an execution came to; False when the plan has a result of this mode already."""
    touched = await session.execute(
        "INSERT INTO executions (tenant_id, plan_id, mode, execution_id, plan_hash, status, body,"
        " executed_by, executed_at) VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (
            session.tenant_id,
            report.plan_id,
            mode,
            report.report_id,
            report.plan_hash,
            report.status,
            report.body,
            report.made_by,
            report.made_at,
        ),
    )
    return touched == 1


async def find_execution(session: Session, plan_id: str, mode: str) -> Row | None:
    row = await session.fetch_one(
        "SELECT body FROM executions WHERE tenant_id = %s AND plan_id = %s AND mode = %s",
        (session.tenant_id, plan_id, mode),
    )
    return dict(row["body"]) if row else None


async def plan_executions(session: Session, plan_id: str) -> list[Row]:
    rows = await session.fetch_all(
        "SELECT body FROM executions WHERE tenant_id = %s AND plan_id = %s ORDER BY executed_at",
        (session.tenant_id, plan_id),
    )
    return [dict(row["body"]) for row in rows]
