"""Compare with the broker, look at the exceptions, put them right; orders of others."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints

from adapters.errors import BrokerUnavailable
from app.api.deps import Operator, Paging, Reader, Running
from app.api.routes.trading import AccountQuery, broker_down, chosen_account
from app.errors import NotFound
from app.persistence import exceptions, foreign_orders, remediations
from app.pipeline.remedies import Wish
from app.reconciliation.acknowledging import acknowledge
from app.reconciliation.actions import Action
from app.reconciliation.showing import show_exception, show_foreign_order, show_remediation
from riskgate.contracts.base import Contract, Identifier

router = APIRouter(prefix="/api/v1", tags=["reconciliation"])


class ReconcileRequest(Contract):
    """Which account to compare with its broker."""

    account_id: Identifier | None = None


class RemediateRequest(Contract):
    """What to do about an exception and why; a broker order only where there are several."""

    action: Action
    comment: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    broker_order_id: Identifier | None = None


@router.post("/reconcile", operation_id="reconcile")
async def reconcile(
    running: Running, user: Operator, body: ReconcileRequest | None = None
) -> dict[str, Any]:
    """Compare an account with its broker now."""
    account_id = await chosen_account(running, user, body.account_id if body else None)
    try:
        result = await running.reconciler.reconcile(user.tenant_id, account_id)
    except BrokerUnavailable as down:
        raise broker_down(down) from down
    return {"ok": True, "matched": result.matched, "reconciliation": result.model_dump(mode="json")}


@router.get("/exceptions", operation_id="list_exceptions")
async def list_exceptions(
    running: Running,
    user: Reader,
    page: Paging,
    account_id: AccountQuery = None,
    include_resolved: bool = False,
) -> dict[str, Any]:
    """List differences between ledger and broker that a person should look at."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await exceptions.list_exceptions(
            session,
            include_resolved=include_resolved,
            account_id=account_id,
            limit=page.limit + 1,
            offset=page.offset,
        )
    return page.envelope([show_exception(item) for item in found])


@router.get("/exceptions/{exception_id}", operation_id="get_exception")
async def get_exception(exception_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show one exception, what may be done about it, and what was done."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await exceptions.find_exception(session, exception_id)
        done = await remediations.list_remediations(session, exception_id)
    if found is None:
        raise NotFound(f"there is no exception {exception_id}")
    return {
        "ok": True,
        "exception": show_exception(found),
        "remediations": [show_remediation(one) for one in done],
    }


@router.post("/exceptions/{exception_id}/ack", operation_id="acknowledge_exception")
async def acknowledge_exception(
    exception_id: str, running: Running, user: Operator
) -> dict[str, Any]:
    """Say that a person has seen an exception; new orders in its instrument may go out again."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await acknowledge(session, exception_id, by=user.user_id, at=running.clock.now())
    return {"ok": True, "exception": show_exception(found)}


@router.post("/exceptions/{exception_id}/remediate", operation_id="remediate_exception")
async def remediate_exception(
    exception_id: str, body: RemediateRequest, running: Running, user: Operator
) -> dict[str, Any]:
    """Put an exception right, once; asked again, show what the first request came to."""
    wish = Wish(action=body.action, comment=body.comment, broker_order_id=body.broker_order_id)
    try:
        done = await running.remedies.remediate(
            user.tenant_id, exception_id, wish, by=user.user_id, person=user
        )
    except BrokerUnavailable as down:
        raise broker_down(down) from down
    async with running.database.tenant(user.tenant_id) as session:
        found = await exceptions.find_exception(session, exception_id)
    return {
        "ok": True,
        "remediation": show_remediation(done),
        "exception": None if found is None else show_exception(found),
    }


@router.get("/foreign-orders", operation_id="list_foreign_orders")
async def list_foreign_orders(
    running: Running, user: Reader, page: Paging, account_id: AccountQuery = None
) -> dict[str, Any]:
    """List orders at the broker that are not ours, the last seen first; we never touch them."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await foreign_orders.list_foreign(
            session, account_id=account_id, limit=page.limit + 1, offset=page.offset
        )
    return page.envelope([show_foreign_order(item) for item in found])
