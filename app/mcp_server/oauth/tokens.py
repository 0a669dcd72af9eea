"""Check a token: its form, its signature, who made it, for whom, and until when."""

from typing import Final

import jwt

from adapters.ports import Clock
from app.mcp_server.oauth.keys import KeyRing
from app.mcp_server.oauth.rules import TOKEN_MAX, Claims, Issuer, TokenRefused, claims_of, key_named

# Times are checked by our own clock, in `claims_of`.
OPTIONS: Final = {
    "require": ["exp", "iss", "aud", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "enforce_minimum_key_length": True,
}


class Tokens:
    """Checks the tokens of one issuer.

    INVARIANT: a token counts only when our own resource is its audience. The library's server
    checks that only where `validate_token_resource` is set, and accepts any audience otherwise.
    """

    def __init__(self, issuer: Issuer, keys: KeyRing, clock: Clock) -> None:
        self._issuer = issuer
        self._keys = keys
        self._clock = clock

    async def read(self, token: str) -> Claims:
        """Return what a token says. Raises TokenRefused for one that does not count here, and
        KeysUnavailable where it cannot be checked."""
        if len(token) > TOKEN_MAX:
            raise TokenRefused("the token is too long")
        try:
            kid, algorithm = key_named(jwt.get_unverified_header(token))
            key = await self._keys.key(kid, algorithm)
            payload = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer.issuer,
                audience=self._issuer.resource,
                options=OPTIONS,  # type: ignore[arg-type]
            )
        except jwt.InvalidAudienceError:
            raise TokenRefused("the token was made for another audience") from None
        except jwt.InvalidIssuerError:
            raise TokenRefused("the token is another issuer's") from None
        except jwt.PyJWTError:
            raise TokenRefused("the token is not whole, or not signed by its issuer") from None
        return claims_of(payload, self._clock.now())
