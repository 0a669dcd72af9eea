"""Recorded decisions of the gate, read in order, and what came of their plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.persistence.database import Row, Session
from riskgate.contracts.instruments import InstrumentRef
from riskgate.hashing import canonical_json

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
class RecordedFill:
    """One fill of an account, as plain data, with the leg of the plan that it is of."""

    plan_id: str
    leg: int
    body: Row


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


async def filled_legs(session: Session, plan_ids: Sequence[str]) -> set[tuple[str, int]]:
    """Return which legs of plans were filled, in whole or in part."""
    rows = await session.fetch_all(
        "SELECT DISTINCT plan_id, leg FROM orders"
        " WHERE tenant_id = %s AND plan_id = ANY(%s) AND filled_quantity > 0",
        (session.tenant_id, list(plan_ids)),
    )
    return {(row["plan_id"], row["leg"]) for row in rows}


async def fills_of(
    session: Session, account_id: str, instrument: InstrumentRef
) -> list[RecordedFill]:
    """Return all of the account's fills of an instrument, oldest first."""
    rows = await session.fetch_all(
        "SELECT o.plan_id, o.leg, f.body FROM fills f JOIN orders o USING (tenant_id, order_id)"
        " WHERE f.tenant_id = %s AND f.account_id = %s AND f.body -> 'instrument' = %s::jsonb"
        " ORDER BY f.traded_at, o.created_at, f.trade_id",
        (session.tenant_id, account_id, canonical_json(instrument)),
    )
    return [RecordedFill(**row) for row in rows]


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
