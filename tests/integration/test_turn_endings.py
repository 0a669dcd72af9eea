"""A turn whose end cannot be stored at once ends all the same, and nobody is told otherwise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from app.conversation import ending, service
from app.identity.principal import OWNER_TENANT
from app.persistence import runs
from app.persistence.database import (
    APP_ROLE,
    Database,
    DatabaseRoleWrong,
    DatabaseUnavailable,
    Session,
)
from app.persistence.embedded import EmbeddedServer
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk, run_as_superuser
from tests.integration.driving import (
    BUY,
    HELD_MAX_S,
    approve,
    frames,
    mock_of,
    orders_of,
    propose,
    rows,
    say,
)

KEY = {"Idempotency-Key": "k-1"}
SECRETIVE = "server closed the connection at /var/run/.s.PGSQL.5432"


class Stumbles:
    """A database that fails the commits that end turns."""

    def __init__(self, database: Database, patch: pytest.MonkeyPatch, *, lost: bool) -> None:
        self.left = 0
        self.lost = lost
        self._ends = False
        self._tenant = database.tenant
        self._finish_run = runs.finish_run
        patch.setattr(database, "tenant", self.tenant)
        patch.setattr(runs, "finish_run", self.finish_run)

    async def finish_run(self, session: Session, **given: object) -> bool:
        self._ends = True
        return await self._finish_run(session, **given)  # type: ignore[arg-type]

    @asynccontextmanager
    async def tenant(self, tenant_id: str) -> AsyncIterator[Session]:
        async with self._tenant(tenant_id) as session:
            self._ends = False
            yield session
            failing, self._ends = self._ends and self.left > 0, False
            self.left -= failing
            if failing and not self.lost:
                raise psycopg.OperationalError(SECRETIVE)
        if failing:
            raise DatabaseUnavailable(retry_safe=False)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "RETRY_AFTER_S", (0.01, 0.01))
    monkeypatch.setattr(service, "RESULT_LOOKS", 2)


@pytest.mark.parametrize("lost", [False, True], ids=["never-out", "reply-lost"])
async def test_a_commit_that_fails_twice_is_made_once(
    mock_desk: Desk, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    async with mock_desk.client() as client:
        card = await propose(client)
        stumbles = Stumbles(mock_desk.container.database, monkeypatch, lost=lost)
        stumbles.left = 2
        done = await approve(client, card)
        run_id = done.json()["run_id"]
        events = frames((await client.get(f"/api/v1/runs/{run_id}/events")).text)

    assert (done.status_code, done.json()["outcome"]) == (200, "EXECUTED")
    assert [event_id for event_id, _ in events] == [
        f"{run_id}:{number}" for number in range(1, len(events) + 1)
    ]
    assert [event["type"] for _, event in events].count("RUN_FINISHED") == 1
    assert events[-1][1]["type"] == "RUN_FINISHED"
    assert [row["version"] for row in rows(location, "SELECT version FROM decision_traces")] == [
        1,
        2,
    ]
    assert rows(location, "SELECT 1 FROM runs WHERE status = 'RUNNING'") == []
    check(location, mock_of(mock_desk))


async def test_an_end_that_cannot_be_stored_is_never_answered_with_its_origins(
    settings: Settings, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        stumbles = Stumbles(desk.container.database, monkeypatch, lost=False)
        stumbles.left = 3
        broken = await approve(client, card, headers=KEY)
        orders = await orders_of(client)
        again = await approve(client, card, headers=KEY)
        await desk.container.conversation.end_stale(OWNER_TENANT)
        young = rows(location, "SELECT 1 FROM runs WHERE status = 'RUNNING'")
        bench.clock.advance(seconds=61)
        await desk.container.conversation.end_stale(OWNER_TENANT)
        done = await approve(client, card, headers=KEY)
        replayed = await approve(client, card, headers=KEY)
        run_id = done.json()["run_id"]
        events = frames((await client.get(f"/api/v1/runs/{run_id}/events")).text)

    assert (broken.status_code, broken.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert broken.json()["retry_safe"] is False
    assert SECRETIVE not in broken.text
    assert [order["state"] for order in orders] == ["FILLED"]
    assert (again.status_code, again.json()["code"]) == (409, "RUN_IN_PROGRESS")
    assert again.json()["retry_safe"] is True
    assert len(young) == 1
    assert (done.status_code, done.json()["outcome"]) == (200, "EXECUTED")
    assert "Approve the card" not in done.json()["message"]
    assert replayed.content == done.content
    assert events[-1][1]["type"] in {"RUN_ERROR", "RUN_FINISHED"}
    check(location, bench.mock)


async def test_a_turn_that_is_worked_on_is_not_ended_however_old(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    arrived, released = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await asyncio.wait_for(released.wait(), HELD_MAX_S)

    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.broker.before_order = wait
        approval = asyncio.create_task(approve(client, card))
        await asyncio.wait_for(arrived.wait(), 60)
        bench.clock.advance(seconds=61)
        ended = await desk.container.conversation.end_stale(OWNER_TENANT)
        released.set()
        await approval

    assert ended == 0


async def test_a_late_end_of_the_origin_does_not_hide_what_its_card_did(
    settings: Settings, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        stumbles = Stumbles(desk.container.database, monkeypatch, lost=False)
        stumbles.left = 3
        broken = await client.post("/api/v1/chat", json={"message": BUY})
        card = (await client.get("/api/v1/cards?status=PENDING")).json()["rows"][0]["id"]
        done = (await approve(client, card)).json()
        bench.clock.advance(seconds=61)
        ended = await desk.container.conversation.end_stale(OWNER_TENANT)
        shown = (await client.get(f"/api/v1/decisions/{done['decision_id']}")).json()

    assert broken.status_code == 503
    assert (done["outcome"], ended) == ("EXECUTED", 1)
    assert shown["decision"]["final_outcome"] == "EXECUTED"
    assert rows(location, "SELECT 1 FROM runs WHERE status = 'RUNNING'") == []


async def test_a_batch_whose_reply_was_lost_is_stored_once(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        run_id = (await say(client, "help"))["run_id"]
    before = rows(location, "SELECT seq, event FROM run_events ORDER BY seq")
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        now = desk.container.services.clock.now()
        await runs.add_events(session, run_id=run_id, events=[(1, "{}")], at=now)
    assert rows(location, "SELECT seq, event FROM run_events ORDER BY seq") == before


async def test_what_the_database_says_of_itself_is_not_told(desk: Desk) -> None:
    database = desk.container.database
    with pytest.raises(DatabaseUnavailable) as begun:
        async with database.tenant(OWNER_TENANT):
            raise psycopg.OperationalError(SECRETIVE)
    await database.close()
    with pytest.raises(DatabaseUnavailable) as closed:
        async with database.tenant(OWNER_TENANT):
            pass

    assert {begun.value.message, closed.value.message} == {"the database did not answer"}
    assert (begun.value.retry_safe, closed.value.retry_safe) == (False, True)


def without_role(location: DatabaseLocation) -> Database:
    """Connect as the owner of the tables through something that drops start-up options."""
    database = Database(location.owner_conninfo)
    assert isinstance(database.pool.kwargs, dict)
    del database.pool.kwargs["options"]
    return database


async def test_a_role_that_sees_every_tenant_is_refused_at_the_start(
    location: DatabaseLocation,
) -> None:
    database = without_role(location)
    with pytest.raises(DatabaseRoleWrong):
        await database.open()
    assert database.pool.closed


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
async def test_an_app_role_with_too_much_power_is_not_ready(
    desk: Desk, postgres: EmbeddedServer, power: str
) -> None:
    run_as_superuser(postgres, "ALTER ROLE {} " + power, APP_ROLE)
    try:
        async with desk.client() as client:
            ready = await client.get("/readyz")
    finally:
        run_as_superuser(postgres, "ALTER ROLE {} NO" + power, APP_ROLE)
    assert ready.status_code == 503
    assert ready.json()["checks"]["database"] == "DATABASE_ROLE_WRONG"
