"""Follow an account's orders to their end without anybody asking."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from app.jobs.parts import Given, Parts, back_off
from app.persistence import orders
from app.persistence.orders import OrderRecord
from riskgate.contracts.orders import OrderState

IN_DOUBT: Final = frozenset({OrderState.PLANNED, OrderState.SENDING, OrderState.UNKNOWN})
IN_DOUBT_S: Final = 2
WATCH: Final = timedelta(seconds=5)
# Then an order in doubt is a person's, shown as an exception, and is asked for like any other.
IN_DOUBT_TRIES: Final = 60


async def follow_account(parts: Parts, given: Given) -> timedelta | None:
    """Settle what a stopped process left and book the broker's news; again while orders are open
    or an entry is protected.

    Raises BrokerUnavailable.
    """
    tenant_id, account_id = given.ids["tenant_id"], given.ids["account_id"]
    if any(order.state in IN_DOUBT for order in await _unfinished(parts, tenant_id, account_id)):
        await parts.engine.recover(tenant_id, account_id=account_id)
    await parts.engine.refresh(tenant_id, account_id)
    kept = await parts.protector.keep(tenant_id, account_id)
    wait = next_look(await _unfinished(parts, tenant_id, account_id), given.attempt)
    # A target is held by us: the price must be looked at although nothing rests for it.
    return min(wait or WATCH, WATCH) if kept.watching else wait


def next_look(left: Sequence[OrderRecord], attempt: int) -> timedelta | None:
    """Return when to look again: soon while money's whereabouts are in doubt, else ever later."""
    if not left:
        return None
    if attempt < IN_DOUBT_TRIES and any(order.state in IN_DOUBT for order in left):
        return min(back_off(attempt), timedelta(seconds=IN_DOUBT_S))
    return back_off(attempt)


async def _unfinished(parts: Parts, tenant_id: str, account_id: str) -> list[OrderRecord]:
    async with parts.database.tenant(tenant_id) as session:
        return await orders.unfinished_orders(session, account_id)
