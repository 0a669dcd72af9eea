"""The login of an account at Kite: how it stands, a link for the person, and the logout."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from app.api.deps import Connector, Reader, Running
from app.api.idempotency import IdempotencyKey, once
from app.api.routes.trading import chosen_account
from app.connections.service import is_machine, refuse_machine
from app.connections.views import show_connection, show_link
from riskgate.contracts.base import Contract, Identifier

router = APIRouter(prefix="/api/v1/connections/kite", tags=["connections"])

# A link is a credential: no cache, and no page that it leads to, may learn of it from us.
UNKEPT = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}


class ConnectionRequest(Contract):
    """Which account is meant; the default one when none is named."""

    account_id: Identifier | None = None


@router.get("", operation_id="get_kite_connection")
async def get_kite_connection(
    running: Running,
    user: Reader,
    account_id: Annotated[str | None, Query(max_length=64)] = None,
    probe: bool = False,
) -> dict[str, Any]:
    """Show how an account stands with Kite; `probe` asks Kite, else what is known is told."""
    wanted = await chosen_account(running, user, account_id)
    found = await running.connections.status(user.tenant_id, wanted, by=user.user_id, probe=probe)
    # Who a person is at their broker is no program's to know.
    return {"ok": True, **show_connection(found, named=not is_machine(user))}


@router.post("/login", operation_id="log_in_at_kite", response_model=None)
async def log_in_at_kite(body: ConnectionRequest, running: Running, user: Connector) -> Response:
    """Return a fresh link to Kite's own login page, or none for an account that is logged in.

    Repeating it gives another link to the same login and changes nothing else. The answer is
    kept under no Idempotency-Key, for it holds a credential.
    """
    refuse_machine(user)
    wanted = await chosen_account(running, user, body.account_id)
    link, found = await running.connections.begin(user.tenant_id, wanted, by=user.user_id)
    shown = {
        "ok": True,
        **show_connection(found),
        "link": None if link is None else show_link(link),
    }
    return JSONResponse(shown, headers=UNKEPT)


@router.post("/logout", operation_id="log_out_of_kite")
async def log_out_of_kite(
    body: ConnectionRequest,
    running: Running,
    user: Connector,
    request: Request,
    key: IdempotencyKey = None,
) -> Response:
    """Log out at Kite and forget the session; orders and positions there stay as they are."""
    refuse_machine(user)
    wanted = await chosen_account(running, user, body.account_id)

    async def act(_run_id: str | None) -> dict[str, Any]:
        found = await running.connections.end(user.tenant_id, wanted, by=user.user_id)
        return {"ok": True, **show_connection(found)}

    return await once(running, user, request, key, body.model_dump(mode="json"), act)
