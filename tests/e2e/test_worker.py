"""A worker of its own beside a real server, as its operator sees it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.processes import within
from tests.servers import POLL_S, REPO, START_MAX_S, STOP_MAX_S, Server, running_server

READY = "SigmaTrader works on jobs"


@contextmanager
def a_worker(server: Server) -> Iterator[subprocess.Popen[str]]:
    """Run `sigmatrader worker` on the server's home; it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker"],
        cwd=REPO,
        env=server.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            with within(process, START_MAX_S):
                assert any(READY in line for line in process.stdout)
            yield process
        finally:
            process.kill()


def compared(server: Server) -> int:
    with server.database() as connection:
        row = connection.execute("SELECT count(*) FROM reconciliations").fetchone()
    return int(row[0]) if row else 0


def test_a_worker_beside_the_server_works_tells_how_jobs_fare_and_stops_when_asked() -> None:
    with running_server(RECONCILE_EVERY_S="5") as server, a_worker(server) as worker:
        status = server.command("worker", "--status", "--json")
        shown = server.command("worker", "--status")
        # The server is gone at once, and what is due every so often goes on.
        server.kill()
        seen, until = compared(server), time.monotonic() + START_MAX_S
        while compared(server) <= seen + 2:
            assert time.monotonic() < until
            time.sleep(POLL_S)
        worker.send_signal(signal.SIGTERM)
        ended = worker.wait(STOP_MAX_S)

    tasks = {task["task"]: task for task in json.loads(status.stdout)}
    assert tasks["reconcile_account"]["failed"] == 0
    heading = shown.stdout.splitlines()[0].split()
    assert heading == ["task", "waiting", "running", "failed", "stalled"]
    assert ended == 0


def test_a_server_compares_by_itself_shows_its_jobs_and_stops_in_its_grace_time() -> None:
    with running_server(RECONCILE_EVERY_S="5") as server:
        until = time.monotonic() + START_MAX_S
        while compared(server) < 2:
            assert time.monotonic() < until
            time.sleep(POLL_S)
        with server.client() as client:
            metrics = client.get("/metrics").text
        server.stop()

    for state in ("waiting", "running", "failed", "stalled"):
        assert f'sigmatrader_jobs{{state="{state}"}}' in metrics
