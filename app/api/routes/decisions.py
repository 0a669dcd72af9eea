"""Decision traces: what a turn saw, decided and did, and whether it can be reproduced."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import Paging, Reader, Running
from app.api.services import Services
from app.errors import NotFound
from app.identity.principal import Principal
from app.persistence import plans, traces
from app.pipeline.replaying import replay_trace
from riskgate.contracts.traces import DecisionTrace

router = APIRouter(prefix="/api/v1", tags=["decisions"])


@router.get("/decisions", operation_id="list_decisions")
async def list_decisions(running: Running, user: Reader, page: Paging) -> dict[str, Any]:
    """List turns, newest first: one's own, or everyone's for those who oversee."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await traces.list_traces(
            session,
            user_id=None if user.oversees else user.user_id,
            limit=page.limit + 1,
            offset=page.offset,
        )
    return page.envelope([_row(trace) for trace in found])


@router.get("/decisions/{decision_id}", operation_id="get_decision")
async def get_decision(decision_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show a whole trace."""
    trace = await _visible(running, user, decision_id)
    return {"ok": True, "decision": trace.model_dump(mode="json")}


@router.post("/decisions/{decision_id}/replay", operation_id="replay_decision")
async def replay_decision(decision_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Run the stored inputs through planner and gate again and compare, byte for byte."""
    trace = await _visible(running, user, decision_id)
    async with running.database.tenant(user.tenant_id) as session:
        report = await replay_trace(session, trace)
    return {"ok": True, **report.model_dump(mode="json")}


@router.get("/snapshots/{snapshot_id}", operation_id="get_snapshot")
async def get_snapshot(snapshot_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show a snapshot that a trace cites."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await plans.find_snapshot(session, snapshot_id)
    if found is None:
        raise NotFound(f"there is no snapshot {snapshot_id}")
    return {"ok": True, "kind": found["kind"], "snapshot": found["body"]}


async def _visible(running: Services, user: Principal, decision_id: str) -> DecisionTrace:
    async with running.database.tenant(user.tenant_id) as session:
        trace = await traces.latest_trace(session, decision_id)
    if trace is None or (trace.user_id != user.user_id and not user.oversees):
        raise NotFound(f"there is no decision {decision_id}")
    return trace


def _row(trace: DecisionTrace) -> dict[str, Any]:
    keep = {
        "decision_id",
        "user_id",
        "account_id",
        "thread_id",
        "run_id",
        "started_at",
        "ended_at",
        "user_message",
        "final_outcome",
        "error_code",
        "plan_id",
        "explanations",
    }
    return trace.model_dump(mode="json", include=keep)
