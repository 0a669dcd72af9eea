"""The Idempotency-Key header: the same key and body give the same answer, and act once."""

import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.responses import Response
from pydantic import JsonValue

from app.api.services import Services
from app.errors import Conflict, InvalidRequest, Unprocessable
from app.identity.principal import Principal
from app.persistence import idempotency
from app.persistence.database import DatabaseUnavailable
from riskgate.contracts.traces import IdempotencyRecord, IdempotencyStatus
from riskgate.hashing import content_hash

KEY_MAX = 255
RUN_ID_DIGITS = 20
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key")]


class KeyReused(Unprocessable):
    """The key was used before with another body."""

    code = "IDEMPOTENCY_PAYLOAD_MISMATCH"
    remedy = "Use a new key for a new request."


class KeyInFlight(Conflict):
    """The first request with this key has not been answered yet."""

    code = "IDEMPOTENCY_IN_FLIGHT"
    remedy = "Wait a second and send the same request again."


async def once(
    services: Services,
    principal: Principal,
    request: Request,
    key: str | None,
    payload: dict[str, JsonValue],
    act: Callable[[str | None], Awaitable[dict[str, Any]]],
) -> Response:
    """Act and answer as JSON; with a key, at most once, and byte-equal ever after.

    `act` is given the run id that this key stands for, None without a key. A request that fails
    gives its key back: what it began nevertheless is found again by that run id.
    """
    body, replayed = await _act_once(services, principal, request, key, payload, act)
    headers = {"Idempotency-Replayed": "true"} if replayed else None
    return Response(body, media_type="application/json", headers=headers)


async def run_once(
    services: Services,
    principal: Principal,
    request: Request,
    key: str | None,
    payload: dict[str, JsonValue],
    begin: Callable[[str | None], Awaitable[str]],
) -> str:
    """Begin a run to be streamed and return its id; with a key, the same run ever after."""

    async def act(run_id: str | None) -> dict[str, Any]:
        return {"run_id": await begin(run_id)}

    streamed: dict[str, JsonValue] = {**payload, "stream": True}
    body, _ = await _act_once(services, principal, request, key, streamed, act)
    return str(json.loads(body)["run_id"])


async def _act_once(
    services: Services,
    principal: Principal,
    request: Request,
    key: str | None,
    payload: dict[str, JsonValue],
    act: Callable[[str | None], Awaitable[dict[str, Any]]],
) -> tuple[str, bool]:
    """Return the answer's text and whether it is an earlier one."""
    if key is None:
        return _text(await act(None)), False
    key = key.strip('"')
    if not 1 <= len(key) <= KEY_MAX:
        raise InvalidRequest(f"Idempotency-Key must have 1 to {KEY_MAX} characters")
    scope = f"{principal.user_id}:{request.method}:{request.url.path}"
    held = await _claim(services, principal, scope, key, content_hash(payload))
    if held is not None:
        return _stored(held, content_hash(payload)), True
    answered = False
    try:
        body = _text(await act(_run_id(principal.tenant_id, scope, key)))
        async with services.database.tenant(principal.tenant_id) as session:
            await idempotency.finish(session, scope=scope, key=key, status=200, body=body)
        answered = True
    finally:
        if not answered:
            await _release(services, principal, scope, key)
    return body, False


def _run_id(tenant_id: str, scope: str, key: str) -> str:
    """Return the one run id that this key can stand for."""
    return f"run_{content_hash([tenant_id, scope, key])[:RUN_ID_DIGITS]}"


async def _release(services: Services, principal: Principal, scope: str, key: str) -> None:
    # What failed is what the client must hear of; a key that stays is given up after a minute.
    with contextlib.suppress(DatabaseUnavailable):
        async with services.database.tenant(principal.tenant_id) as session:
            await idempotency.release(session, scope=scope, key=key)


def _text(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


async def _claim(
    services: Services, principal: Principal, scope: str, key: str, payload_hash: str
) -> IdempotencyRecord | None:
    async with services.database.tenant(principal.tenant_id) as session:
        return await idempotency.claim(
            session, scope=scope, key=key, payload_hash=payload_hash, at=services.clock.now()
        )


def _stored(held: IdempotencyRecord, payload_hash: str) -> str:
    if held.payload_hash != payload_hash:
        raise KeyReused("this Idempotency-Key was used with another body")
    if held.status is IdempotencyStatus.IN_FLIGHT or held.response_body is None:
        raise KeyInFlight("a request with this Idempotency-Key is still being worked on")
    return held.response_body
