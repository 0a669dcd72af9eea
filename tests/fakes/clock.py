"""A clock that a test moves."""

from datetime import UTC, datetime, timedelta

# A Wednesday, 10:00 in India.
MORNING = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)


class FakeClock:
    """Stands still until told; implements Clock."""

    def __init__(self, now: datetime = MORNING) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, **by: float) -> None:
        """Move by what `timedelta` takes, as in `advance(seconds=5)`."""
        self._now += timedelta(**by)

    def set(self, now: datetime) -> None:
        self._now = now
