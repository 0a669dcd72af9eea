"""What people did about exceptions: appended, never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.persistence.database import Session
from riskgate.hashing import canonical_json


@dataclass(frozen=True, kw_only=True)
class Remediation:
    """One action on an exception and what it came to."""

    exception_id: str
    seq: int
    action: str
    status: str
    result: dict[str, Any]
    done_by: str
    comment: str | None
    done_at: datetime


async def add_remediation(session: Session, remediation: Remediation) -> None:
    """Store an action. A second one of the same number is refused by the database."""
    await session.execute(
        "INSERT INTO remediations (tenant_id, exception_id, seq, action, status, result, done_by,"
        " comment, done_at) VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s)",
        (
            session.tenant_id,
            remediation.exception_id,
            remediation.seq,
            remediation.action,
            remediation.status,
            canonical_json(remediation.result),
            remediation.done_by,
            remediation.comment,
            remediation.done_at,
        ),
    )


async def list_remediations(session: Session, exception_id: str) -> list[Remediation]:
    """Return what was done about an exception, oldest first."""
    rows = await session.fetch_all(
        "SELECT exception_id, seq, action, status, result, done_by, comment, done_at"
        " FROM remediations WHERE tenant_id = %s AND exception_id = %s ORDER BY seq",
        (session.tenant_id, exception_id),
    )
    return [Remediation(**row) for row in rows]
