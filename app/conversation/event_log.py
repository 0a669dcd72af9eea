"""A run's events: numbered, stored first, then shown to whoever watches."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from ag_ui.core import BaseEvent

from adapters.ports import Clock
from app.persistence import runs
from app.persistence.database import Database, Session

TERMINAL = frozenset({"RUN_FINISHED", "RUN_ERROR"})
POLL_S = 0.5
# After the first, events wait this long for company: a commit each would slow down the turn.
GATHER_S = 0.01
POLLS_MAX = 1_200


@dataclass(frozen=True)
class NumberedEvent:
    """One stored event as it goes on the wire.

    `run_id` is None for an event of the run that is followed, else the run that carries it on.
    """

    seq: int
    kind: str
    text: str
    run_id: str | None = None


@dataclass
class EventLog:
    """The events of one run that is being worked on in this process.

    Events wait in `pending` until they are stored; several are stored in one commit. Whoever
    stores them holds `writing` until they are shown.
    """

    tenant_id: str
    run_id: str
    database: Database
    clock: Clock
    stored: list[NumberedEvent] = field(default_factory=list)
    pending: list[NumberedEvent] = field(default_factory=list)
    finished: bool = False
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def emit(self, event: BaseEvent) -> None:
        """Queue an event; it is stored and shown by the writer."""
        text = event.model_dump_json(by_alias=True, exclude_none=True)
        seq = len(self.stored) + len(self.pending) + 1
        self.pending.append(NumberedEvent(seq, str(event.type.value), text))
        self._wake.set()

    async def write_until_finished(self) -> None:
        """Store queued events as they come, until the run's last events are stored."""
        while not self.finished:
            await self._wake.wait()
            self._wake.clear()
            async with self.writing:
                if self.pending and self.pending[-1].kind not in TERMINAL:
                    async with self.database.tenant(self.tenant_id) as session:
                        batch = await self.store(session)
                    await self.show(batch)
            await asyncio.sleep(GATHER_S)

    async def store(self, session: Session) -> list[NumberedEvent]:
        """Write what is queued in the caller's transaction and return it."""
        batch = list(self.pending)
        await runs.add_events(
            session,
            run_id=self.run_id,
            events=[(event.seq, event.text) for event in batch],
            at=self.clock.now(),
        )
        return batch

    async def show(self, batch: list[NumberedEvent]) -> None:
        """Let readers have events that were committed."""
        async with self._news:
            del self.pending[: len(batch)]
            self.stored.extend(batch)
            self.finished = bool(batch) and batch[-1].kind in TERMINAL
            self._news.notify_all()
        self._wake.set()

    async def abandon(self) -> None:
        """Let readers go when nothing more will be stored here; a finished log stays as it is."""
        async with self._news:
            self.finished = True
            self._news.notify_all()

    async def follow(self, after: int) -> AsyncIterator[NumberedEvent]:
        """Yield stored events after a number, as they come, until the run's last."""
        position = after
        while True:
            async with self._news:
                while len(self.stored) <= position and not self.finished:
                    await self._news.wait()
                batch = self.stored[position:]
            for event in batch:
                yield event
            position += len(batch)
            if self.finished and position >= len(self.stored):
                return


async def follow_stored(
    database: Database, tenant_id: str, run_id: str, after: int
) -> AsyncIterator[NumberedEvent]:
    """Yield the events of a run that another process works on, or that has ended."""
    position = after
    for _ in range(POLLS_MAX):
        async with database.tenant(tenant_id) as session:
            # The run first: its end and its last events are stored in one commit.
            run = await runs.find_run(session, run_id)
            found = await runs.events_after(session, run_id=run_id, after=position)
        for item in found:
            position = item.seq
            yield stored_event(item)
        if run is None or run.status != "RUNNING":
            return
        await asyncio.sleep(POLL_S)


def stored_event(item: runs.StoredEvent) -> NumberedEvent:
    """Turn a stored row back into what went on the wire."""
    text = json.dumps(item.event, separators=(",", ":"), ensure_ascii=False)
    return NumberedEvent(item.seq, str(item.event["type"]), text)
