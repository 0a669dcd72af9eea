"""End cards that nobody decided on in their time."""

from datetime import timedelta

from app.approvals.expiry import expire
from app.jobs.parts import Given, Parts


async def expire_card(parts: Parts, given: Given) -> timedelta | None:
    """End the card if its time is over by the application's clock, else come again then."""
    async with parts.database.tenant(given.ids["tenant_id"]) as session:
        return await expire(session, given.ids["card_id"], at=parts.clock.now())
