"""Work written down in the transaction of the rows it serves, for a worker to do later.

The tables are procrastinate's and know no tenants: a job's arguments are ids and nothing else.
When a job is due is measured by the database's clock, so that all workers agree; whether there is
anything to do is for the work itself to find out, by the application's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.persistence.database import Session
from riskgate.hashing import canonical_json

# Any worker may do this work ...
EVERYWHERE: Final = "work"
# ... and this only the one inside the server, which alone knows the turns that are under way.
SERVER: Final = "server"
NOW: Final = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is to be done: a task, and the ids of what it is done to.

    Two works of one `lock` never run together; of equal works at most one waits.
    """

    task: str
    args: Mapping[str, str]
    queue: str = EVERYWHERE
    lock: str | None = None

    @property
    def queueing_lock(self) -> str:
        return ":".join((self.task, *self.args.values()))


def follow_account(tenant_id: str, account_id: str) -> Work:
    """Settle what is in doubt and book the broker's news until every order is final."""
    return _of_account("follow_account", tenant_id, account_id)


def reconcile_account(tenant_id: str, account_id: str) -> Work:
    """Compare the account with its broker."""
    return _of_account("reconcile_account", tenant_id, account_id)


def expire_card(tenant_id: str, card_id: str) -> Work:
    """End a card that nobody decided on in its time."""
    return Work(task="expire_card", args={"tenant_id": tenant_id, "card_id": card_id})


def _of_account(task: str, tenant_id: str, account_id: str) -> Work:
    return Work(
        task=task,
        args={"tenant_id": tenant_id, "account_id": account_id},
        lock=f"account:{tenant_id}:{account_id}",
    )


async def defer(session: Session, work: Work, *, after: timedelta = NOW, attempt: int = 0) -> None:
    """Write work down in the caller's transaction; equal work that waits comes earlier instead.

    `attempt` counts how often it came again. Work that is to wait carries no lock yet: a waiting
    job would hold back every later one of its lock. It takes the lock when it is due.
    """
    # INVARIANT: the row of equal work is held until the caller commits, so no worker starts it
    # before it can see what it is for; one that just started is not touched, and a new row waits.
    await session.execute(
        "INSERT INTO procrastinate_jobs AS waiting"
        " (queue_name, task_name, lock, queueing_lock, args, scheduled_at)"
        " VALUES (%s, %s, %s, %s, %s::jsonb, now() + %s)"
        " ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET"
        " scheduled_at = excluded.scheduled_at, args = excluded.args,"
        " lock = coalesce(excluded.lock, waiting.lock)"
        " WHERE coalesce(waiting.scheduled_at, '-infinity') > excluded.scheduled_at",
        (
            work.queue,
            work.task,
            work.lock if after <= NOW else None,
            work.queueing_lock,
            canonical_json({**work.args, "attempt": attempt}),
            after,
        ),
    )


async def claim_window(session: Session, task: str, *, queue: str, every_s: int) -> float:
    """Write a periodic job down unless another worker did in this window; windows are `every_s`
    long by the database's clock. Returns the seconds to the next window."""
    row = await session.fetch_one(
        "WITH moment AS (SELECT extract(epoch FROM clock_timestamp())::float8 AS now),"
        " opened AS (SELECT now, floor(now / %s)::bigint * %s AS at FROM moment)"
        " SELECT at + %s - now AS wait, procrastinate_defer_periodic_job_v2(%s, NULL, NULL, %s, 0,"
        " %s, at, '{}') AS job_id FROM opened",
        (every_s, every_s, every_s, queue, task, str(every_s)),
    )
    return float(row["wait"]) if row else float(every_s)
