"""What outlives the server: a PostgreSQL, a broker with a journal, and a zygote to fork from."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.journal import Entry, Fate, Journal
from adapters.brokers.mock.listening import listener, serving
from adapters.brokers.mock.market import AnyInstrument, FixedMarket
from adapters.brokers.mock.script import Receipt
from adapters.brokers.mock.server import create_mock_app
from app.clock import RandomIds, SystemClock
from app.persistence import checkpoints, embedded, job_schema, migrate
from app.persistence.embedded import OWNER_ROLE, SUPERUSER, EmbeddedServer
from app.persistence.location import DatabaseLocation
from riskgate.contracts.orders import OrderIntent
from tests.chaos.points import Point, Step
from tests.processes import within
from tests.servers import REPO, free_port

START_MAX_S = 120.0
POLL_S = 0.01
PREPARED = "prepared"
SECRET = "the broker's secret"


class WatchedBroker(MockBroker):
    """A mock broker that ends the server right after it has taken its n-th order."""

    kill_pid: int | None = None
    kill_at: int = 0
    taken: int = 0

    async def receive(self, intent: OrderIntent) -> Receipt:
        receipt = await super().receive(intent)
        self.taken += 1
        if self.kill_pid is not None and self.taken == self.kill_at:
            os.kill(self.kill_pid, signal.SIGKILL)
        return receipt


@dataclass
class Outside:
    """The broker of one run, on a port of its own."""

    broker: WatchedBroker
    journal: Journal
    url: str

    @property
    def orders_by_tag(self) -> dict[str, int]:
        """Return how many orders the broker's book has under each tag."""
        found: dict[str, int] = {}
        for entry in self.taken():
            found[str(entry.tag)] = found.get(str(entry.tag), 0) + len(entry.broker_order_ids)
        return found

    def taken(self) -> list[Entry]:
        return [e for e in self.journal.entries if e.call == "place" and e.fate is Fate.TAKEN]


class BrokerLoop:
    """An event loop in a thread that serves brokers over HTTP."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @contextmanager
    def outside(self) -> Iterator[Outside]:
        """Serve a broker with an empty book."""
        clock = SystemClock()
        market = FixedMarket(clock=clock, seed=7)
        broker = WatchedBroker(
            market=market, clock=clock, ids=RandomIds(), instruments=AnyInstrument()
        )
        journal = Journal(monotonic_ns=time.monotonic_ns)
        app = create_mock_app(broker, journal, sleep=asyncio.sleep, market=market)
        served = serving(app, listener(0))
        url = self._wait(served.__aenter__())
        try:
            yield Outside(broker=broker, journal=journal, url=url)
        finally:
            self._wait(served.__aexit__(None, None, None))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@dataclass
class World:
    """One worker's outside world; runs use it one after the other."""

    home: Path
    postgres: EmbeddedServer
    brokers: BrokerLoop
    zygote: subprocess.Popen[str]
    key: str = ""
    numbers: int = 0
    pids: list[int] = field(default_factory=list)

    def fresh_database(self) -> str:
        """Make a database with an owner in it; return its name."""
        self.numbers += 1
        name = f"run_{self.numbers}"
        _as_superuser(self.postgres, "CREATE DATABASE {} TEMPLATE {}", name, PREPARED)
        return name

    def drop_database(self, name: str) -> None:
        _as_superuser(self.postgres, "DROP DATABASE {} WITH (FORCE)", name)

    def location(self, database: str) -> DatabaseLocation:
        conninfo = self.postgres.conninfo(dbname=database, user=OWNER_ROLE)
        return DatabaseLocation(owner_conninfo=conninfo, app_conninfo=conninfo, server=None)

    def fork(
        self, database: str, broker_url: str, *, point: Point | None, naive: bool
    ) -> "Process":
        """Start a server; it is not waited for."""
        port = free_port()
        environment = {
            "SIGMATRADER_HOME": str(self.home),
            "SIGMATRADER_PORT": str(port),
            "SIGMATRADER_DATABASE_URL": self.postgres.conninfo(dbname=database, user=OWNER_ROLE),
            "SIGMATRADER_BROKER": "mock",
            "SIGMATRADER_MOCK_URL": broker_url,
            "SIGMATRADER_MOCK_SETTLE_S": "1",
            "SIGMATRADER_POSTBACK_SECRET": SECRET,
            "SIGMATRADER_FILL_WAIT_S": "1",
            "SIGMATRADER_WRITES_PER_MIN": "100000",
            "SIGMATRADER_READS_PER_MIN": "100000",
        }
        inside = point is not None and point.step is not Step.ACCEPT
        request = {
            "environment": environment,
            "point": point.name if point is not None and inside else None,
            "naive": naive,
            "log": str(self.home / "servers.log"),
        }
        if self.zygote.stdin is None or self.zygote.stdout is None:
            raise RuntimeError("the zygote has no pipes")
        self.zygote.stdin.write(json.dumps(request) + "\n")
        self.zygote.stdin.flush()
        with within(self.zygote, START_MAX_S):
            pid = int(self.zygote.stdout.readline())
        self.pids.append(pid)
        return Process(pid=pid, url=f"http://127.0.0.1:{port}", key=self.key)

    def last_log(self) -> str:
        """Return the end of what the servers wrote."""
        path = self.home / "servers.log"
        return path.read_text()[-3000:] if path.exists() else ""


