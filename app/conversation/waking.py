"""What wakes a turn that waited for a card, and the run in which it goes on."""

from dataclasses import replace
from datetime import datetime

from agents.state import Resumption
from app.persistence.runs import RunRecord
from app.pipeline.decisions import CardDecision


def woken_run(origin: RunRecord, *, run_id: str, user_id: str, at: datetime) -> RunRecord:
    """Return the run in which a waiting turn goes on, named by who woke it."""
    return replace(
        origin,
        run_id=run_id,
        user_id=user_id,
        origin_run_id=origin.origin_run_id or origin.run_id,
        status="RUNNING",
        outcome=None,
        created_at=at,
        finished_at=None,
    )


def resumption(decision: CardDecision) -> Resumption:
    """Say to a waiting turn what was decided; the stored card is what counts."""
    refusal = decision.refusal
    return {
        "card_id": decision.card.id,
        "refusal": (
            None
            if refusal is None
            else {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy}
        ),
        "decision": (
            None if decision.decision is None else decision.decision.model_dump(mode="json")
        ),
        "trip": decision.trip,
    }
