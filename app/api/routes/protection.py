"""Stops and targets, the panic close, and the running state of an account."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import StringConstraints

from app.api.deps import Paging, Reader, Running, Stopper
from app.api.idempotency import IdempotencyKey, once
from app.api.services import Services
from app.errors import InvalidRequest, NotFound
from app.identity.principal import Permission, Principal
from app.persistence import accounts, protections
from app.pipeline.views import require_account
from app.protection.drain import State, StateChange
from app.protection.views import show_panic, show_protections, show_state
from riskgate.contracts.base import Contract, Identifier

router = APIRouter(prefix="/api/v1", tags=["protection"])

AccountQuery = Annotated[str | None, Query(max_length=64)]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=300)]


class PanicRequest(Contract):
    """Which account to close, and why."""

    account_id: Identifier | None = None
    reason: Reason


class StateRequest(Contract):
    """The running state an account is to have, and why."""

    account_id: Identifier | None = None
    state: State
    reason: Reason


@router.get("/protections", operation_id="list_protections")
async def list_protections(
    running: Running,
    user: Reader,
    page: Paging,
    account_id: AccountQuery = None,
    include_done: bool = False,
) -> dict[str, Any]:
    """List entries with a stop or target: where each is, and who holds it."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await protections.list_protections(
            session,
            account_id=account_id,
            limit=page.limit + 1,
            offset=page.offset,
            done=include_done,
        )
        rows = await show_protections(session, found)
    return page.envelope(rows)


@router.post("/panic", operation_id="panic")
async def panic(
    body: PanicRequest,
    running: Running,
    user: Stopper,
    request: Request,
    key: IdempotencyKey = None,
) -> Response:
    """Stop opening, cancel our open orders, and leave every position of an account."""
    wanted = await _account_id(running, user, body.account_id)

    async def act(_run_id: str | None) -> dict[str, Any]:
        report = await running.protection.panic.close(
            user.tenant_id, wanted, by=user.user_id, reason=body.reason
        )
        return {"ok": True, **show_panic(report)}

    return await once(running, user, request, key, body.model_dump(mode="json"), act)


@router.get("/running-state", operation_id="get_running_state")
async def get_running_state(
    running: Running, user: Reader, account_id: AccountQuery = None
) -> dict[str, Any]:
    """Show whether an account runs, is paused, drains, is drained or stopped."""
    wanted = await _account_id(running, user, account_id)
    view = await running.protection.drain.look(user.tenant_id, wanted)
    return {"ok": True, "account_id": wanted, **show_state(view)}


@router.post("/running-state", operation_id="set_running_state")
async def set_running_state(body: StateRequest, running: Running, user: Stopper) -> dict[str, Any]:
    """Pause, drain or stop an account, or, as risk admin, let it run again."""
    if body.state is State.DRAINED:
        raise InvalidRequest("DRAINED is come to by itself; ask for DRAINING")
    wanted = await _account_id(running, user, body.account_id)
    change = StateChange(
        to=body.state,
        by=user.user_id,
        reason=body.reason,
        may_restart=user.may(Permission.RESTART),
    )
    view = await running.protection.drain.change(user.tenant_id, wanted, change)
    return {"ok": True, "account_id": wanted, **show_state(view)}


async def _account_id(running: Services, user: Principal, wanted: str | None) -> str:
    async with running.database.tenant(user.tenant_id) as session:
        if wanted is not None:
            return (await require_account(session, wanted)).account_id
        found = await accounts.list_accounts(session)
    if not found:
        raise NotFound("there is no account")
    return found[0].account_id
