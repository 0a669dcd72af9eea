"""Compare accounts with their brokers, each once a window."""

from datetime import timedelta
from typing import Final

from app.jobs.parts import Given, Parts
from app.persistence import accounts, identities, jobs, orders

# Orders are followed from when they are written down; this only picks up a lost thread.
THREAD_LOST_AFTER: Final = timedelta(seconds=30)


async def reconcile_round(parts: Parts, _given: Given) -> None:
    """Write down a comparison of every account; one that still waits is not written twice."""
    async with parts.database.installation() as session:
        tenants = await identities.tenant_ids(session)
    for tenant_id in tenants:
        async with parts.database.tenant(tenant_id) as session:
            known = sorted(account.account_id for account in await accounts.list_accounts(session))
            for account_id in known:
                await jobs.defer(session, jobs.reconcile_account(tenant_id, account_id))


async def reconcile_account(parts: Parts, given: Given) -> None:
    """Compare one account. Raises BrokerUnavailable, having closed nothing."""
    tenant_id, account_id = given.ids["tenant_id"], given.ids["account_id"]
    await parts.reconciler.reconcile(tenant_id, account_id)
    kept = await parts.protector.keep(tenant_id, account_id)
    async with parts.database.tenant(tenant_id) as session:
        if kept.watching or await orders.unfinished_orders(session, account_id):
            work = jobs.follow_account(tenant_id, account_id)
            await jobs.defer(session, work, after=THREAD_LOST_AFTER)
