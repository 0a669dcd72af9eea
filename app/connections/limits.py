"""How often one account's login may be asked about; counted in this process."""

from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Final, TypeAlias

LINKS: Final = 5
LINKS_WINDOW: Final = timedelta(minutes=5)
PROBE_EVERY: Final = timedelta(seconds=2)

Owner: TypeAlias = tuple[str, str]


class LoginLimits:
    """Counts the links and the probes of each account."""

    def __init__(self) -> None:
        self._links: defaultdict[Owner, deque[datetime]] = defaultdict(deque)
        self._probed: dict[Owner, datetime] = {}

    def take_link(self, owner: Owner, now: datetime) -> bool:
        """Count a link; False where the account had its share of them already."""
        given = self._links[owner]
        # What was counted at a time that is not there yet was counted before the clock went back.
        while given and not timedelta(0) <= now - given[0] < LINKS_WINDOW:
            given.popleft()
        if len(given) >= LINKS:
            return False
        given.append(now)
        return True

    def take_probe(self, owner: Owner, now: datetime) -> bool:
        """Say whether the broker may be asked again; too soon, what is known is told instead."""
        before = self._probed.get(owner)
        # A clock that was put back must not silence probes until it has caught up.
        if before is not None and timedelta(0) <= now - before < PROBE_EVERY:
            return False
        self._probed[owner] = now
        return True
