"""Whether the server lives, is ready, how it fares, and its audit log."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.api.deps import Auditor, Running
from app.audit.log import first_break
from app.calendars.endings import ending_soon
from app.errors import AppError
from app.identity.principal import OWNER_TENANT
from app.persistence import audit
from app.persistence.checkpoints import saver_answers
from app.telemetry import registry
from riskgate.contracts.base import time_text

router = APIRouter(tags=["system"])


@router.get("/healthz", operation_id="healthz")
async def healthz() -> dict[str, Any]:
    """The process lives."""
    return {"ok": True}


@router.get("/readyz", operation_id="readyz", response_model=None)
async def readyz(running: Running) -> Response:
    """The database answers, turns can be put to sleep, and the audit log can be read.

    `warnings` say what will need somebody soon; they do not make it unready.
    """
    checks: dict[str, str] = {}
    for name, check in (
        ("database", running.database.ping),
        ("checkpointer", lambda: saver_answers(running.database)),
    ):
        try:
            await check()
            checks[name] = "ok"
        except AppError as down:
            checks[name] = down.code
    ready = all(state == "ok" for state in checks.values())
    endings = ending_soon(running.calendars, running.clock.now())
    warnings = [ending.text for ending in endings]
    if ready:
        warnings += await running.connections.warnings(OWNER_TENANT)
    answer = {"ok": ready, "checks": checks, "warnings": warnings}
    return JSONResponse(answer, status_code=200 if ready else 503)


@router.get("/metrics", operation_id="metrics", response_model=None)
async def metrics() -> Response:
    """Counters for Prometheus."""
    return PlainTextResponse(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/v1/audit", operation_id="list_audit")
async def list_audit(
    running: Running,
    user: Auditor,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """List the audit log in order."""
    async with running.database.tenant(user.tenant_id) as session:
        rows = await audit.rows_after(session, after=after, limit=limit)
    return {
        "ok": True,
        "rows": [{**vars(row), "at": time_text(row.at)} for row in rows],
        "limit": limit,
        "next_after": rows[-1].seq if len(rows) == limit else None,
    }


@router.get("/api/v1/audit/verify", operation_id="verify_audit")
async def verify_audit(running: Running, user: Auditor) -> dict[str, Any]:
    """Check that nothing in the audit log was changed, dropped or swapped."""
    async with running.database.tenant(user.tenant_id) as session:
        rows = await audit.all_rows(session)
    broken = first_break(rows)
    return {
        "ok": True,
        "rows": len(rows),
        "intact": broken is None,
        "break": None if broken is None else {"seq": broken.seq, "reason": broken.reason},
    }
