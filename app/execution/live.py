"""What a LIVE plan must be armed with before its orders are written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.errors import Conflict
from app.persistence import validations
from app.persistence.database import Session
from app.persistence.plans import PANIC_STAGE, PROTECTION_STAGE, DecisionRecord
from riskgate.contracts.decisions import ApprovedPlan
from riskgate.contracts.plans import TradePlan
from riskgate.guards import GuardReport, ValidationStatus

EXIT_STAGES: Final = frozenset({PROTECTION_STAGE, PANIC_STAGE})


class PlanNotExecutable(Conflict):
    """The approved plan does not match what was stored, or its time is over."""

    code = "PLAN_NOT_EXECUTABLE"
    remedy = "Ask for the trade again; a new plan will be made and judged."


@dataclass(frozen=True, kw_only=True)
class LiveEvidence:
    """What the guards found at the approval, and the stored validation they were shown."""

    validation_id: str
    guards: GuardReport


def only_leaves(judged: DecisionRecord, plan: TradePlan) -> bool:
    """Say whether the gate allowed the plan as a protective or panic exit and nothing else.

    Such a plan carries out what a person approved with the entry, or asked for in a panic. It
    waits for no validation, for a position must never be kept open by paper that is missing.
    """
    return judged.stage in EXIT_STAGES and all(leg.reduce_only for leg in plan.legs)


async def require_armed(
    session: Session,
    approved: ApprovedPlan,
    judged: DecisionRecord,
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
    if only_leaves(judged, approved.plan):
        return
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
