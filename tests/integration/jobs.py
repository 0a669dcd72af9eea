"""The jobs of a desk that runs no worker: look at them, and do them when the test says so."""

from typing import Any

from app.bootstrap import build_worker
from app.persistence.location import DatabaseLocation
from tests.integration.conftest import Desk
from tests.integration.driving import as_owner, rows


async def run_jobs(desk: Desk, location: DatabaseLocation) -> None:
    """Do every waiting job once, whenever it is due; what comes again waits for the next call.

    Whether there is anything to do is still decided by the desk's own clock.
    """
    as_owner(
        location, "UPDATE jobs.procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"
    )
    await build_worker(desk.container, location, in_server=True).run_due()


def jobs_of(location: DatabaseLocation, task: str, status: str = "todo") -> list[dict[str, Any]]:
    """Return the stored jobs of a task, with the seconds until each is due."""
    return rows(
        location,
        "SELECT id, args, lock, queueing_lock, attempts,"
        " extract(epoch FROM scheduled_at - now())::float8 AS due_in FROM jobs.procrastinate_jobs"
        " WHERE task_name = %s AND status = %s::jobs.procrastinate_job_status ORDER BY id",
        task,
        status,
    )
