"""The real clock and the real id factory; everything else is handed them."""

import secrets
from datetime import UTC, datetime

ID_RANDOM_BYTES = 10


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIds:
    """Identifiers from the operating system's randomness: `prefix_` and 20 hex digits."""

    def new(self, prefix: str) -> str:
        return f"{prefix}_{secrets.token_hex(ID_RANDOM_BYTES)}"
