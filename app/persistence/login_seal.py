"""Logins as bytes that only this installation opens, and only in the row they were made for."""

import json
import secrets
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import ValidationError

from adapters.ports import KeptLogin
from riskgate.hashing import canonical_json

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
PURPOSE: Final = b"sigmatrader kept login 1"


class SealBroken(Exception):
    """The bytes were sealed with another secret, for another row, or were changed since."""


class LoginSeal:
    """Seals the logins of one tenant with AES-256-GCM; the key is derived for this purpose alone.

    Tenant, account and version are bound in, so a row that was copied elsewhere, or put back as
    a later version, does not open.
    """

    def __init__(
        self,
        secret: bytes,
        tenant_id: str,
        *,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(secret)
        self._cipher = AESGCM(derived)
        self._tenant_id = tenant_id
        self._random_bytes = random_bytes

    def close(self, login: KeptLogin, *, account_id: str, version: int) -> bytes:
        """Return a fresh nonce and the sealed login behind it."""
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, _text(login), self._place(account_id, version))

    def open(self, sealed: bytes, *, account_id: str, version: int) -> KeptLogin:
        """Return the login. Raises SealBroken."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            text = self._cipher.decrypt(nonce, body, self._place(account_id, version))
            return KeptLogin.model_validate_json(text)
        except (InvalidTag, ValueError, ValidationError):
            # The cause would carry what was sealed.
            raise SealBroken from None

    def _place(self, account_id: str, version: int) -> bytes:
        return canonical_json([self._tenant_id, account_id, version]).encode()


def _text(login: KeptLogin) -> bytes:
    shown = login.model_dump(mode="json")
    if login.session_id is not None:
        shown["session_id"] = login.session_id.get_secret_value()
    return json.dumps(shown).encode()
