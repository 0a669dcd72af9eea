"""Work that is due every so often, written down once a window whatever number of workers run."""

import asyncio
from dataclasses import dataclass
from typing import Final

from app.persistence import jobs
from app.persistence.database import Database
from app.telemetry import log

STALE_TURNS_EVERY_S: Final = 60
TRY_AGAIN_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Round:
    """A task, who may do it, and how long its windows are, in seconds."""

    task: str
    queue: str
    every_s: int


def rounds(*, reconcile_every_s: int) -> tuple[Round, ...]:
    """Return what is due every so often."""
    return (
        Round(task="reconcile_round", queue=jobs.EVERYWHERE, every_s=reconcile_every_s),
        Round(task="end_stale_turns", queue=jobs.SERVER, every_s=STALE_TURNS_EVERY_S),
    )


async def claim_for_ever(database: Database, due: Round) -> None:
    """Write the job down in every window, unless another worker was first."""
    while True:
        try:
            async with database.installation() as session:
                wait = await jobs.claim_window(
                    session, due.task, queue=due.queue, every_s=due.every_s
                )
        except Exception as error:  # noqa: BLE001 # edge: without this loop nothing comes round
            log.warning("window_not_claimed", task=due.task, exc_info=error)
            wait = TRY_AGAIN_S
        await asyncio.sleep(wait)
