"""How the jobs fare, and jobs whose worker is gone."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from app.persistence.database import Session


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a worker may be silent, and how long a job may take, before it is taken over."""

    silent: timedelta
    running: timedelta


@dataclass(frozen=True, kw_only=True)
class TaskCount:
    """How many jobs of a task are in which state; a stalled one is also running."""

    task: str
    waiting: int
    running: int
    failed: int
    stalled: int


@dataclass(frozen=True, kw_only=True)
class LeftJob:
    """A job whose worker said nothing for too long, is gone, or holds on to it for too long."""

    id: int
    task: str
    queueing_lock: str | None
    attempts: int


async def left_jobs(session: Session, patience: Patience) -> list[LeftJob]:
    """Return the jobs that were left by their workers, oldest first."""
    rows = await session.fetch_all(
        "SELECT job.id, job.task_name AS task, job.queueing_lock, job.attempts"
        " FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker"
        " ON worker.id = job.worker_id WHERE job.status = 'doing' AND (worker.id IS NULL"
        " OR worker.last_heartbeat < now() - %s"
        " OR (SELECT max(event.at) FROM procrastinate_events event"
        " WHERE event.job_id = job.id AND event.type = 'started') < now() - %s) ORDER BY job.id",
        (patience.silent, patience.running),
    )
    return [LeftJob(**row) for row in rows]


async def count(session: Session, patience: Patience) -> list[TaskCount]:
    """Return how the jobs of every task fare; finished ones are not counted."""
    left = Counter(job.task for job in await left_jobs(session, patience))
    rows = await session.fetch_all(
        "SELECT task_name AS task, count(*) FILTER (WHERE status = 'todo') AS waiting,"
        " count(*) FILTER (WHERE status = 'doing') AS running,"
        " count(*) FILTER (WHERE status IN ('failed', 'aborted')) AS failed"
        " FROM procrastinate_jobs GROUP BY task_name ORDER BY task_name"
    )
    return [TaskCount(**row, stalled=left[row["task"]]) for row in rows]


async def take_over(session: Session, job: LeftJob) -> bool:
    """Let a left job be done again; False when another worker was first.

    Where equal work waits already the left job ends as failed: that other does the work.
    """
    row = await session.fetch_one(
        "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs other WHERE other.status = 'todo'"
        " AND other.queueing_lock = %s) AS repeated FROM procrastinate_jobs"
        " WHERE id = %s AND status = 'doing' AND attempts = %s FOR UPDATE SKIP LOCKED",
        (job.queueing_lock, job.id, job.attempts),
    )
    if row is None:
        return False
    if row["repeated"]:
        await session.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", (job.id,))
    else:
        await session.execute(
            "SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", (job.id,)
        )
    return True
