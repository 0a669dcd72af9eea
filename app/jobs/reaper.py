"""Jobs whose worker died are given to another, and how all jobs fare is counted.

A loop in every worker, not a job: a job that takes over jobs could itself be left.
"""

import asyncio
from datetime import timedelta
from typing import Final

from app.jobs.app import JOB_MAX_S
from app.persistence import job_care
from app.persistence.database import Database
from app.persistence.job_care import Patience, TaskCount
from app.telemetry import jobs_now, jobs_taken_over, log

HEARTBEAT_S: Final = 1.5
SILENT_S: Final = 5.0
LOOK_EVERY_S: Final = 1.5
COUNT_EVERY: Final = 4
PATIENCE: Final = Patience(
    silent=timedelta(seconds=SILENT_S), running=timedelta(seconds=2 * JOB_MAX_S)
)


async def reap_for_ever(database: Database) -> None:
    """Take over what was left and keep the figures, again and again."""
    looks = 0
    while True:
        try:
            await take_over_all(database)
            if looks % COUNT_EVERY == 0:
                show(await counts(database))
        except Exception as error:  # noqa: BLE001 # edge: without this loop no lost job comes back
            log.warning("reaper_failed", error=type(error).__name__, exc_info=error)
        looks += 1
        await asyncio.sleep(LOOK_EVERY_S)


async def take_over_all(database: Database) -> int:
    """Give every job that was left to another worker; return how many."""
    async with database.installation() as session:
        left = await job_care.left_jobs(session, PATIENCE)
    taken = 0
    for job in left:
        # One transaction a job, so that one that cannot be taken over keeps none back.
        async with database.installation() as session:
            if not await job_care.take_over(session, job):
                continue
        log.warning("job_taken_over", task=job.task, job_id=job.id)
        jobs_taken_over.inc()
        taken += 1
    return taken


async def counts(database: Database) -> list[TaskCount]:
    """Return how the jobs of every task fare."""
    async with database.installation() as session:
        return await job_care.count(session, PATIENCE)


def show(counted: list[TaskCount]) -> None:
    """Put the figures where /metrics reads them."""
    for state in ("waiting", "running", "failed", "stalled"):
        jobs_now.labels(state).set(sum(getattr(task, state) for task in counted))
