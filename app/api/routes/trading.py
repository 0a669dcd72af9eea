"""Accounts, plans, orders, positions, exceptions and the kill switch."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from adapters.errors import BrokerUnavailable
from app.api.deps import Operator, Paging, Reader, Running, Stopper
from app.api.services import Services
from app.audit.log import Entry, append
from app.errors import Conflict, NotFound, Unavailable
from app.gate.kill_switch import LevelChange, set_level
from app.identity.principal import Permission, Principal
from app.persistence import accounts, exceptions, orders, plans
from app.pipeline.views import require_account, submitted_order
from riskgate.contracts.base import Contract, Identifier, decimal_text, time_text
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import Position

router = APIRouter(prefix="/api/v1", tags=["trading"])

AccountQuery = Annotated[str | None, Query(max_length=64)]


class KillSwitchRequest(Contract):
    """A level for an account's kill switch, and why."""

    account_id: Identifier | None = None
    level: KillSwitchLevel
    reason: Annotated[str, StringConstraints(min_length=3, max_length=300)]


class ReconcileRequest(Contract):
    """Which account to compare with its broker."""

    account_id: Identifier | None = None


@router.get("/me", operation_id="me")
async def me(running: Running, user: Reader) -> dict[str, Any]:
    """Show who is asking and which accounts there are."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await accounts.list_accounts(session)
    return {
        "ok": True,
        "user": {"user_id": user.user_id, "name": user.name, "roles": sorted(user.roles)},
        "accounts": [
            {
                "account_id": account.account_id,
                "broker": account.broker,
                "mode": account.mode,
                "currency": account.currency.value,
                "is_default": account.is_default,
            }
            for account in found
        ],
    }


@router.get("/plans", operation_id="list_plans")
async def list_plans(
    running: Running, user: Reader, page: Paging, account_id: AccountQuery = None
) -> dict[str, Any]:
    """List plans, newest first."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await plans.list_plans(
            session, account_id=account_id, limit=page.limit + 1, offset=page.offset
        )
    return page.envelope([_plan(plan) for plan in found])


@router.get("/plans/{plan_id}", operation_id="get_plan")
async def get_plan(plan_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show one plan."""
    async with running.database.tenant(user.tenant_id) as session:
        plan = await plans.find_plan(session, plan_id)
    if plan is None:
        raise NotFound(f"there is no plan {plan_id}")
    return {"ok": True, "plan": _plan(plan)}


@router.get("/orders", operation_id="list_orders")
async def list_orders(
    running: Running, user: Reader, page: Paging, account_id: AccountQuery = None
) -> dict[str, Any]:
    """List our orders, newest first."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await orders.list_orders(
            session, account_id=account_id, limit=page.limit + 1, offset=page.offset
        )
    return page.envelope([_order(record) for record in found])


