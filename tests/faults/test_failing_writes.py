"""Whichever write of the database fails while an order goes out, none is sent unrecorded."""

import asyncio
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.policy import Policy
from tests.faults.conftest import Durable, until_it_answers
from tests.figures import many, tell
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.driving import approve, propose, rows, set_policy, trade

STRACE = shutil.which("strace")
CALLS = "pwrite64,pwritev,pwritev2,write,fdatasync,fsync,fallocate"
ATTACH_MAX_S = 20.0
EVERY = many(full=1, quick=3)
BUY_ONE = "buy 1 INFY at market, cnc"
BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " AND pid <> pg_backend_pid()"
)
UNSETTLED = "SELECT 1 FROM orders WHERE state IN ('SENDING', 'UNKNOWN', 'PLANNED')"

pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")


@dataclass
class Injection:
    """Whether a fault that was to be injected came about."""

    hit: bool = False


@asynccontextmanager
async def failing(location: DatabaseLocation, error: str, nth: int) -> AsyncIterator[Injection]:
    """Let the n-th write of each of the desk's backends fail once, while the block runs."""
    # Only those that serve the desk now: who comes after them finds the disk well again.
    pids = [row["pid"] for row in rows(location, BACKENDS)]
    attached = [option for pid in pids for option in ("-p", str(pid))]
    injection = Injection()
    with tempfile.NamedTemporaryFile("r", prefix="st-strace-", errors="replace") as log:
        strace = await asyncio.create_subprocess_exec(
            str(STRACE),
            "-f",
            "-o",
            log.name,
            *("-e", f"trace={CALLS}"),
            *("-e", f"inject={CALLS}:error={error}:when={nth}"),
            *attached,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await _until_attached(strace, len(pids))
            yield injection
        finally:
            if strace.returncode is None:
                strace.send_signal(signal.SIGINT)
            await _until_gone(strace)
        text = log.read()
    injection.hit = "(INJECTED)" in text


async def _until_gone(strace: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(strace.communicate(), ATTACH_MAX_S)
    except TimeoutError:
        strace.kill()
        raise


async def _until_attached(strace: asyncio.subprocess.Process, processes: int) -> None:
    assert strace.stderr is not None
    for _ in range(processes):
        line = await asyncio.wait_for(strace.stderr.readline(), ATTACH_MAX_S)
        if b"attached" not in line:
            pytest.skip(f"strace may not attach here: {line.decode().strip()}")


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
async def test_whichever_write_of_an_order_fails_none_is_sent_unrecorded(
    settings: Settings, durable: Durable, error: str
) -> None:
    bench, location = a_bench(), durable.location
    said: Counter[str] = Counter()
    points, hits, nth = 0, 0, 1
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, Policy(version="2"))
        bench.price(10)
        await trade(client, BUY_ONE)
        while True:
            bench.price(10)
            card = await propose(client, BUY_ONE)
            async with failing(location, error, nth) as injection:
                reply = await approve(client, card)
            answer = reply.json()
            points += 1
            hits += injection.hit
            said[f"{reply.status_code} {answer.get('outcome') or answer.get('code')}"] += 1
            await until_it_answers(client)
            bench.clock.advance(seconds=6)
            await desk.container.engine.recover(OWNER_TENANT)
            check(location, bench.mock)
            if not injection.hit:
                break
            nth += EVERY
        bench.clock.advance(minutes=1)
        await desk.container.engine.recover(OWNER_TENANT)
        bench.price(10)
        after = await trade(client, BUY_ONE)

    written = rows(location, "SELECT tag FROM orders WHERE sent_at IS NOT NULL")
    unrecorded = set(bench.broker.placed) - {row["tag"] for row in written}
    tell(
        f"failing writes, {error}",
        points=points,
        hits=hits,
        answers=dict(said),
        sent=len(bench.broker.placed),
        sent_unrecorded=len(unrecorded),
        after=after["outcome"],
    )
    assert hits > 0
    assert {one.split()[0] for one in said} <= {"200", "503"}
    assert unrecorded == set()
    assert len(bench.broker.placed) == len(set(bench.broker.placed))
    assert rows(location, UNSETTLED) == []
    assert after["outcome"] == "EXECUTED"
    check(location, bench.mock)
