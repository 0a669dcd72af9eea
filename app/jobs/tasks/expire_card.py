"""End cards that nobody decided on in their time, and the turns that wait for them."""

from datetime import timedelta

from app.jobs.parts import Given, Parts


async def expire_card(parts: Parts, given: Given) -> timedelta | None:
    """End the card if its time is over by the application's clock, else come again then."""
    ids = given.ids
    return await parts.conversation.expiring.look(ids["tenant_id"], ids["card_id"])
