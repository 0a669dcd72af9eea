"""Cards that nobody decided on end by themselves."""

from datetime import datetime, timedelta
from typing import Final

from app.audit.log import Entry, append
from app.persistence import cards
from app.persistence.database import Session
from riskgate.contracts.cards import CardStatus

ACTOR: Final = "expiry"


async def expire(session: Session, card_id: str, *, at: datetime) -> timedelta | None:
    """End a pending card whose time is over; return the time that it has left, None for none.

    Nothing is woken: the turn that showed the card has ended, and nobody asked.
    """
    record = await cards.find_card(session, card_id, lock=True)
    if record is None or record.card.status is not CardStatus.PENDING:
        return None
    if record.card.expires_at is None:
        return None
    if at < record.card.expires_at:
        return record.card.expires_at - at
    await cards.decide_card(
        session,
        card_id=card_id,
        status=CardStatus.EXPIRED,
        decided_by=ACTOR,
        comment=None,
        at=at,
    )
    entry = Entry(
        actor=ACTOR,
        action="card.expired",
        entity="card",
        entity_id=card_id,
        body={"plan_id": record.card.plan_id, "plan_hash": record.card.plan_hash},
    )
    await append(session, entry, at=at)
    return None
