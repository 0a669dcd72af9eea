"""procrastinate's App for one application: its connections and its tasks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import procrastinate
from procrastinate import JobContext
from psycopg_pool import AsyncConnectionPool

from adapters.errors import BrokerUnavailable
from app.jobs.parts import Given, Parts, Task, back_off
from app.jobs.tasks.end_stale_turns import end_stale_turns
from app.jobs.tasks.expire_card import expire_card
from app.jobs.tasks.follow_account import follow_account
from app.jobs.tasks.reconcile import reconcile_account, reconcile_round
from app.persistence import jobs
from app.persistence.database import OPTIONS, POOL_WAIT_S, DatabaseUnavailable, check_idle
from app.persistence.jobs import EVERYWHERE, NOW, SERVER, Work
from app.telemetry import log

POOL_MAX: Final = 4
# Longer than any of the tasks takes with a broker that answers within its own time limits.
JOB_MAX_S: Final = 60
KEPT_H: Final = 24
AGAIN_TRIES: Final = 10
AGAIN_WAIT_S: Final = 1.0
HOURLY: Final = "17 * * * *"

# How a Work is made of a stored job's ids; a periodic task stands for itself.
WORKS: Final[Mapping[str, Callable[..., Work]]] = {
    "follow_account": jobs.follow_account,
    "reconcile_account": jobs.reconcile_account,
    "expire_card": jobs.expire_card,
}
TASKS: Final[Mapping[str, tuple[str, Task]]] = {
    "follow_account": (EVERYWHERE, follow_account),
    "reconcile_account": (EVERYWHERE, reconcile_account),
    "expire_card": (EVERYWHERE, expire_card),
    "reconcile_round": (EVERYWHERE, reconcile_round),
    "end_stale_turns": (SERVER, end_stale_turns),
}


def make_pool(conninfo: str) -> AsyncConnectionPool[Any]:
    """Return a worker's own small pool, so that jobs' housekeeping never waits for requests."""
    return AsyncConnectionPool(
        conninfo,
        min_size=1,
        max_size=POOL_MAX,
        timeout=POOL_WAIT_S,
        open=False,
        check=check_idle,
        # procrastinate listens on a connection that it opens itself, with these too.
        kwargs={"options": OPTIONS},
    )


def make_app(parts: Parts) -> procrastinate.App:
    """Return an App that knows every task; it is opened with a pool."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector())
    for name, (queue, task) in TASKS.items():
        app.task(name=name, queue=queue, pass_context=True)(_runner(parts, name, task))

    # INVARIANT: one task is procrastinate's own periodic one. Without any its deferrer ends at
    # once, and with it the watch over the worker's heartbeat.
    @app.periodic(cron=HOURLY)
    @app.task(name="delete_old_jobs", queue=EVERYWHERE, pass_context=True)
    async def delete_old_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        await context.app.job_manager.delete_old_jobs(
            nb_hours=KEPT_H, include_failed=True, include_cancelled=True, include_aborted=True
        )

    return app


def _runner(parts: Parts, name: str, task: Task) -> Callable[..., Awaitable[None]]:
    """Wrap a task: it takes its lock, has a time limit, and comes again whatever happens to it."""

    async def run(context: JobContext, *, attempt: int = 0, **ids: str) -> None:
        work = WORKS[name](**ids) if name in WORKS else None
        if work is not None and work.lock is not None and context.job.lock is None:
            await _again(parts, work, NOW, attempt)
            return
        try:
            async with asyncio.timeout(JOB_MAX_S):
                after = await task(parts, Given(ids=ids, attempt=attempt))
        except BrokerUnavailable as down:
            log.warning("broker_down", task=name, attempt=attempt, reason=down.message, **ids)
            await _again(parts, work, back_off(attempt), attempt + 1)
        except asyncio.CancelledError:
            # The worker stops; another one, or its next start, does the work.
            await _again(parts, work, NOW, attempt)
            raise
        except Exception as error:  # edge: a job that failed comes again, and is seen
            log.error("job_failed", task=name, attempt=attempt, exc_info=error, **ids)
            await _again(parts, work, back_off(attempt), attempt + 1)
            raise
        else:
            if after is not None:
                await _again(parts, work, after, attempt + 1)

    return run


async def _again(parts: Parts, work: Work | None, after: timedelta, attempt: int) -> None:
    """Write the work down to come again; a periodic one comes with its next window anyway."""
    if work is None:
        return
    for left in reversed(range(AGAIN_TRIES)):
        try:
            async with parts.database.tenant(work.args["tenant_id"]) as session:
                await jobs.defer(session, work, after=after, attempt=attempt)
        except DatabaseUnavailable:
            # The chain of an account's looks must not end because the database was away.
            if left == 0:
                raise
            await asyncio.sleep(AGAIN_WAIT_S)
        else:
            return
