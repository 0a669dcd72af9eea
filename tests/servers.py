"""The real server as a process of its own, on a free loopback port and a home of its own.

It can be killed and started again on the same home, with or without its PostgreSQL.
"""

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from app.persistence import embedded
from app.persistence.embedded import postmaster

REPO = Path(__file__).resolve().parents[1]
START_MAX_S = 120.0
STOP_MAX_S = 60.0
GONE_MAX_S = 60.0
POLL_S = 0.02
LOCAL_MARKS = ("SIGMATRADER_", "COV_CORE_", "COVERAGE_")


@dataclass
class Server:
    """One server process and what is needed to talk to it, kill it and start it again.

    `program` is the module that serves, with its arguments.
    """

    home: Path
    settings: Mapping[str, str]
    program: tuple[str, ...] = ("app.cli", "serve")
    port: int = 0
    key: str = ""
    lines: list[str] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None
    _reader: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The server's own process id while it runs, and after it was killed."""
        if self._process is None:
            raise RuntimeError("the server was never started")
        return self._process.pid

    def client(self, key: str | None = None) -> httpx.Client:
        """Return a client that signs in with a key, the owner's by default."""
        signed = key or self.key
        headers = {"Authorization": f"Bearer {signed}"} if signed else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def environment(self) -> dict[str, str]:
        """Return the environment of the server and of commands that act on its home."""
        kept = {name: value for name, value in os.environ.items() if not _is_ours(name)}
        given = {f"SIGMATRADER_{name}": value for name, value in self.settings.items()}
        return {
            **kept,
            "SIGMATRADER_HOME": str(self.home),
            "SIGMATRADER_PORT": str(self.port),
            "SIGMATRADER_API_KEY": self.key,
            **given,
        }

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `sigmatrader ARGUMENTS` on this server's home and return what it said."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=REPO,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=START_MAX_S,
        )

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.port = self.port or free_port()
        self.lines = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", *self.program],
            cwd=REPO,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=_read, args=(self._process, said), daemon=True)
        self._reader.start()
        self._wait_for_announcement(said)
        self._wait_until_ready()

    def kill(self) -> None:
        """End the process at once, as a power cut would; its PostgreSQL keeps running."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the process to end and wait for it."""
        self._end(signal.SIGTERM)

    def kill_postgres(self) -> None:
        """End the embedded PostgreSQL at once and wait until it is gone."""
        pid = self.postgres_pid()
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + GONE_MAX_S
        while postmaster.is_postmaster(pid, self._data_dir()):
            if time.monotonic() > until:
                raise TimeoutError(f"PostgreSQL {pid} does not end")
            time.sleep(POLL_S)

    def postgres_pid(self) -> int:
        """Return the id that the embedded PostgreSQL of this home left in its pid file."""
        return int(self._postmaster_lines()[0])

    @contextmanager
    def database(self, user: str = embedded.OWNER_ROLE) -> Iterator[psycopg.Connection[TupleRow]]:
        """Open the running server's database as its owner, who may do what the server may not.

        Nothing is started and nothing taken over, as `embedded.start` would.
        """
        _, _, _, port, host, *_ = self._postmaster_lines()
        with psycopg.connect(
            make_conninfo(host=host, port=port, dbname=embedded.DATABASE, user=user),
            autocommit=True,
        ) as connection:
            connection.execute("SELECT set_config('app.tenant_id', 'main', false)")
            yield connection

    def end(self) -> None:
        """Stop the process and the PostgreSQL of this home, whatever state they are in."""
        if self._process is not None:
            with suppress(TimeoutError):
                self.stop()
            self.kill()
        if (self.home / "postgres.location").exists():
            embedded.stop(embedded.start(self.home))

    def _data_dir(self) -> Path:
        root = self.home / (self.home / "postgres.location").read_text().strip()
        return root / "data"

    def _postmaster_lines(self) -> list[str]:
        return (self._data_dir() / "postmaster.pid").read_text().split("\n")

    def _end(self, how: signal.Signals) -> None:
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(STOP_MAX_S)
        except subprocess.TimeoutExpired as slow:
            raise TimeoutError(f"the server {process.pid} does not end") from slow
        reader.join(STOP_MAX_S)

    def _wait_for_announcement(self, said: "queue.SimpleQueue[str | None]") -> None:
        until = time.monotonic() + START_MAX_S
        while not self.lines or not self.lines[-1].startswith("SigmaTrader serves on"):
            try:
                line = said.get(timeout=max(until - time.monotonic(), 0))
            except queue.Empty:
                self.kill()
                raise TimeoutError(f"the server does not start: {self.lines}") from None
            if line is None:
                raise RuntimeError("the server ended: " + "\n".join(self.lines))
            self.lines.append(line)
            if line.startswith("API key: "):
                self.key = line.removeprefix("API key: ")

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_MAX_S
        with self.client() as client:
            while True:
                with suppress(httpx.TransportError):
                    if client.get("/readyz").status_code == httpx.codes.OK:
                        return
                if time.monotonic() > until:
                    raise TimeoutError(f"the server is not ready: {self.lines}")
                time.sleep(POLL_S)


@contextmanager
def running_server(**settings: str) -> Iterator[Server]:
    """Run a server on a fresh home; settings are named as in the environment, no prefix."""
    with prepared_server(**settings) as server:
        server.start()
        yield server


@contextmanager
def prepared_server(**settings: str) -> Iterator[Server]:
    """Give a server that was not started yet; it and its home are gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="st-server-", dir="/tmp"))
    # As root, PostgreSQL runs as another user, who must get through to its own folder.
    home.chmod(0o711)
    server = Server(home=home, settings=settings)
    try:
        yield server
    finally:
        server.end()
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_ours(name: str) -> bool:
    return name.startswith(LOCAL_MARKS)


def _read(process: subprocess.Popen[str], said: "queue.SimpleQueue[str | None]") -> None:
    if process.stdout is not None:
        with process.stdout as lines:
            for line in lines:
                said.put(line.rstrip("\n"))
    said.put(None)
