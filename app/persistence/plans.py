"""Plans, the snapshots they were made from, and the gate's decisions on them."""

from dataclasses import dataclass
from datetime import datetime

from app.persistence.database import Row, Session
from riskgate.contracts.decisions import RiskDecision
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot
from riskgate.hashing import canonical_json, content_hash

APPROVAL_STAGE = "APPROVAL"
# Stages of exits that go out under an approval given before, or under a panic.
PROTECTION_STAGE = "PROTECTION"
PANIC_STAGE = "PANIC"
SENDING_STAGES = (APPROVAL_STAGE, PROTECTION_STAGE, PANIC_STAGE)


@dataclass(frozen=True, kw_only=True)
class DecisionRecord:
    """A stored decision with the exact inputs that it was made from."""

    decision_hash: str
    stage: str
    decision: RiskDecision
    gate_input: Row


async def add_snapshot(session: Session, snapshot: BrokerSnapshot | LedgerSnapshot) -> None:
    kind = "broker" if isinstance(snapshot, BrokerSnapshot) else "ledger"
    await session.execute(
        "INSERT INTO snapshots (tenant_id, snapshot_id, account_id, kind, as_of, body)"
        " VALUES (%s, %s, %s, %s, %s, %s::jsonb) ON CONFLICT DO NOTHING",
        (
            session.tenant_id,
            snapshot.snapshot_id,
            snapshot.account_id,
            kind,
            snapshot.as_of,
            canonical_json(snapshot),
        ),
    )


async def find_snapshot(session: Session, snapshot_id: str) -> Row | None:
    row = await session.fetch_one(
        "SELECT snapshot_id, kind, body FROM snapshots WHERE tenant_id = %s AND snapshot_id = %s",
        (session.tenant_id, snapshot_id),
    )
    return dict(row) if row else None


async def add_plan(session: Session, plan: TradePlan, *, run_id: str) -> None:
    """Store a plan once; its row can never be changed."""
    await session.execute(
        "INSERT INTO plans (tenant_id, plan_id, account_id, run_id, plan_hash, body, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s)",
        (
            session.tenant_id,
            plan.plan_id,
            plan.account_id,
            run_id,
            plan.plan_hash,
            canonical_json(plan),
            plan.created_at,
        ),
    )


async def find_plan(session: Session, plan_id: str) -> TradePlan | None:
    row = await session.fetch_one(
        "SELECT body FROM plans WHERE tenant_id = %s AND plan_id = %s",
        (session.tenant_id, plan_id),
    )
    return TradePlan.model_validate(row["body"]) if row else None


async def plan_owner(session: Session, plan_id: str) -> str | None:
    """Return the user in whose turn a plan was made, or None."""
    row = await session.fetch_one(
        "SELECT r.user_id FROM plans p JOIN runs r USING (tenant_id, run_id)"
        " WHERE p.tenant_id = %s AND p.plan_id = %s",
        (session.tenant_id, plan_id),
    )
    return None if row is None else str(row["user_id"])


async def list_plans(
    session: Session, *, account_id: str | None, limit: int, offset: int
) -> list[TradePlan]:
    rows = await session.fetch_all(
        "SELECT body FROM plans WHERE tenant_id = %s AND (%s::text IS NULL OR account_id = %s)"
        " ORDER BY created_at DESC, plan_id LIMIT %s OFFSET %s",
        (session.tenant_id, account_id, account_id, limit, offset),
    )
    return [TradePlan.model_validate(row["body"]) for row in rows]


async def add_decision(
    session: Session, decision: RiskDecision, *, stage: str, gate_input: str, at: datetime
) -> str:
    """Store a decision under its own hash and return the hash."""
    decision_hash = content_hash(decision)
    await session.execute(
        "INSERT INTO risk_decisions (tenant_id, decision_hash, plan_id, plan_hash, policy_hash,"
        " stage, verdict, gate_input, body, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s) ON CONFLICT DO NOTHING",
        (
            session.tenant_id,
            decision_hash,
            decision.plan_id,
            decision.plan_hash,
            decision.policy_hash,
            stage,
            decision.verdict,
            gate_input,
            canonical_json(decision),
            at,
        ),
    )
    return decision_hash


async def count_refused(session: Session, account_id: str, *, after: datetime) -> int:
    """Return how many decisions on the account's plans after a moment were DENY.

    Those of a policy that only monitors are out.
    """
    row = await session.fetch_one(
        "SELECT count(*) AS refused FROM risk_decisions d JOIN plans p USING (tenant_id, plan_id)"
        " JOIN policies y USING (tenant_id, policy_hash)"
        " WHERE d.tenant_id = %s AND d.verdict = 'DENY' AND d.created_at > %s"
        " AND p.account_id = %s AND y.body->>'mode' IS DISTINCT FROM 'monitor'",
        (session.tenant_id, after, account_id),
    )
    return int(row["refused"]) if row else 0


async def find_decision(session: Session, decision_hash: str) -> DecisionRecord | None:
    row = await session.fetch_one(
        "SELECT decision_hash, stage, body, gate_input FROM risk_decisions"
        " WHERE tenant_id = %s AND decision_hash = %s",
        (session.tenant_id, decision_hash),
    )
    return _decision(row) if row else None


async def approved_decision(session: Session, plan: TradePlan) -> DecisionRecord | None:
    """Return the decision that let the plan be approved, or go out under an approval before it."""
    row = await session.fetch_one(
        "SELECT decision_hash, stage, body, gate_input FROM risk_decisions"
        " WHERE tenant_id = %s AND plan_id = %s AND plan_hash = %s AND stage = ANY(%s)"
        " AND verdict = 'ALLOW' ORDER BY created_at DESC LIMIT 1",
        (session.tenant_id, plan.plan_id, plan.plan_hash, list(SENDING_STAGES)),
    )
    return _decision(row) if row else None


async def latest_decision(session: Session, plan: TradePlan) -> DecisionRecord | None:
    """Return the gate's newest decision on the plan as it is."""
    row = await session.fetch_one(
        "SELECT decision_hash, stage, body, gate_input FROM risk_decisions"
        " WHERE tenant_id = %s AND plan_id = %s AND plan_hash = %s"
        " ORDER BY created_at DESC LIMIT 1",
        (session.tenant_id, plan.plan_id, plan.plan_hash),
    )
    return _decision(row) if row else None


def _decision(row: Row) -> DecisionRecord:
    return DecisionRecord(
        decision_hash=row["decision_hash"],
        stage=row["stage"],
        decision=RiskDecision.model_validate(row["body"]),
        gate_input=row["gate_input"],
    )
