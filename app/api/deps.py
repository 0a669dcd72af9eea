"""What routes are handed: the application, the signed-in user and paging."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from app.api.services import Services
from app.errors import Forbidden, InvalidRequest, Unauthorized
from app.identity.principal import ROLES_WITH, Permission, Principal
from app.identity.rate_limit import RateLimited

LIMIT_MAX = 200
LIMIT_DEFAULT = 50
SECRET_PARAMETERS = frozenset({"key", "api_key", "apikey", "token", "access_token"})


def services(request: Request) -> Services:
    """Return the running application."""
    running: Services = request.app.state.services
    return running


def requires(permission: Permission) -> Callable[..., Awaitable[Principal]]:
    """Return a dependency that lets only users with a permission through."""

    async def signed_in(request: Request) -> Principal:
        principal = await authenticate(request)
        _count(request, principal)
        if not principal.may(permission):
            roles = ", ".join(sorted(ROLES_WITH[permission]))
            raise Forbidden(f"this needs one of the roles {roles}")
        return principal

    signed_in.permission = permission  # type: ignore[attr-defined]
    return signed_in


async def authenticate(request: Request) -> Principal:
    """Return the user whose key the request carries in its Authorization header."""
    if SECRET_PARAMETERS & {name.lower() for name in request.query_params}:
        raise InvalidRequest(
            "a key must not be sent in the address",
            remedy="Send it as 'Authorization: Bearer st_...' and make a new key: this one was"
            " written to logs on its way.",
        )
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthorized("the request has no API key")
    return await services(request).identity.authenticate(key.strip())


def _count(request: Request, principal: Principal) -> None:
    running = services(request)
    allowance = running.rate_limiter.take(
        user=f"{principal.tenant_id}:{principal.user_id}",
        method=request.method,
        route=request.scope["route"].path,
        now=running.clock.now(),
    )
    request.state.allowance = allowance
    if allowance.exceeded:
        raise RateLimited(f"more than {allowance.limit} calls of this route in a minute")


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    offset: int

    def envelope(self, rows: list[Any]) -> dict[str, Any]:
        """Return rows in the list envelope; `rows` holds one more than asked when more follow."""
        more = len(rows) > self.limit
        return {
            "ok": True,
            "rows": rows[: self.limit],
            "limit": self.limit,
            "offset": self.offset,
            "next_offset": self.offset + self.limit if more else None,
        }


def page(
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Page:
    return Page(limit=limit, offset=offset)


Paging = Annotated[Page, Depends(page)]
Running = Annotated[Services, Depends(services)]
Reader = Annotated[Principal, Depends(requires(Permission.READ))]
Chatter = Annotated[Principal, Depends(requires(Permission.CHAT))]
Decider = Annotated[Principal, Depends(requires(Permission.APPROVE))]
Operator = Annotated[Principal, Depends(requires(Permission.OPERATE))]
Stopper = Annotated[Principal, Depends(requires(Permission.STOP))]
Auditor = Annotated[Principal, Depends(requires(Permission.READ_AUDIT))]
Connector = Annotated[Principal, Depends(requires(Permission.CONNECT))]
PolicyChecker = Annotated[Principal, Depends(requires(Permission.CHECK_POLICY))]
PolicyProposer = Annotated[Principal, Depends(requires(Permission.PROPOSE_POLICY))]
PolicyApprover = Annotated[Principal, Depends(requires(Permission.ACTIVATE_POLICY))]
