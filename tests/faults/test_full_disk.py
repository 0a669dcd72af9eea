"""A full disk: nothing is sent that is not written, reads go on, and it passes by itself."""

import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.identity.principal import OWNER_TENANT
from app.persistence.embedded import OWNER_ROLE
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.policy import Policy
from tests.faults.conftest import Durable
from tests.figures import tell
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import location_of, run_as_superuser
from tests.integration.driving import rows, set_policy, trade

SPACE_MB = 96
TRIES = 40
READS = ("/api/v1/orders", "/api/v1/cards", "/api/v1/positions", "/api/v1/kill-switch")
BUY_ONE = "buy 1 INFY at market, cnc"
UNSETTLED = "SELECT 1 FROM orders WHERE state IN ('SENDING', 'UNKNOWN', 'PLANNED')"


@pytest.fixture
def small_disk(durable: Durable) -> Iterator[Path]:
    """Mount a disk of a few megabytes that the server may write to; only root can."""
    folder = Path(tempfile.mkdtemp(prefix="st-small-"))
    folder.chmod(0o711)
    owner = durable.server.data_dir.stat()
    mounted = subprocess.run(
        [
            "mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={SPACE_MB}m,uid={owner.st_uid},gid={owner.st_gid},mode=0700",
            "tmpfs",
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def database_on(durable: Durable, disk: Path) -> DatabaseLocation:
    """Make a desk's database whose tables all lie on the small disk; its journal does not."""
    run_as_superuser(durable.server, f"CREATE TABLESPACE small LOCATION '{disk}'")
    run_as_superuser(
        durable.server, "CREATE DATABASE crowded OWNER {} TABLESPACE small", OWNER_ROLE
    )
    location = location_of(durable.server, "crowded")
    durable.prepare(location)
    return location


def fill(disk: Path) -> Path:
    """Leave no free byte on the disk; return the file to delete for it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65_536):
                pass
        except OSError:
            return ballast
    raise AssertionError("the disk took everything")


async def attempt(client: httpx.AsyncClient) -> str:
    """Ask for a trade and approve it; return how far that got."""
    said = await client.post("/api/v1/chat", json={"message": BUY_ONE})
    if said.status_code != 200:
        return f"chat {said.status_code} {said.json()['code']}"
    answer = said.json()
    if answer["outcome"] != "AWAITING_APPROVAL":
        return f"chat 200 {answer.get('error_code') or answer['outcome']}"
    said = await client.post(f"/api/v1/cards/{answer['cards'][-1]['id']}/approve")
    answer = said.json()
    came_to = answer.get("error_code") or answer.get("code") or answer.get("outcome")
    return f"approve {said.status_code} {came_to}"


async def test_a_full_disk_stops_trading_not_reading_and_passes_when_there_is_room(
    settings: Settings, durable: Durable, small_disk: Path
) -> None:
    bench, came_to = a_bench(), Counter[str]()
    location = database_on(durable, small_disk)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, Policy(version="2"))
        bench.price(10)
        await trade(client, BUY_ONE)
        ballast = fill(small_disk)
        for _ in range(TRIES):
            came_to[await attempt(client)] += 1
        while_full = len(bench.broker.placed)
        reads = [(await client.get(path)).status_code for path in READS]
        ballast.unlink()
        bench.clock.advance(seconds=6)
        bench.price(10)
        await desk.container.engine.recover(OWNER_TENANT)
        after = await trade(client, BUY_ONE)
        bench.clock.advance(minutes=1)
        await desk.container.engine.recover(OWNER_TENANT)

    written = rows(location, "SELECT tag FROM orders WHERE sent_at IS NOT NULL")
    unrecorded = set(bench.broker.placed) - {row["tag"] for row in written}
    tell(
        "full disk",
        tries=TRIES,
        came_to=dict(came_to),
        sent_while_full=while_full - 1,
        sent_unrecorded=len(unrecorded),
        after=after["outcome"],
    )
    assert any(" 503 " in one for one in came_to), came_to
    assert not any(" 500 " in one for one in came_to), came_to
    assert reads == [200] * len(READS)
    assert unrecorded == set()
    assert after["outcome"] == "EXECUTED"
    assert rows(location, UNSETTLED) == []
    check(location, bench.mock)
