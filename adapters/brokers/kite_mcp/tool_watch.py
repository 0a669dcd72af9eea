"""The server's tools, looked at again and again: which may be called, and what to tell of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from adapters.brokers.kite_mcp.catalogue import WRITES, pins
from adapters.mcp.client import McpClient, ServerSession
from adapters.mcp.pins import Drift, drift, quarantined

# A write is preceded by a look that is hardly older than itself; a read needs one now and then.
WRITE_AGE_MAX_S: Final = 1.0
READ_AGE_MAX_S: Final = 300.0
NOT_OFFERED: Final = "KITE_ORDERS_NOT_OFFERED"
CHANGED: Final = "KITE_TOOLS_CHANGED"


@dataclass(frozen=True)
class Look:
    """What a list of the tools showed.

    `absent` are writes that are not offered, `unlike` the pinned tools that are there otherwise
    or are gone; `quarantined` must not be called.
    """

    absent: tuple[str, ...]
    unlike: tuple[str, ...]
    quarantined: frozenset[str]


def look_at(found: Drift, shadows: frozenset[str]) -> Look:
    """Return what a list's drift means; `shadows` are pinned names that another server offers."""
    suspects = {*found.removed, *found.changed, *found.repeated, *shadows}
    absent = WRITES & set(found.removed)
    return Look(
        absent=tuple(sorted(absent)),
        unlike=tuple(sorted(suspects - absent)),
        quarantined=quarantined(found, pinned=pins(), writes=WRITES, shadows=shadows),
    )


def told(look: Look) -> tuple[str, ...]:
    """Return what a person should know of the tools; empty when all are what they were."""
    lines = []
    if look.absent:
        lines.append(
            f"{NOT_OFFERED}: this server does not offer {', '.join(look.absent)}; the account "
            "can be read, and orders go through Kite's own app"
        )
    if look.unlike:
        lines.append(
            f"{CHANGED}: not as they were pinned: {', '.join(look.unlike)}; what changed is not "
            "called, and where it writes no order is sent or cancelled here (Kite's own app can), "
            "until a person has pinned it anew"
        )
    return tuple(line[:500] for line in lines)


class ToolWatch:
    """Keeps the last look at the tools of the one server.

    `elsewhere` are the names that other MCP servers of this system offer.
    """

    def __init__(
        self,
        *,
        client: McpClient,
        monotonic: Callable[[], float],
        elsewhere: Iterable[str] = (),
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._shadows = frozenset(elsewhere) & frozenset(pins())
        self._seen: tuple[float, str, Look] | None = None

    @property
    def last(self) -> Look | None:
        """The last look, however old; None before the first."""
        return None if self._seen is None else self._seen[2]

    def forget(self) -> None:
        """Look again before the next call."""
        self._seen = None

    async def look(self, session: ServerSession, *, age_max_s: float) -> Look:
        """Return a look at the session's tools that is not older; raises CallFailed."""
        key = _key(session)
        if self._seen is not None:
            at, of, look = self._seen
            if of == key and self._monotonic() - at <= age_max_s:
                return look
        at = self._monotonic()
        look = look_at(drift(pins(), await self._client.list_tools(session)), self._shadows)
        self._seen = (at, key, look)
        return look


def _key(session: ServerSession) -> str:
    return "" if session.session_id is None else session.session_id.get_secret_value()
