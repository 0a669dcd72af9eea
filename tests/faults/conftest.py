"""An embedded PostgreSQL of the test's own, as durable as the one that people run."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from app.persistence import checkpoints, embedded, job_schema, migrate
from app.persistence.embedded import DATABASE, EmbeddedServer, postmaster
from app.persistence.location import DatabaseLocation
from tests.integration.conftest import location_of
from tests.integration.conftest import settings as settings

COMES_BACK_S = 60


@dataclass
class Durable:
    """A server that a test may end in any way, and start again on the same data."""

    server: EmbeddedServer

    @property
    def location(self) -> DatabaseLocation:
        return location_of(self.server, DATABASE)

    def prepare(self, location: DatabaseLocation) -> None:
        """Bring a database to this release's schema."""
        migrate.upgrade(location.owner_url)
        checkpoints.set_up(location.owner_conninfo)
        job_schema.set_up(location.owner_conninfo)

    def end_at_once(self) -> None:
        """End it as `pg_ctl stop -m immediate` does: no checkpoint, no farewell."""
        os.kill(self.server.pid, signal.SIGQUIT)
        deadline = time.monotonic() + COMES_BACK_S
        while postmaster.is_postmaster(self.server.pid, self.server.data_dir):
            assert time.monotonic() < deadline, "the server did not end"
            time.sleep(0.005)

    def start(self) -> None:
        """Start it again on what it left."""
        self.server = embedded.start(self.server.home)


@pytest.fixture
def durable() -> Iterator[Durable]:
    """Start a server with nothing switched off, and a desk's database in it."""
    home = Path(tempfile.mkdtemp(prefix="st-faults-"))
    home.chmod(0o711)
    held = Durable(embedded.start(home))
    try:
        held.prepare(held.location)
        yield held
    finally:
        embedded.stop(held.server)
        shutil.rmtree(home, ignore_errors=True)


async def until_it_answers(client: httpx.AsyncClient) -> None:
    """Wait until the desk reads its database again, by itself."""
    deadline = time.monotonic() + COMES_BACK_S
    while (await client.get("/api/v1/orders")).status_code != 200:
        assert time.monotonic() < deadline, "the desk did not come back"
        await asyncio.sleep(0.05)
