"""The door of /mcp: who may come in is decided before anything of a message is worked on."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from app.errors import AppError, Forbidden, InvalidRequest, Unauthorized
from app.mcp_server.hosts import host_is_ours, origin_is_ours
from app.mcp_server.visitors import MCP_SCOPES, Visitor
from tools.scopes import Scope

# What JSON-RPC leaves to implementations.
REFUSED: Final = -32_000
SECRET_PARAMETERS: Final = frozenset({"key", "api_key", "apikey", "token", "access_token"})
VISITOR: Final = "mcp_visitor"


class HostNotAllowed(AppError):
    """The Host header is not a name of this server; nothing was read."""

    code = "HOST_NOT_ALLOWED"
    status = 421
    remedy = "Call the server by its own name, or add the name to SIGMATRADER_MCP_HOSTS."


class OriginNotAllowed(Forbidden):
    """A page of another site sent the request; nothing was read."""

    code = "ORIGIN_NOT_ALLOWED"
    remedy = (
        "Use a program that is no page of another site, or add its host to SIGMATRADER_MCP_HOSTS."
    )


class ScopeMissing(Forbidden):
    """The credential does not reach the tool; nothing was called."""

    code = "INSUFFICIENT_SCOPE"
    remedy = "Sign in again and ask for the scopes that the answer names."

    def __init__(self, message: str, scopes: frozenset[Scope]) -> None:
        super().__init__(message)
        self.scopes = scopes


@dataclass(frozen=True, kw_only=True)
class Door:
    """What the guard knows: its names, who a credential belongs to, what a request needs.

    `scope_of` is asked with a method and the name or address in its parameters, `opens` before a
    session, `turned_away` is told of a call beyond the visitor's scopes. `metadata_url` tells
    clients where tokens come from; None where only keys count.
    """

    hosts: frozenset[str]
    visitor: Callable[[str], Awaitable[Visitor]]
    scope_of: Callable[[str, str], Scope | None]
    opens: Callable[[Visitor], None]
    turned_away: Callable[[Visitor, str], Awaitable[None]]
    metadata_url: str | None


class Guard:
    """Lets signed-in requests through, with their visitor in the request's state."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        # RFC 9110: white space around a value is no part of it, which the server leaves to us.
        scope["headers"] = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        request = Request(scope, receive)
        try:
            self._check_address(request.headers)
            visitor = await self._sign_in(request.headers, request.query_params)
            body = await request.body()
            await self._check_message(visitor, body)
        except AppError as refused:
            await self._refuse(refused, request)(scope, receive, send)
            return
        scope["user"] = _library_user(visitor)
        scope.setdefault("state", {})[VISITOR] = visitor
        await self._app(scope, _again(body, receive), send)

    def _check_address(self, headers: Headers) -> None:
        if not host_is_ours(headers.get("host"), self._door.hosts):
            raise HostNotAllowed("the request names another host than this server")
        if not origin_is_ours(headers.get("origin"), self._door.hosts):
            raise OriginNotAllowed("the request comes from a page of another site")

    async def _sign_in(self, headers: Headers, query: QueryParams) -> Visitor:
        if SECRET_PARAMETERS & {name.lower() for name in query}:
            raise InvalidRequest(
                "a credential must not be sent in the address",
                remedy="Send it as 'Authorization: Bearer ...' and make a new one: this one was"
                " written to logs on its way.",
            )
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not credential.strip():
            raise Unauthorized("the request has no credential")
        return await self._door.visitor(credential.strip())

    async def _check_message(self, visitor: Visitor, body: bytes) -> None:
        message = _read_once(body)
        method, params = message.get("method"), message.get("params")
        if not isinstance(method, str) or not isinstance(params, Mapping):
            return
        if method == "initialize":
            self._door.opens(visitor)
        name = params.get("uri" if method.startswith("resources/") else "name")
        needed = self._door.scope_of(method, name) if isinstance(name, str) else None
        if needed is not None and needed not in visitor.scopes:
            await self._door.turned_away(visitor, method)
            raise ScopeMissing(f"this needs the scope {needed}", visitor.scopes | {needed})

    def _refuse(self, refused: AppError, request: Request) -> Response:
        problem = {
            "code": refused.code,
            "remediation": refused.remedy,
            "retry_safe": refused.retry_safe,
            "request_id": getattr(request.state, "request_id", ""),
        }
        error = {"code": REFUSED, "message": refused.message, "data": problem}
        return JSONResponse(
            {"jsonrpc": "2.0", "id": None, "error": error},
            status_code=refused.status,
            headers=self._challenge(refused, had_one="authorization" in request.headers),
        )

    def _challenge(self, refused: AppError, *, had_one: bool) -> dict[str, str]:
        """Tell a client how to sign in, or for which scopes to ask (RFC 6750, RFC 9728)."""
        if refused.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            return {"Retry-After": "60"}
        scopes: frozenset[Scope] = MCP_SCOPES
        if isinstance(refused, ScopeMissing):
            scopes = refused.scopes
            said = {"error": "insufficient_scope", "error_description": refused.message}
        elif refused.status != HTTPStatus.UNAUTHORIZED:
            return {}
        else:
            wrong = {"error": "invalid_token", "error_description": refused.message}
            said = wrong if had_one else {}
        said["scope"] = " ".join(sorted(scopes))
        if self._door.metadata_url is not None:
            said["resource_metadata"] = self._door.metadata_url
        return {"WWW-Authenticate": "Bearer " + ", ".join(f'{k}="{v}"' for k, v in said.items())}


def _read_once(body: bytes) -> Mapping[str, Any]:
    """Return the message in a body. Raises InvalidRequest where a name stands in it twice, for
    what was checked must be what is called; what is no message is left to the library."""
    try:
        message = json.loads(body, object_pairs_hook=_once) if body else {}
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise InvalidRequest("the JSON has a name twice in one object")
    return fields


def _library_user(visitor: Visitor) -> AuthenticatedUser:
    """Name the visitor to the library, which binds a session to who opened it."""
    principal = visitor.principal
    return AuthenticatedUser(
        AccessToken(
            token="",
            client_id=visitor.client_id,
            subject=f"{principal.tenant_id}:{principal.user_id}",
            scopes=sorted(visitor.scopes),
            claims={"iss": visitor.credential.value},
        )
    )


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
