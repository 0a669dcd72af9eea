"""Stored policies, and the proposed and decided changes of the one an account is under."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.persistence.database import Row, Session
from riskgate.hashing import canonical_json


class ChangeStatus(StrEnum):
    """PROPOSED waits; ACTIVE is what put the account's policy in force; the others are over."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True, kw_only=True)
class PolicyRecord:
    """A stored policy; `body` is its plain data."""

    policy_hash: str
    body: Row
    created_by: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class ChangeRecord:
    """A change of an account's policy from one hash to another, as proposed and as decided.

    `findings` are the linter's, `differences` the limits that differ, both as plain data.
    `comment` is the proposer's, `decision_comment` of whoever decided.
    """

    change_id: str
    account_id: str
    from_hash: str
    to_hash: str
    text: str
    findings: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    status: ChangeStatus
    comment: str | None
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    decided_by: str | None
    decision_comment: str | None
    decided_at: datetime | None


async def find_policies(session: Session, wanted: str) -> list[PolicyRecord]:
    """Return the policies whose hash begins with a text, at most two."""
    rows = await session.fetch_all(
        "SELECT policy_hash, body, created_by, created_at FROM policies"
        " WHERE tenant_id = %s AND starts_with(policy_hash, %s) ORDER BY policy_hash LIMIT 2",
        (session.tenant_id, wanted),
    )
    return [PolicyRecord(**row) for row in rows]


async def list_policies(session: Session, *, limit: int, offset: int) -> list[PolicyRecord]:
    """Return the tenant's policies, newest first."""
    rows = await session.fetch_all(
        "SELECT policy_hash, body, created_by, created_at FROM policies WHERE tenant_id = %s"
        " ORDER BY created_at DESC, policy_hash LIMIT %s OFFSET %s",
        (session.tenant_id, limit, offset),
    )
    return [PolicyRecord(**row) for row in rows]


async def written_text(session: Session, policy_hash: str) -> str | None:
    """Return the text that the policy was last proposed with, None when it never was."""
    row = await session.fetch_one(
        "SELECT text FROM policy_changes WHERE tenant_id = %s AND to_hash = %s"
        " ORDER BY proposed_at DESC, change_id LIMIT 1",
        (session.tenant_id, policy_hash),
    )
    return str(row["text"]) if row else None


async def add_change(session: Session, change: ChangeRecord) -> None:
    await session.execute(
        "INSERT INTO policy_changes (tenant_id, change_id, account_id, from_hash, to_hash, text,"
        " findings, differences, status, comment, proposed_by, proposed_at, expires_at)"
        " VALUES (%s,%s,%s,%s,%s,%s,%s::jsonb,%s::jsonb,%s,%s,%s,%s,%s)",
        (
            session.tenant_id,
            change.change_id,
            change.account_id,
            change.from_hash,
            change.to_hash,
            change.text,
            canonical_json(list(change.findings)),
            canonical_json(list(change.differences)),
            change.status,
            change.comment,
            change.proposed_by,
            change.proposed_at,
            change.expires_at,
        ),
    )


async def find_change(session: Session, change_id: str) -> ChangeRecord | None:
    row = await session.fetch_one(
        "SELECT * FROM policy_changes WHERE tenant_id = %s AND change_id = %s",
        (session.tenant_id, change_id),
    )
    return _change(row) if row else None


async def list_changes(
    session: Session, *, account_id: str | None, limit: int, offset: int
) -> list[ChangeRecord]:
    """Return changes, newest first."""
    rows = await session.fetch_all(
        "SELECT * FROM policy_changes WHERE tenant_id = %s"
        " AND (%s::text IS NULL OR account_id = %s)"
        " ORDER BY proposed_at DESC, change_id LIMIT %s OFFSET %s",
        (session.tenant_id, account_id, account_id, limit, offset),
    )
    return [_change(row) for row in rows]


async def decide_change(
    session: Session,
    change_id: str,
    *,
    status: ChangeStatus,
    decided_by: str,
    comment: str | None,
    at: datetime,
) -> bool:
    """Move a change from PROPOSED to a decided status; False when it was not proposed."""
    touched = await session.execute(
        "UPDATE policy_changes SET status = %s, decided_by = %s,"
        " decision_comment = %s, decided_at = %s"
        " WHERE tenant_id = %s AND change_id = %s AND status = 'PROPOSED'",
        (status, decided_by, comment, at, session.tenant_id, change_id),
    )
    return touched == 1


async def supersede_others(session: Session, *, account_id: str, change_id: str) -> list[str]:
    """End the account's other open changes and the one that was active; return the open ones."""
    rows = await session.fetch_all(
        "UPDATE policy_changes AS c SET status = 'SUPERSEDED'"
        " FROM (SELECT change_id, status FROM policy_changes WHERE tenant_id = %s"
        " AND account_id = %s AND change_id <> %s AND status IN ('PROPOSED', 'ACTIVE')"
        " FOR UPDATE) AS before"
        " WHERE c.tenant_id = %s AND c.change_id = before.change_id"
        " RETURNING c.change_id, before.status AS was",
        (session.tenant_id, account_id, change_id, session.tenant_id),
    )
    return sorted(row["change_id"] for row in rows if row["was"] == "PROPOSED")


async def set_account_policy(
    session: Session, *, account_id: str, from_hash: str, to_hash: str
) -> bool:
    """Compare-and-set an account's policy; False when it is under another than `from_hash`."""
    touched = await session.execute(
        "UPDATE accounts SET policy_hash = %s"
        " WHERE tenant_id = %s AND account_id = %s AND policy_hash = %s",
        (to_hash, session.tenant_id, account_id, from_hash),
    )
    return touched == 1


def _change(row: Row) -> ChangeRecord:
    fields = {name: value for name, value in row.items() if name != "tenant_id"}
    return ChangeRecord(**{**fields, "status": ChangeStatus(row["status"])})
