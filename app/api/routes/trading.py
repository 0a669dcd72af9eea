"""Accounts, orders, positions and the kill switch."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from adapters.errors import BrokerUnavailable
from app.api.deps import Operator, Paging, Reader, Running, Stopper
from app.api.services import Services
from app.errors import NotFound, Unavailable
from app.gate.kill_switch import LevelChange, set_level
from app.identity.principal import Permission, Principal
from app.persistence import accounts, orders
from app.pipeline.views import require_account, submitted_order
from riskgate.contracts.base import Contract, Identifier, decimal_text, time_text
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.snapshots import Position

router = APIRouter(prefix="/api/v1", tags=["trading"])

AccountQuery = Annotated[str | None, Query(max_length=64)]


class KillSwitchRequest(Contract):
    """A level for an account's kill switch, and why."""

    account_id: Identifier | None = None
    level: KillSwitchLevel
    reason: Annotated[str, StringConstraints(min_length=3, max_length=300)]


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


@router.get("/orders", operation_id="list_orders")
async def list_orders(
    running: Running, user: Reader, page: Paging, account_id: AccountQuery = None
) -> dict[str, Any]:
    """List our orders, newest first."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await orders.list_orders(
            session, account_id=account_id, limit=page.limit + 1, offset=page.offset
        )
    return page.envelope([show_order(record) for record in found])


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
        "order": show_order(record),
        "fills": [fill.model_dump(mode="json") for fill in fills],
    }


@router.post("/orders/{order_id}/cancel", operation_id="cancel_order")
async def cancel_order(order_id: str, running: Running, user: Operator) -> dict[str, Any]:
    """Cancel what is open of an order; what filled before stands."""
    try:
        record = await running.engine.cancel(user.tenant_id, order_id, by=user.user_id)
    except BrokerUnavailable as down:
        raise broker_down(down) from down
    return {"ok": True, "order": show_order(record)}


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
    """Show delivered holdings as the broker has them; the ledger has all it knows in positions."""
    return await _holdings(running, user, account_id, holdings=True)


@router.get("/kill-switch", operation_id="get_kill_switch")
async def get_kill_switch(
    running: Running, user: Reader, account_id: AccountQuery = None
) -> dict[str, Any]:
    """Show an account's kill switch."""
    wanted = await chosen_account(running, user, account_id)
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
    wanted = await chosen_account(running, user, body.account_id)
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


async def chosen_account(running: Services, user: Principal, wanted: str | None) -> str:
    """Return the tenant's account of this id, or the first. Raises NotFound."""
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
    wanted = await chosen_account(running, user, account_id)
    view = await running.views.look(user.tenant_id, wanted)
    snapshot = view.snapshot
    if snapshot is None:
        # The ledger does not tell the two apart; what is in both lists would be counted twice.
        rows = () if holdings else view.ledger.expected_positions
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


def broker_down(down: BrokerUnavailable) -> Unavailable:
    """Say to a client that the broker does not answer."""
    return Unavailable(f"the broker does not answer: {down.message}", code="BROKER_UNAVAILABLE")


def show_order(record: orders.OrderRecord) -> dict[str, Any]:
    """Show an order as every route does."""
    return {
        **submitted_order(record).model_dump(mode="json"),
        "account_id": record.intent.account_id,
        "plan_id": record.intent.plan_id,
        "created_at": time_text(record.created_at),
        "updated_at": time_text(record.updated_at),
    }
