"""End turns whose end could not be stored."""

from app.jobs.parts import Given, Parts
from app.persistence import identities


async def end_stale_turns(parts: Parts, _given: Given) -> None:
    """End every old turn that this process does not work on: for the server's worker only."""
    async with parts.database.installation() as session:
        tenants = await identities.tenant_ids(session)
    for tenant_id in tenants:
        await parts.conversation.end_stale(tenant_id)