@router.get("/orders/{order_id}", operation_id="get_order")
async def get_order(order_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show one order with its fills."""
    async with running.database.tenant(user.tenant_id) as session:
        record = await orders.find_order(session, order_id)
        fills = await orders.order_fills(session, order_id)
    if record is None:
        raise NotFound(f"there is no order {order_id}")
    return {
        "ok": True,
        "order": _order(record),
        "fills": [fill.model_dump(mode="json") for fill in fills],
    }


@router.post("/orders/{order_id}/cancel", operation_id="cancel_order")
async def cancel_order(order_id: str, running: Running, user: Operator) -> dict[str, Any]:
    """Cancel what is open of an order; what filled before stands."""
    try:
        record = await running.engine.cancel(user.tenant_id, order_id, by=user.user_id)
    except BrokerUnavailable as down:
        raise _broker_down(down) from down
    return {"ok": True, "order": _order(record)}


@router.get("/positions", operation_id="list_positions")
async def list_positions(
    running: Running, user: Reader, account_id: AccountQuery = None
) -> dict[str, Any]:
    """Show positions and margins as the broker has them, or the ledger's with a warning."""
    return await _holdings(running, user, account_id, holdings=False)


@router.get("/holdings", operation_id="list_holdings")
async def list_holdings(
    running: Running, user: Reader, account_id: AccountQuery = None
) -> dict[str, Any]:
    """Show delivered holdings as the broker has them, or the ledger's with a warning."""
    return await _holdings(running, user, account_id, holdings=True)


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
    return page.envelope([_exception(item) for item in found])


@router.post("/exceptions/{exception_id}/ack", operation_id="acknowledge_exception")
async def acknowledge_exception(
    exception_id: str, running: Running, user: Operator
) -> dict[str, Any]:
    """Say that a person has seen an exception."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await exceptions.find_exception(session, exception_id)
        if found is None:
            raise NotFound(f"there is no exception {exception_id}")
        if not await exceptions.acknowledge(session, exception_id=exception_id, by=user.user_id):
            raise Conflict(f"the exception is {found.status} already")
        await append(
            session,
            Entry(
                actor=user.user_id,
                action="exception.acknowledged",
                entity="exception",
                entity_id=exception_id,
                body={"key": found.key},
            ),
            at=running.clock.now(),
        )
        found = await exceptions.find_exception(session, exception_id)
    return {"ok": True, "exception": None if found is None else _exception(found)}


@router.post("/reconcile", operation_id="reconcile")
async def reconcile(
    running: Running, user: Operator, body: ReconcileRequest | None = None
) -> dict[str, Any]:
    """Compare an account with its broker now."""
    account_id = await _account_id(running, user, body.account_id if body else None)
    try:
        result = await running.reconciler.reconcile(user.tenant_id, account_id)
    except BrokerUnavailable as down:
        raise _broker_down(down) from down
    return {"ok": True, "matched": result.matched, "reconciliation": result.model_dump(mode="json")}


@router.get("/kill-switch", operation_id="get_kill_switch")
async def get_kill_switch(
    running: Running, user: Reader, account_id: AccountQuery = None
) -> dict[str, Any]:
    """Show an account's kill switch."""
    wanted = await _account_id(running, user, account_id)
    async with running.database.tenant(user.tenant_id) as session:
        switch = await accounts.kill_switch(session, wanted)
    return {
        "ok": True,
        "account_id": wanted,
        "level": switch.level.value,
        "reason": switch.reason,
        "set_by": switch.set_by,
        "set_at": None if switch.set_at is None else time_text(switch.set_at),
    }


@router.post("/kill-switch", operation_id="set_kill_switch")
async def set_kill_switch(
    body: KillSwitchRequest, running: Running, user: Stopper
) -> dict[str, Any]:
    """Make an account's kill switch stricter, or, as risk admin, less strict."""
    wanted = await _account_id(running, user, body.account_id)
    async with running.database.tenant(user.tenant_id) as session:
        await accounts.lock_account(session, wanted)
        now = running.clock.now()
        change = LevelChange(
            account_id=wanted,
            level=body.level,
            reason=body.reason,
            by=user.user_id,
            may_loosen=user.may(Permission.RESTART),
        )
        await set_level(session, change, at=now)
    return {"ok": True, "account_id": wanted, "level": body.level.value, "reason": body.reason}


@router.get("/instruments", operation_id="find_instruments")
async def find_instruments(
    running: Running,
    user: Reader,  # noqa: ARG001
    query: Annotated[str, Query(min_length=1, max_length=60)],
) -> dict[str, Any]:
    """Return the instrument a name means, its candidates, or nothing."""
    resolution = running.directory.resolve(query)
    rows = [row.model_dump(mode="json") for row in resolution.candidates]
    return {"ok": True, "rows": rows, "exact": resolution.instrument is not None}


async def _account_id(running: Services, user: Principal, wanted: str | None) -> str:
    async with running.database.tenant(user.tenant_id) as session:
        if wanted is not None:
            return (await require_account(session, wanted)).account_id
        found = await accounts.list_accounts(session)
    if not found:
        raise NotFound("there is no account")
    return found[0].account_id


async def _holdings(
    running: Services, user: Principal, account_id: str | None, *, holdings: bool
) -> dict[str, Any]:
    wanted = await _account_id(running, user, account_id)
    view = await running.views.look(user.tenant_id, wanted)
    snapshot = view.snapshot
    if snapshot is None:
        rows = view.ledger.expected_positions
    else:
        rows = snapshot.holdings if holdings else snapshot.positions
    prices = {quote.instrument: quote.last for quote in (snapshot.quotes if snapshot else ())}
    margins = snapshot.margins if snapshot else None
    return {
        "ok": True,
        "account_id": view.account_id,
        "rows": [_position(row, prices.get(row.instrument)) for row in rows if row.quantity],
        "margins": None if margins is None else margins.model_dump(mode="json"),
        "source": "ledger" if snapshot is None else snapshot.source,
        "warning": view.warning,
    }


def _position(row: Position, last: Decimal | None) -> dict[str, Any]:
    gain = None if last is None else (last - row.average_price) * row.quantity
    return {
        **row.model_dump(mode="json"),
        "last": None if last is None else decimal_text(last),
        "unrealised_pnl": None if gain is None else decimal_text(gain),
    }


def _broker_down(down: BrokerUnavailable) -> Unavailable:
    return Unavailable(f"the broker does not answer: {down.message}", code="BROKER_UNAVAILABLE")


def _plan(plan: TradePlan) -> dict[str, Any]:
    return {**plan.model_dump(mode="json"), "plan_hash": plan.plan_hash}


def _order(record: orders.OrderRecord) -> dict[str, Any]:
    return {
        **submitted_order(record).model_dump(mode="json"),
        "account_id": record.intent.account_id,
        "plan_id": record.intent.plan_id,
        "created_at": time_text(record.created_at),
        "updated_at": time_text(record.updated_at),
    }


def _exception(item: exceptions.ExceptionRecord) -> dict[str, Any]:
    return {
        "exception_id": item.exception_id,
        "account_id": item.account_id,
        "kind": item.kind,
        "severity": item.severity,
        "status": item.status,
        "message": str(item.body["message"]),
        "delta": item.body,
        "opened_at": time_text(item.opened_at),
        "last_seen_at": time_text(item.last_seen_at),
        "acknowledged_by": item.acknowledged_by,
    }
