"""An authorization server of the test's own: its keys, and tokens as good or as bad as asked."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.fakes.clock import FakeClock

ISSUER = "https://login.example.org/"
RESOURCE = "http://127.0.0.1:8080/mcp"
ALGORITHMS: Mapping[str, Any] = {
    "RS256": RSAAlgorithm,
    "PS256": RSAAlgorithm,
    "ES256": ECAlgorithm,
    "EdDSA": OKPAlgorithm,
}


@cache
def private_key(algorithm: str, number: int = 1) -> PrivateKeyTypes:
    """Return a key of an algorithm, the same one each time; RSA keys are slow to make."""
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@dataclass
class FakeIssuer:
    """Signs tokens; its document of keys is asked for through `read`, which may fail."""

    clock: FakeClock
    kids: dict[str, str] = field(default_factory=lambda: {"key-1": "ES256"})
    asked: int = 0
    fails: bool = False

    async def read(self) -> bytes:
        """Implements the source of a KeyRing."""
        self.asked += 1
        if self.fails:
            raise OSError("the authorization server does not answer")
        return self.document()

    def document(self) -> bytes:
        keys = [_public(kid, algorithm) for kid, algorithm in self.kids.items()]
        return json.dumps({"keys": keys}).encode()

    def token(
        self, kid: str = "key-1", header: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        """Return a token that counts unless the claims say otherwise; None leaves a claim out."""
        algorithm = self.kids.get(kid, "ES256")
        now = int(self.clock.now().timestamp())
        payload = {
            "iss": ISSUER,
            "aud": RESOURCE,
            "sub": "asha",
            "iat": now,
            "exp": now + 300,
            "client_id": "test-host",
            "scope": "read:market read:account plan:write",
        } | claims
        return jwt.encode(
            {name: value for name, value in payload.items() if value is not None},
            private_key(algorithm, _number(kid)),  # type: ignore[arg-type]
            algorithm=algorithm,
            headers={"kid": kid, **(header or {})},
        )


def unsigned(token: str, **header: Any) -> str:
    """Return a token's claims under another header, with no signature."""
    return f"{_part(json.dumps(header).encode())}.{token.split('.')[1]}."


def signed_with(secret: bytes, token: str) -> str:
    """Return a token's claims signed with a shared secret, such as a public key's own text."""
    head = _part(json.dumps({"alg": "HS256", "kid": "key-1"}).encode())
    said = f"{head}.{token.split('.')[1]}"
    return f"{said}.{_part(hmac.new(secret, said.encode(), hashlib.sha256).digest())}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _public(kid: str, algorithm: str) -> dict[str, Any]:
    public = private_key(algorithm, _number(kid)).public_key()
    key: dict[str, Any] = ALGORITHMS[algorithm].to_jwk(public, as_dict=True)
    return {**key, "kid": kid, "use": "sig", "alg": algorithm}


def _number(kid: str) -> int:
    return int(kid.rpartition("-")[2])
