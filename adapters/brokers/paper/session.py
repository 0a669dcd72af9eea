"""A session that ends at a time of day and must be renewed, as an Indian broker's does."""

from datetime import datetime, time, timedelta

from adapters.brokers.paper.day import IST
from adapters.errors import BrokerUnavailable
from adapters.ports import Clock


def ends_at(began_at: datetime, expires_at_ist: time) -> datetime:
    """Return the first moment after its beginning at which a session is over."""
    began = began_at.astimezone(IST)
    same_day = datetime.combine(began.date(), expires_at_ist, IST)
    return same_day if same_day > began else same_day + timedelta(days=1)


class Session:
    """Begins when it is made and ends at the next expiry; None for a session without end."""

    def __init__(self, clock: Clock, expires_at_ist: time | None) -> None:
        self._clock = clock
        self._expires_at_ist = expires_at_ist
        self._began_at = clock.now()

    def renew(self) -> None:
        """Begin again now."""
        self._began_at = self._clock.now()

    def check(self) -> None:
        """Raise BrokerUnavailable when the session is over: surely nothing was sent."""
        if self._expires_at_ist is None:
            return
        end = ends_at(self._began_at, self._expires_at_ist)
        if self._clock.now() >= end:
            raise BrokerUnavailable(
                f"session expired at {end:%Y-%m-%d %H:%M} IST; renew it before the next call"
            )
