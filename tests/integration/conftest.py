"""One real PostgreSQL for the whole run, and a fresh migrated database for each test."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest
import structlog
from fastapi import FastAPI
from psycopg import sql

from adapters.ports import Brokers, Clock, IdFactory, Logins, MarketData
from app.api.application import create_application
from app.bootstrap import Container, build
from app.persistence import checkpoints, embedded, job_schema, migrate
from app.persistence.embedded import APP_ROLE, OWNER_ROLE, SUPERUSER, EmbeddedServer
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from app.telemetry import configure_logging
from tests.integration.checker import faults_of, tenants_of

TEMPLATE = "migrated"
NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """One embedded server whose template database has this release's schema."""
    with template_server() as server:
        yield server


@contextmanager
def template_server() -> Iterator[EmbeddedServer]:
    """Run an embedded server whose template database has this release's schema."""
    home = Path(tempfile.mkdtemp(prefix="st-tests-"))
    home.chmod(0o711)
    server = embedded.start(home)
    try:
        # Making and dropping a database a test is ten times as fast; no test cuts the power.
        run_as_superuser(server, "ALTER SYSTEM SET fsync = off")
        run_as_superuser(server, "SELECT pg_reload_conf()")
        run_as_superuser(server, "CREATE DATABASE {} OWNER {}", TEMPLATE, OWNER_ROLE)
        location = location_of(server, TEMPLATE)
        migrate.upgrade(location.owner_url)
        checkpoints.set_up(location.owner_conninfo)
        job_schema.set_up(location.owner_conninfo)
        yield server
    finally:
        embedded.stop(server)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def location(
    postgres: EmbeddedServer, request: pytest.FixtureRequest
) -> Iterator[DatabaseLocation]:
    """A database of this test's own, dropped after it.

    What must hold of orders, fills, positions and the audit chain is looked at after every test,
    but for those marked `tampers`, which change rows behind the application's back.
    """
    with fresh_database(postgres) as made:
        yield made
        if request.node.get_closest_marker("tampers") is None:
            assert [
                fault for one in tenants_of(made) for fault in faults_of(made, tenant=one)
            ] == []


@contextmanager
def fresh_database(server: EmbeddedServer) -> Iterator[DatabaseLocation]:
    """Make a database from the template, and drop it afterwards."""
    name = f"test_{next(NUMBERS)}"
    run_as_superuser(server, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
    try:
        yield location_of(server, name)
    finally:
        run_as_superuser(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def write_logs() -> Iterator[Callable[[], None]]:
    """Have every log written as the server does, from the call on; afterwards it is as before.

    What is captured in a test opens with the test, so a fixture cannot begin it.
    """
    yield lambda: configure_logging("DEBUG")
    structlog.reset_defaults()


@pytest.fixture
def shell(
    postgres: EmbeddedServer,
    location: DatabaseLocation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> pytest.MonkeyPatch:
    """Name this test's database and a home in the environment, for commands of this process."""
    parts = psycopg.conninfo.conninfo_to_dict(location.owner_conninfo)
    run_as_superuser(postgres, "ALTER DATABASE {} OWNER TO {}", str(parts["dbname"]), OWNER_ROLE)
    query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items())
    monkeypatch.setenv("SIGMATRADER_DATABASE_URL", f"postgresql:///?{query}")
    monkeypatch.setenv("SIGMATRADER_HOME", str(tmp_path))
    return monkeypatch


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings under which a desk answers at once."""
    return quick_settings(tmp_path)


def quick_settings(home: Path) -> Settings:
    """Return settings under which paper orders reach the book at once, fills are looked for once,
    the rate is not limited, and words said before are not asked about."""
    return Settings(
        home=home,
        fill_wait_s=0,
        paper_latency_max_ms=0,
        resend_window_s=0,
        reads_per_min=100_000,
        writes_per_min=100_000,
    )


def location_of(server: EmbeddedServer, name: str) -> DatabaseLocation:
    return DatabaseLocation(
        owner_conninfo=server.conninfo(dbname=name, user=OWNER_ROLE),
        app_conninfo=server.conninfo(dbname=name, user=APP_ROLE),
        server=None,
    )


def run_as_superuser(server: EmbeddedServer, statement: str, *names: str) -> None:
    conninfo = server.conninfo(dbname="postgres", user=SUPERUSER)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A running application, its HTTP surface without a socket, and the owner's key."""

    container: Container
    app: FastAPI
    owner_key: str

    def client(self, key: str | None = None) -> httpx.AsyncClient:
        """Return a client that signs in with a key, the owner's by default."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app, raise_app_exceptions=False),
            base_url="http://desk",
            headers={"Authorization": f"Bearer {key or self.owner_key}"},
            timeout=30,
        )


@asynccontextmanager
async def open_desk(
    settings: Settings,
    location: DatabaseLocation,
    *,
    clock: Clock | None = None,
    ids: IdFactory | None = None,
    market: MarketData | None = None,
    brokers: Brokers | None = None,
    logins: Logins | None = None,
    owner_key: str = "",
) -> AsyncIterator[Desk]:
    """Run the application on a database; give the owner's key again when it is reopened."""
    container = build(
        settings, location, clock=clock, ids=ids, market=market, brokers=brokers, logins=logins
    )
    new_key = await container.start()

    @asynccontextmanager
    async def nothing(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_application(lifespan=nothing, max_body_bytes=settings.max_body_bytes)
    app.state.services = container.services
    try:
        yield Desk(container=container, app=app, owner_key=new_key or owner_key)
    finally:
        await container.stop()


@pytest.fixture
async def desk(settings: Settings, location: DatabaseLocation) -> AsyncIterator[Desk]:
    """A desk on the paper broker and the simulated market."""
    async with open_desk(settings, location) as running:
        yield running


@pytest.fixture
async def mock_desk(settings: Settings, location: DatabaseLocation) -> AsyncIterator[Desk]:
    """A desk on the scriptable mock broker."""
    mocked = settings.model_copy(update={"broker": BrokerName.MOCK})
    async with open_desk(mocked, location) as running:
        yield running
