"""What a token must be to count: pure answers on a header and on claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from app.errors import Unauthorized
from tools.scopes import Scope

# Signatures by a key that only the authorization server has; a shared secret would let whoever
# checks a token also make one.
KEY_TYPES: Final = MappingProxyType(
    {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "ES384": "EC", "EdDSA": "OKP"}
)
TOKEN_MAX: Final = 8_192
NAME_MAX: Final = 200
# Clocks of two machines differ a little; an expired token gets no such grace.
SKEW: Final = timedelta(seconds=30)
TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})


class TokenRefused(Unauthorized):
    """The token does not count here; nothing was done."""

    code = "TOKEN_REFUSED"
    remedy = "Sign in again at the authorization server that the challenge names."


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Whose tokens count, for which resource: ours."""

    issuer: str
    resource: str


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a token that counts says: who, through which program, and what they let it do."""

    subject: str
    client_id: str
    scopes: frozenset[Scope]


def key_named(header: Mapping[str, Any]) -> tuple[str, str]:
    """Return the key and the algorithm that a token's header names. Raises TokenRefused."""
    kid, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise TokenRefused("the token is signed in a way that does not count here")
    if not isinstance(kid, str) or not 0 < len(kid) <= NAME_MAX:
        raise TokenRefused("the token does not say which key signed it")
    if str(header.get("typ", "jwt")).lower() not in TYPES or "crit" in header:
        raise TokenRefused("the token is of a kind that is not known here")
    return kid, algorithm


def claims_of(payload: Mapping[str, Any], now: datetime) -> Claims:
    """Return what a token says whose signature, issuer and audience were checked.

    Raises TokenRefused for one that is over, has not begun or names nobody.
    """
    if now >= _time(payload, "exp"):
        raise TokenRefused("the token has expired")
    if any(name in payload and now + SKEW < _time(payload, name) for name in ("nbf", "iat")):
        raise TokenRefused("the token does not count yet")
    subject = payload.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= NAME_MAX:
        raise TokenRefused("the token names nobody")
    client_id = payload.get("client_id") or payload.get("azp") or "unknown"
    return Claims(subject=subject, client_id=str(client_id)[:NAME_MAX], scopes=_scopes(payload))


def _time(payload: Mapping[str, Any], name: str) -> datetime:
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"the token's {name} is no time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise TokenRefused(f"the token's {name} is no time") from None


def _scopes(payload: Mapping[str, Any]) -> frozenset[Scope]:
    """Return the scopes of ours among those granted; any other says nothing here."""
    said = payload.get("scope", payload.get("scp", ""))
    words = said.split() if isinstance(said, str) else said if isinstance(said, list) else ()
    known = {scope.value: scope for scope in Scope}
    return frozenset(known[word] for word in words if word in known)