@dataclass(frozen=True)
class Process:
    """One forked server."""

    pid: int
    url: str
    key: str

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=60, trust_env=False, verify=False
        )

    def alive(self) -> bool:
        with suppress(OSError), open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
        return False

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        until = time.monotonic() + START_MAX_S
        while self.alive():
            if time.monotonic() > until:
                raise TimeoutError(f"server {self.pid} does not end")
            time.sleep(POLL_S)

    def wait_until_ready(self) -> None:
        """Return when the server answers; raises RuntimeError when it ends instead."""
        until = time.monotonic() + START_MAX_S
        with self.client() as client:
            while True:
                with suppress(httpx.TransportError):
                    if client.get("/readyz").status_code == httpx.codes.OK:
                        return
                if not self.alive():
                    raise RuntimeError("the server ended at its start")
                if time.monotonic() > until:
                    raise TimeoutError("the server does not get ready")
                time.sleep(POLL_S)


@contextmanager
def world() -> Iterator[World]:
    """Start PostgreSQL and the zygote, and prepare a database with an owner and a key."""
    home = Path(tempfile.mkdtemp(prefix="st-chaos-", dir="/tmp"))
    home.chmod(0o711)
    postgres = embedded.start(home)
    brokers = BrokerLoop()
    zygote = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.zygote"],
        cwd=REPO,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    made = World(home=home, postgres=postgres, brokers=brokers, zygote=zygote)
    try:
        _prepare(made)
        yield made
    finally:
        zygote.kill()
        zygote.wait(10)
        for pid in made.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        brokers.close()
        embedded.stop(postgres)
        shutil.rmtree(home, ignore_errors=True)


def _prepare(made: World) -> None:
    # Only the server is killed here, never the database: its commits are durable all the same.
    _as_superuser(made.postgres, "ALTER SYSTEM SET fsync = off")
    _as_superuser(made.postgres, "SELECT pg_reload_conf()")
    _as_superuser(made.postgres, "CREATE DATABASE {} OWNER {}", PREPARED, OWNER_ROLE)
    location = made.location(PREPARED)
    migrate.upgrade(location.owner_url)
    checkpoints.set_up(location.owner_conninfo)
    job_schema.set_up(location.owner_conninfo)
    with made.brokers.outside() as outside:
        first = made.fork(PREPARED, outside.url, point=None, naive=False)
        first.wait_until_ready()
        said = made.last_log()
        first.kill()
    made.key = said.split("API key: ")[1].split()[0]
    _wait_for_no_sessions(made, PREPARED)


def _wait_for_no_sessions(made: World, database: str) -> None:
    conninfo = made.postgres.conninfo(dbname="postgres", user=SUPERUSER)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        until = time.monotonic() + START_MAX_S
        while connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = %s", (database,)
        ).fetchone():
            if time.monotonic() > until:
                raise TimeoutError("the killed server's sessions do not end")
            time.sleep(POLL_S)


def _as_superuser(server: EmbeddedServer, statement: str, *names: str) -> None:
    conninfo = server.conninfo(dbname="postgres", user=SUPERUSER)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
