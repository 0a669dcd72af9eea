"""No session id, token, link or key of a login is in any log, answer, trace or dump."""

import asyncio
import json
import logging
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from app.bootstrap import seal_secret
from app.persistence.embedded import bin_path
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from app.telemetry import log
from tests.fakes.kite_standin import Kind, Trouble
from tests.integration.driving import approve, as_owner, say, set_policy
from tests.integration.kite_desks import PATH, KiteWorld, kite_world
from tests.integration.planning import live_policy, planned, validated

# What the test's own browser and client write is not the product's.
OURS = ("httpx", "httpcore")
FAILURES = (
    Trouble(Kind.HANG_UP_AFTER),
    Trouble(Kind.CUT),
    Trouble(Kind.HTTP_AFTER, status=502),
    Trouble(Kind.GARBLED),
    Trouble(Kind.OTHER_REPLICA),
)


@pytest.fixture
async def world() -> AsyncIterator[KiteWorld]:
    async with kite_world() as opened:
        yield opened


@asynccontextmanager
async def everything_said(client: httpx.AsyncClient) -> AsyncIterator[list[str]]:
    """Collect every answer but those that hand out a link."""
    said: list[str] = []

    async def keep(response: httpx.Response) -> None:
        await response.aread()
        if not response.request.url.path.endswith("/login"):
            said.append(f"{response.headers} {response.text}")

    client.event_hooks["response"].append(keep)
    yield said


def secrets_of(world: KiteWorld, links: list[str], settings: Settings) -> list[str]:
    """Return everything that would let somebody in, in each form it could be written in."""
    tokens = [s.login.token for s in world.kite.sessions.all() if s.login and s.login.token]
    ids = [session.id for session in world.kite.sessions.all()]
    plain = [*ids, *tokens, *links, *(url.split("redirect_params=")[1] for url in links)]
    key = seal_secret(settings.home)
    return [*plain, *(text.encode().hex() for text in plain), key.hex(), repr(key)[2:-1]]


def dumped(location: DatabaseLocation) -> str:
    command = [str(bin_path("pg_dump")), "--inserts", location.owner_conninfo]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


async def test_nothing_that_lets_somebody_in_is_written_or_told(
    world: KiteWorld,
    settings: Settings,
    location: DatabaseLocation,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    write_logs: Callable[[], None],
) -> None:
    write_logs()
    caplog.set_level(logging.DEBUG)
    links: list[str] = []
    async with world.desk(settings, location) as desk, desk.client() as client:
        await set_policy(desk, location, live_policy())
        as_owner(location, "UPDATE accounts SET mode = 'PROPOSE'")
        async with everything_said(client) as said:
            for _ in range(2):
                given = await client.post(f"{PATH}/login", json={})
                links.append(given.json()["link"]["url"])
            assert await world.kite.finish_login(links[-1]) == 200
            world.clock.advance(seconds=3)
            await client.get(PATH, params={"probe": True})
            secrets = secrets_of(world, links, settings)
            plan, card = await planned(client, "buy 10 infy at market, cnc")
            await validated(client, plan)
            done = await approve(client, card, json={"acknowledge_risk": True})
            assert done.json()["outcome"] == "EXECUTED"
            for trouble in FAILURES:
                for tool in ("get_orders", "get_profile", "get_quotes"):
                    world.kite.troubles.add(tool, trouble)
                await say(client, "positions")
                await client.get(PATH, params={"probe": True})
                await client.get("/readyz")
            for path in ("/api/v1/audit", "/api/v1/decisions", "/api/v1/cards", "/metrics"):
                await client.get(path)
            world.kite.restart()
            await say(client, "is kite connected?")
            await client.post(f"{PATH}/logout", json={})
        log.warning("the_log_is_read")
    dump = await asyncio.to_thread(dumped, location)
    out, err = capfd.readouterr()
    logged = "\n".join(
        f"{record.name} {record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if not record.name.startswith(OURS)
    )

    assert len(secrets) > 10
    assert len(said) > 20
    assert "broker_logins" in dump
    assert "the_log_is_read" in err
    written = {
        "dump": dump,
        "stdout": out,
        "stderr": err,
        "logs": logged,
        "answers": json.dumps(said),
    }
    found = [
        (where, text[:12]) for where, all_ in written.items() for text in secrets if text in all_
    ]
    assert found == []
