"""Kite's limits on requests of one account, as a server in front of it meets them."""

from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Final

from tests.fakes.kite_oms import Refused

A_SECOND: Final = timedelta(seconds=1)
WINDOWS: Final = {
    "order": ((A_SECOND, 10), (timedelta(minutes=1), 400), (timedelta(days=1), 5_000)),
    "quote": ((A_SECOND, 1),),
    "history": ((A_SECOND, 3),),
    "other": ((A_SECOND, 10),),
}


class Limits:
    """Counts requests, those it refuses too."""

    def __init__(self) -> None:
        self._asked: dict[str, deque[datetime]] = defaultdict(deque)

    def count(self, method: str, path: str, now: datetime) -> None:
        """Count a request; raises Refused when there were too many of its kind."""
        kind = kind_of(method, path)
        asked = self._asked[kind]
        asked.append(now)
        while asked[0] <= now - timedelta(days=1):
            asked.popleft()
        for span, most in WINDOWS[kind]:
            if sum(at > now - span for at in asked) > most:
                raise Refused("NetworkException: too many requests")


def kind_of(method: str, path: str) -> str:
    """Return under which limit a request falls."""
    if path.startswith("/orders") and method != "GET":
        return "order"
    if path.startswith("/quote"):
        return "quote"
    return "history" if path.startswith("/instruments/historical") else "other"
