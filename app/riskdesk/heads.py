"""Connections that must send a request's head in time, which uvicorn itself does not ask for."""

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_MAX_S: Final = 10.0


class HeadInTime(H11Protocol):
    """Closes a connection whose head is not whole so long after it was opened, or began."""

    head_max_s = HEAD_MAX_S
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.head_max_s, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # There is no cycle before the first head.
        if not getattr(self.cycle, "response_complete", True):
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_max_s, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
