"""Recorded decisions of the gate, read in order, and what came of their plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.persistence.database import Row, Session

FIRST = ""


@dataclass(frozen=True, kw_only=True)
class RecordedDecision:
    """A stored decision with its inputs, both as plain data: old ones have older shapes."""

    decision_hash: str
    plan_id: str
    policy_hash: str
    created_at: datetime
    body: Row
    gate_input: Row


@dataclass(frozen=True, kw_only=True)
class FilledLeg:
    """What was filled of one leg of a plan, and what was paid or received for it by unit price."""

    plan_id: str
    leg: int
    quantity: Decimal
    value: Decimal


async def count_decisions(
    session: Session, *, account_id: str, stage: str, since: datetime, before: datetime
) -> int:
    row = await session.fetch_one(
        "SELECT count(*) AS found FROM risk_decisions d JOIN plans p USING (tenant_id, plan_id)"
        " WHERE d.tenant_id = %s AND d.stage = %s AND p.account_id = %s"
        " AND d.created_at >= %s AND d.created_at < %s",
        (session.tenant_id, stage, account_id, since, before),
    )
    return int(row["found"]) if row else 0


async def decisions_after(
    session: Session,
    *,
    account_id: str,
    stage: str,
    after: tuple[datetime, str],
    before: datetime,
    limit: int,
) -> list[RecordedDecision]:
    """Return the account's decisions in the order of (time, hash), after one place in it.

    Decisions are never changed, so that pages in transactions of their own are one whole.
    """
    rows = await session.fetch_all(
        "SELECT d.decision_hash, d.plan_id, d.policy_hash, d.created_at, d.body, d.gate_input"
        " FROM risk_decisions d JOIN plans p USING (tenant_id, plan_id)"
        " WHERE d.tenant_id = %s AND d.stage = %s AND p.account_id = %s"
        " AND (d.created_at, d.decision_hash) > (%s, %s) AND d.created_at < %s"
        " ORDER BY d.created_at, d.decision_hash LIMIT %s",
        (session.tenant_id, stage, account_id, *after, before, limit),
    )
    return [RecordedDecision(**row) for row in rows]


async def filled_legs(session: Session, plan_ids: Sequence[str]) -> list[FilledLeg]:
    """Return what was filled of the legs of plans; legs without a fill are left out."""
    rows = await session.fetch_all(
        "SELECT plan_id, leg, sum(filled_quantity) AS quantity,"
        " sum(filled_quantity * average_price) AS value FROM orders"
        " WHERE tenant_id = %s AND plan_id = ANY(%s) AND filled_quantity > 0"
        " AND average_price IS NOT NULL GROUP BY plan_id, leg",
        (session.tenant_id, list(plan_ids)),
    )
    return [FilledLeg(**row) for row in rows]


async def latest_quotes(session: Session, account_id: str) -> list[Row]:
    """Return the quotes of the account's newest broker snapshot, as plain data."""
    row = await session.fetch_one(
        "SELECT body -> 'quotes' AS quotes FROM snapshots WHERE tenant_id = %s AND account_id = %s"
        " AND kind = 'broker' ORDER BY as_of DESC LIMIT 1",
        (session.tenant_id, account_id),
    )
    return list(row["quotes"]) if row else []


async def latest_fills(session: Session, account_id: str) -> list[Row]:
    """Return the account's last fill of each instrument, as plain data."""
    rows = await session.fetch_all(
        "SELECT DISTINCT ON (body -> 'instrument') body FROM fills"
        " WHERE tenant_id = %s AND account_id = %s"
        " ORDER BY body -> 'instrument', traded_at DESC, trade_id",
        (session.tenant_id, account_id),
    )
    return [row["body"] for row in rows]
