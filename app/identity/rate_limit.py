"""How often one user may call one route or tool: a true sliding minute, counted in this process."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.errors import AppError

WINDOW = timedelta(seconds=60)


@dataclass(frozen=True)
class Allowance:
    """What is left of a user's minute on a route."""

    limit: int
    remaining: int
    retry_after_s: int

    @property
    def exceeded(self) -> bool:
        return self.retry_after_s > 0


class RateLimited(AppError):
    """The user called this route too often in the last minute; nothing was done."""

    code = "RATE_LIMITED"
    status = 429
    remedy = "Wait as long as Retry-After says; follow a run by its events instead of polling."


class RateLimiter:
    """Counts calls by user and route. Refused calls do not count."""

    def __init__(self, *, reads_per_min: int, writes_per_min: int) -> None:
        self._reads_per_min = reads_per_min
        self._writes_per_min = writes_per_min
        self._calls: defaultdict[tuple[str, str, str], deque[datetime]] = defaultdict(deque)

    def take(self, *, user: str, method: str, route: str, now: datetime) -> Allowance:
        """Count one call and return what is left, or refuse it and say when to come again."""
        limit = self._reads_per_min if method in {"GET", "HEAD"} else self._writes_per_min
        calls = self._calls[(user, method, route)]
        # What was counted at a time that is not there yet was counted before the clock went back.
        while calls and not timedelta(0) <= now - calls[0] < WINDOW:
            calls.popleft()
        if len(calls) >= limit:
            wait = (calls[0] + WINDOW - now).total_seconds()
            return Allowance(limit, 0, max(1, math.ceil(wait)))
        calls.append(now)
        return Allowance(limit, limit - len(calls), 0)
