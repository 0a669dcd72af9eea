"""What a LIVE plan must be armed with before its orders are written down."""

from dataclasses import dataclass
from datetime import datetime

from app.errors import Conflict
from app.persistence import validations
from app.persistence.database import Session
from riskgate.contracts.decisions import ApprovedPlan
from riskgate.guards import GuardReport, ValidationStatus


class PlanNotExecutable(Conflict):
    """The approved plan does not match what was stored, or its time is over."""

    code = "PLAN_NOT_EXECUTABLE"
    remedy = "Ask for the trade again; a new plan will be made and judged."


@dataclass(frozen=True, kw_only=True)
class LiveEvidence:
    """What the guards found at the approval, and the stored validation they were shown."""

    validation_id: str
    guards: GuardReport


async def require_armed(
    session: Session,
    approved: ApprovedPlan,
    armed: LiveEvidence | None,
    *,
    switch_on: bool,
    at: datetime,
) -> None:
    """Raise PlanNotExecutable unless the server is live and the evidence holds.

    The validation is read again: nobody vouches for one.
    """
    if not switch_on:
        raise PlanNotExecutable("LIVE is switched off on this server")
    if armed is None:
        raise PlanNotExecutable("LIVE needs a stored validation, guards and an acknowledgement")
    if not armed.guards.passed:
        raise PlanNotExecutable(f"the guards do not pass: {', '.join(armed.guards.codes)}")
    stored = await validations.find_validation(session, armed.validation_id)
    if stored is None or stored["plan_hash"] != approved.plan_hash:
        raise PlanNotExecutable("the stored validation is not of this plan")
    over = datetime.fromisoformat(stored["expires_at"]) <= at
    if over or stored["status"] == ValidationStatus.FAIL:
        raise PlanNotExecutable("the stored validation failed or is over")
