"""The seal of a card: one keyed hash over everything an approval is bound to."""

import hashlib
import hmac
from datetime import datetime

from riskgate.contracts.base import Contract, Identifier, Sha256, UtcTime
from riskgate.hashing import canonical_json


class SealedTerms(Contract):
    """What an approval of a card means; changing any of it voids the card."""

    tenant_id: Identifier
    account_id: Identifier
    card_id: Identifier
    plan_hash: Sha256
    policy_hash: Sha256
    expires_at: UtcTime


def seal(terms: SealedTerms, *, secret: bytes) -> str:
    """Return the seal, in hex."""
    return hmac.new(secret, canonical_json(terms).encode(), hashlib.sha256).hexdigest()


def seal_holds(terms: SealedTerms, *, secret: bytes, given: str) -> bool:
    """Compare a seal in constant time."""
    return hmac.compare_digest(seal(terms, secret=secret).encode(), given.encode())


def expired(terms: SealedTerms, *, now: datetime) -> bool:
    """An approval at the very instant of expiry is too late."""
    return now >= terms.expires_at
