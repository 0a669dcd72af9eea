"""Several workers on one database: never two on one account, and one takes over from another."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from app.bootstrap import build_worker
from app.errors import SettingsInvalid
from app.identity.principal import OWNER_TENANT
from app.jobs import reaper, worker
from app.jobs.reaper import PATIENCE, counts
from app.persistence import job_care, jobs
from app.persistence.database import Session
from app.persistence.job_care import LeftJob, Patience
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from app.telemetry import registry
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk, open_desk
from tests.integration.driving import MOCK_ACCOUNT, approve, as_owner, orders_of, propose, rows
from tests.integration.jobs import jobs_of
from tests.integration.worker_process import REACHED
from tests.processes import within
from tests.servers import REPO

RESTING = "buy 10 INFY limit 990, cnc"
# What is promised of a job whose worker died.
SOON_S = 60.0
LOOK_S = 0.05
DOLLARS = "mock-usd"


@asynccontextmanager
async def workers(desk: Desk, location: DatabaseLocation, number: int) -> AsyncIterator[None]:
    """Run workers beside the desk."""
    running = [build_worker(desk.container, location, in_server=True) for _ in range(number)]
    for one in running:
        one.start()
    try:
        yield
    finally:
        for one in running:
            await one.stop()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something to become true. Raises TimeoutError."""
    async with asyncio.timeout(SOON_S):
        while not holds():  # noqa: ASYNC110 # what is waited for is in the database
            await asyncio.sleep(LOOK_S)


async def defer(desk: Desk, *works: jobs.Work, after_s: float = 0) -> None:
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        for work in works:
            await jobs.defer(session, work, after=timedelta(seconds=after_s))


def finished(location: DatabaseLocation, task: str) -> int:
    return len(jobs_of(location, task, "succeeded"))


