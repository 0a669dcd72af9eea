"""How long an order is on its way. Chance without a generator: a hash of what it is for."""

import hashlib
from datetime import datetime, timedelta

from adapters.brokers.paper.settings import PaperSettings


def reaches_book_at(
    settings: PaperSettings, *, account_id: str, sequence: int, tag: str, accepted_at: datetime
) -> datetime | None:
    """Return when an accepted order reaches the book, None for at once.

    The delay depends on the seed, the account, the order's number in it, and its tag alone.
    """
    shortest, longest = settings.latency_ms
    delay_ms = shortest + draw(longest - shortest + 1, settings.seed, account_id, sequence, tag)
    return accepted_at + timedelta(milliseconds=delay_ms) if delay_ms > 0 else None


def draw(below: int, seed: int, *purpose: object) -> int:
    """Return an integer in 0..below-1 that depends only on the arguments."""
    text = "|".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below
