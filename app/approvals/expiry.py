"""Cards that nobody decided on end by themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.audit.log import Entry, append
from app.persistence import cards
from app.persistence.cards import CardRecord
from app.persistence.database import Session
from riskgate.contracts.cards import CardStatus

ACTOR: Final = "expiry"


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """What looking at a card came to: the time it has left, or the card that ended just now."""

    left: timedelta | None = None
    ended: CardRecord | None = None


async def expire(session: Session, card_id: str, *, at: datetime) -> Expiry:
    """End a pending card whose time is over; one that was decided is left as it is."""
    record = await cards.find_card(session, card_id, lock=True)
    if record is None or record.card.status is not CardStatus.PENDING:
        return Expiry()
    if record.card.expires_at is None:
        return Expiry()
    if at < record.card.expires_at:
        return Expiry(left=record.card.expires_at - at)
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
    return Expiry(ended=record)