async def test_two_workers_never_work_on_one_account_at_the_same_time(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    inside: list[int] = [0]
    most: list[int] = []

    async def enter() -> None:
        inside[0] += 1
        most.append(inside[0])
        await asyncio.sleep(LOOK_S)

    async def leave() -> None:
        inside[0] -= 1

    bench.broker.before_snapshot, bench.broker.after_snapshot = enter, leave
    async with bench.desk(settings, location) as desk, workers(desk, location, 2):
        await until(lambda: finished(location, "reconcile_account") >= 2)
        most.clear()
        seen = finished(location, "reconcile_account")
        for _ in range(6):
            # Each is written down while the one before it is being done.
            await defer(desk, jobs.reconcile_account(OWNER_TENANT, MOCK_ACCOUNT))
            await asyncio.sleep(LOOK_S)
        await until(lambda: not jobs_of(location, "reconcile_account"))
        await until(lambda: not jobs_of(location, "reconcile_account", "doing"))
        done = finished(location, "reconcile_account") - seen

    assert done > 1
    assert max(most) == 1


async def test_accounts_are_worked_on_beside_each_other(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    both = asyncio.Barrier(2)

    async def meet() -> None:
        await asyncio.wait_for(both.wait(), SOON_S)

    async with bench.desk(settings, location) as desk:
        # Either waits here until the other has come as well.
        bench.broker.before_snapshot = meet
        await defer(
            desk,
            *(jobs.reconcile_account(OWNER_TENANT, name) for name in (MOCK_ACCOUNT, DOLLARS)),
        )
        async with workers(desk, location, 1):
            await until(lambda: finished(location, "reconcile_account") >= 2)

    assert jobs_of(location, "reconcile_account", "failed") == []


async def test_a_window_is_worked_on_once_by_however_many_workers(
    settings: Settings, location: DatabaseLocation
) -> None:
    hourly = settings.model_copy(update={"reconcile_every_s": 3_600})
    async with a_bench().desk(hourly, location) as desk, workers(desk, location, 3):
        await until(lambda: finished(location, "reconcile_account") == 2)
        await asyncio.sleep(1)

    assert finished(location, "reconcile_round") == 1
    compared = rows(location, "SELECT account_id FROM reconciliations ORDER BY account_id")
    assert [row["account_id"] for row in compared] == [MOCK_ACCOUNT, DOLLARS]


async def test_an_order_is_followed_to_its_end_by_a_running_worker(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with (
        bench.desk(settings, location) as desk,
        workers(desk, location, 1),
        desk.client() as client,
    ):
        await approve(client, await propose(client, RESTING))
        bench.price(980)
        await until(lambda: rows(location, "SELECT state FROM orders") == [{"state": "FILLED"}])
    check(location, bench.mock)


async def test_the_job_of_a_killed_worker_is_taken_over_by_another(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await approve(client, await propose(client, RESTING))
        await asyncio.to_thread(_work_until_killed, location, settings)
        left = jobs_of(location, "follow_account", "doing")
        bench.price(980)
        async with workers(desk, location, 1):
            await until(lambda: rows(location, "SELECT state FROM orders") == [{"state": "FILLED"}])
            orders = await orders_of(client)

    assert len(left) == 1
    assert [order["state"] for order in orders] == ["FILLED"]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


def _work_until_killed(location: DatabaseLocation, settings: Settings) -> None:
    """Let a process begin a job, and kill it there."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.integration.worker_process",
            location.app_conninfo,
            str(settings.home),
        ],
        cwd=REPO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            with within(process):
                assert any(REACHED in line for line in process.stdout)
        finally:
            process.kill()


async def test_a_job_that_its_living_worker_lost_hold_of_is_taken_over_too(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with a_bench().desk(settings, location) as desk:
        await defer(desk, jobs.follow_account(OWNER_TENANT, MOCK_ACCOUNT))
        as_owner(
            location,
            "WITH alive AS (INSERT INTO jobs.procrastinate_workers DEFAULT VALUES RETURNING id)"
            " UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = alive.id FROM alive",
        )
        fresh = await _left(desk)
        as_owner(location, "UPDATE jobs.procrastinate_events SET at = at - interval '1 hour'")
        old = await _left(desk)
        counted = await counts(desk.container.database)

    assert (fresh, old) == ([], ["follow_account"])
    assert [(task.running, task.stalled) for task in counted if task.running] == [(1, 1)]


async def test_of_a_left_job_and_an_equal_one_that_waits_only_the_waiting_one_is_done(
    settings: Settings, location: DatabaseLocation
) -> None:
    work = jobs.follow_account(OWNER_TENANT, MOCK_ACCOUNT)
    async with a_bench().desk(settings, location) as desk:
        await defer(desk, work)
        as_owner(location, "UPDATE jobs.procrastinate_jobs SET status = 'doing'")
        await defer(desk, work, after_s=60)
        async with desk.container.database.installation() as session:
            (left,) = await job_care.left_jobs(session, PATIENCE)
            taken = await job_care.take_over(session, left)
            again = await job_care.take_over(session, left)

    assert (taken, again) == (True, False)
    assert len(jobs_of(location, "follow_account", "failed")) == 1
    assert len(jobs_of(location, "follow_account")) == 1


async def test_a_worker_that_stops_in_the_midst_of_a_job_leaves_it_to_the_next(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    async def go_on() -> None:
        return

    async with bench.desk(settings, location) as desk:
        bench.broker.before_snapshot = hang
        await defer(desk, jobs.reconcile_account(OWNER_TENANT, MOCK_ACCOUNT))
        async with workers(desk, location, 1):
            await asyncio.wait_for(reached.wait(), SOON_S)
        waiting = jobs_of(location, "reconcile_account")
        bench.broker.before_snapshot = go_on
        async with workers(desk, location, 1):
            await until(lambda: finished(location, "reconcile_account") >= 1)

    assert MOCK_ACCOUNT in [job["args"]["account_id"] for job in waiting]


class DeafPool:
    """A pool that is never full and does not hear that nobody waits for it any more."""

    def __init__(self) -> None:
        self.awaited = asyncio.Event()

    async def __aenter__(self) -> "DeafPool":
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def wait(self, _timeout: float) -> None:
        self.awaited.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def test_a_worker_that_is_stopped_while_it_opens_its_connections_ends(
    settings: Settings, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = DeafPool()
    monkeypatch.setattr(worker, "make_pool", lambda _conninfo: pool)
    async with a_bench().desk(settings, location) as desk:
        running = build_worker(desk.container, location, in_server=True)
        running.start()
        async with asyncio.timeout(SOON_S):
            await pool.awaited.wait()
            await running.stop()


async def test_a_worker_gets_up_again_when_the_database_throws_it_out(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with a_bench().desk(settings, location) as desk, workers(desk, location, 1):
        await until(lambda: finished(location, "reconcile_account") >= 2)
        seen = finished(location, "reconcile_account")
        rows(
            location,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
            " current_database() AND pid <> pg_backend_pid()",
        )
        as_owner(location, "DELETE FROM jobs.procrastinate_workers")
        await asyncio.sleep(1)
        await defer(desk, jobs.reconcile_account(OWNER_TENANT, MOCK_ACCOUNT))
        await until(lambda: finished(location, "reconcile_account") > seen)


async def test_how_jobs_fare_is_shown_to_prometheus(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with a_bench().desk(settings, location) as desk:
        await defer(desk, jobs.expire_card(OWNER_TENANT, "crd_1"), after_s=300)
        async with workers(desk, location, 1):
            await until(
                lambda: registry.get_sample_value("sigmatrader_jobs", {"state": "waiting"}) == 1
            )


async def test_a_worker_apart_is_refused_where_the_mock_broker_lives_in_the_server(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    assert mock_desk.container.settings.broker is BrokerName.MOCK
    with pytest.raises(SettingsInvalid, match="SIGMATRADER_MOCK_URL"):
        build_worker(mock_desk.container, location, in_server=False)


async def _left(desk: Desk) -> list[str]:
    async with desk.container.database.installation() as session:
        return [job.task for job in await job_care.left_jobs(session, PATIENCE)]


async def test_the_watch_over_lost_jobs_outlives_a_transaction_that_the_database_ended(
    settings: Settings, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looks, third = job_care.left_jobs, list[str](), asyncio.Event()

    async def held_up_once(session: Session, patience: Patience) -> list[LeftJob]:
        looks.append("look")
        if len(looks) == 3:
            third.set()
        if len(looks) == 1:
            await session.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
            await asyncio.sleep(0.3)
        return await real(session, patience)

    monkeypatch.setattr(job_care, "left_jobs", held_up_once)
    monkeypatch.setattr(reaper, "LOOK_EVERY_S", 0.02)
    async with open_desk(settings, location) as desk:
        watch = asyncio.create_task(reaper.reap_for_ever(desk.container.database))
        async with asyncio.timeout(SOON_S):
            await third.wait()
        watch.cancel()
    assert len(looks) >= 3
