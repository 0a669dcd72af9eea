"""A worker: does due jobs, takes over those of dead workers, and gets up again when it falls."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from psycopg_pool import AsyncConnectionPool

from app.jobs.app import make_app, make_pool
from app.jobs.parts import Parts, back_off
from app.jobs.reaper import HEARTBEAT_S, SILENT_S, reap_for_ever
from app.jobs.rounds import Round, claim_for_ever
from app.persistence.database import POOL_WAIT_S
from app.persistence.jobs import EVERYWHERE, SERVER
from app.stopping import end_if_told, stop_tasks
from app.telemetry import log

# Jobs are told of at once; only what waits for its time is looked for this often.
LOOK_EVERY_S: Final = 1.0
CONCURRENCY: Final = 8
GRACE_S: Final = 5.0


class Worker:
    """Does jobs in the running event loop until it is stopped."""

    def __init__(
        self, *, conninfo: str, parts: Parts, rounds: Sequence[Round], in_server: bool
    ) -> None:
        self._conninfo = conninfo
        self._parts = parts
        self._queues = [EVERYWHERE, SERVER] if in_server else [EVERYWHERE]
        self._rounds = [due for due in rounds if due.queue in self._queues]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work; what goes wrong is logged and tried again."""
        hear_procrastinate()
        database = self._parts.database
        self._tasks = [
            asyncio.create_task(self._work_for_ever(), name="worker"),
            asyncio.create_task(reap_for_ever(database), name="reaper"),
            *(asyncio.create_task(claim_for_ever(database, due)) for due in self._rounds),
        ]

    async def stop(self) -> None:
        """Finish the jobs at hand within the grace time and let go of the rest."""
        await stop_tasks(self._tasks, again_s=GRACE_S + 1)
        self._tasks = []

    async def run_due(self) -> None:
        """Do every job that is due, those they call for at once too, and return."""
        async with self._pool() as pool:
            app = make_app(self._parts)
            await app.open_async(pool)
            while await _due(pool, self._queues):
                await app.run_worker_async(
                    queues=self._queues,
                    concurrency=CONCURRENCY,
                    wait=False,
                    listen_notify=False,
                    install_signal_handlers=False,
                )

    async def _work_for_ever(self) -> None:
        falls = 0
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._work()
                log.warning("worker_stopped")
            except Exception as error:  # noqa: BLE001 # edge: a worker that fell gets up again
                log.error("worker_failed", error=type(error).__name__, exc_info=error)
            lasted = asyncio.get_running_loop().time() - began
            falls = 0 if lasted > SILENT_S else falls + 1
            await asyncio.sleep(back_off(falls).total_seconds())

    async def _work(self) -> None:
        """Work until stopped, or until the database is gone for long enough to be noticed."""
        async with self._pool() as pool:
            app = make_app(self._parts)
            await app.open_async(pool)
            await app.run_worker_async(
                queues=self._queues,
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=LOOK_EVERY_S,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=SILENT_S,
                shutdown_graceful_timeout=GRACE_S,
                install_signal_handlers=False,
            )

    @contextlib.asynccontextmanager
    async def _pool(self) -> AsyncIterator[AsyncConnectionPool[Any]]:
        async with make_pool(self._conninfo) as pool:
            await pool.wait(POOL_WAIT_S)
            # The wait for a new pool can lose that the worker is to stop.
            end_if_told()
            yield pool


async def _due(pool: AsyncConnectionPool[Any], queues: Sequence[str]) -> bool:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = ANY(%s)"
            " AND (scheduled_at IS NULL OR scheduled_at <= now()) LIMIT 1",
            (list(queues),),
        )
        return await cursor.fetchone() is not None


class _ToOurLog(logging.Handler):
    """Passes on what procrastinate says, so that it is not lost between two logs."""

    def emit(self, record: logging.LogRecord) -> None:
        log.warning("procrastinate", level_name=record.levelname, text=record.getMessage())


def hear_procrastinate() -> None:
    """Let procrastinate's warnings appear in our log; asking twice changes nothing."""
    theirs = logging.getLogger("procrastinate")
    if not any(isinstance(handler, _ToOurLog) for handler in theirs.handlers):
        theirs.addHandler(_ToOurLog(level=logging.WARNING))
        theirs.propagate = False
