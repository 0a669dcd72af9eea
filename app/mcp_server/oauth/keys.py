"""The authorization server's public keys: kept, and asked for again when it has new ones."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx
from jwt import PyJWK
from jwt.exceptions import PyJWKError, PyJWTError

from adapters.ports import Clock
from app.errors import Unavailable
from app.mcp_server.oauth.rules import KEY_TYPES, TokenRefused
from app.telemetry import log

DOCUMENT_MAX: Final = 256 * 1024
FETCH_MAX_S: Final = 5.0
# Keys are looked at again after an hour. A key that is not known is asked for at most once a
# minute, so that made-up names make no traffic; keys that cannot be had again count for a day.
FRESH_FOR: Final = timedelta(hours=1)
ASK_AGAIN_AFTER: Final = timedelta(minutes=1)
USABLE_FOR: Final = timedelta(days=1)

Source: TypeAlias = Callable[[], Awaitable[bytes]]
Document: TypeAlias = Mapping[str, Mapping[str, Any]]


class KeysUnavailable(Unavailable):
    """The authorization server's keys cannot be read, so no token can be checked."""

    code = "OAUTH_KEYS_UNAVAILABLE"


class KeyRing:
    """Public keys by their id."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._keys: Document = {}
        self._read_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def key(self, kid: str, algorithm: str) -> PyJWK:
        """Return a key fit for an algorithm. Raises TokenRefused and KeysUnavailable."""
        if self._must_ask(kid):
            async with self._asking:
                if self._must_ask(kid):
                    await self._ask()
        if not self._since(self._read_at, within=USABLE_FOR):
            raise KeysUnavailable("the authorization server's keys cannot be read")
        known = self._keys.get(kid)
        if known is None:
            raise TokenRefused("the token is signed by a key that is not known")
        return _fit(known, algorithm)

    def _must_ask(self, kid: str) -> bool:
        if self._since(self._asked_at, within=ASK_AGAIN_AFTER):
            return False
        return kid not in self._keys or not self._since(self._read_at, within=FRESH_FOR)

    def _since(self, moment: datetime | None, *, within: timedelta) -> bool:
        # A moment that is not there yet was before the clock went back, nobody knows how long.
        return moment is not None and timedelta(0) <= self._clock.now() - moment < within

    async def _ask(self) -> None:
        self._asked_at = self._clock.now()
        try:
            self._keys = read_document(await self._source())
        except (httpx.HTTPError, OSError, ValueError) as failed:
            log.warning("oauth_keys_not_read", error=type(failed).__name__)
            return
        self._read_at = self._asked_at


def read_document(body: bytes) -> Document:
    """Return the signing keys in a JSON Web Key Set, by id. Raises ValueError."""
    document = json.loads(body)
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise ValueError("this is no JSON Web Key Set: it has no list of keys")
    return {
        str(key["kid"]): key
        for key in keys
        if isinstance(key, dict)
        and key.get("kid")
        and key.get("use", "sig") == "sig"
        and key.get("kty") in KEY_TYPES.values()
    }


def _fit(key: Mapping[str, Any], algorithm: str) -> PyJWK:
    if key.get("kty") != KEY_TYPES[algorithm] or key.get("alg", algorithm) != algorithm:
        raise TokenRefused("the token is signed in another way than its key allows")
    try:
        return PyJWK(dict(key), algorithm)
    except (PyJWKError, PyJWTError):
        raise TokenRefused("the token's key cannot be used") from None


def from_file(path: Path) -> Source:
    """Read keys from a file, again whenever they are asked for."""

    async def read() -> bytes:
        return await asyncio.to_thread(path.read_bytes)

    return read


def from_url(url: str) -> Source:
    """Read keys from the authorization server, following no redirect."""

    async def fetch() -> bytes:
        async with (
            httpx.AsyncClient(timeout=FETCH_MAX_S, follow_redirects=False) as client,
            client.stream("GET", url, headers={"Accept": "application/json"}) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"the keys were answered with {response.status_code}")
            return await _read(response)

    return fetch


async def _read(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > DOCUMENT_MAX:
            raise ValueError("the document of keys is too long")
    return body
