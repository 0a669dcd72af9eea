"""`sigmatrader kite`: the link, the wait, the status, the logout, and what can be forgotten."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import kite as command
from app.cli.main import app
from app.cli.running import with_application
from app.persistence.location import DatabaseLocation
from tests.fakes.kite_standin import KiteStandin
from tests.integration.driving import as_owner, rows
from tests.kite_beside import kite_beside

ACCOUNT = "kite_mcp-inr"
ACTIONS = "SELECT actor, action FROM audit_log WHERE entity = 'connection' ORDER BY seq"
WAIT_S = 60


@pytest.fixture
def kite(shell: pytest.MonkeyPatch) -> Iterator[KiteStandin]:
    """Kite beside a home that belongs to it."""
    with kite_beside() as serving:
        shell.setenv("SIGMATRADER_BROKER", "kite_mcp")
        shell.setenv("SIGMATRADER_KITE_MCP_URL", serving.url)
        shell.setattr(command, "ASK_EVERY_S", 0.05)
        with_application(lambda container: container.start(), begins=True)
        yield serving


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["kite", *words])
    return done.exit_code, done.output


def told(output: str) -> list[dict[str, Any]]:
    """Return the JSON objects of an output, a line each."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def link_of(kite: KiteStandin) -> str:
    """Return the link of the newest session, once there is one that was given a link."""
    for _ in range(WAIT_S * 20):
        found = [session for session in kite.sessions.all() if session.login is not None]
        if found:
            return found[-1].link()
        asyncio.run(asyncio.sleep(0.05))
    raise AssertionError("nobody asked for a link")


def test_a_login_is_waited_for_seen_and_ended(
    kite: KiteStandin, location: DatabaseLocation
) -> None:
    before, _ = run("status")
    with ThreadPoolExecutor(1) as beside:
        logging_in = beside.submit(run, "login", "--json", "--wait-s", str(WAIT_S))
        asyncio.run(kite.finish_login(link_of(kite)))
        code, output = logging_in.result()
    first, last = told(output)
    status, shown = run("status", "--json")
    again, said = run("login")
    out, _ = run("logout")
    after, known = run("status", "--known")

    assert (before, code, status, again, out, after) == (1, 0, 0, 0, 0, 1)
    assert (first["state"], last["state"]) == ("LINK_ISSUED", "ACTIVE")
    assert first["link"]["url"].startswith(f"{kite.origin}/connect/login?")
    assert "link" not in last
    assert (told(shown)[0]["user"], told(shown)[0]["can_trade"]) == ("Asha Bose", True)
    assert "Logged in at Kite as Asha Bose until" in said
    assert known.startswith(f"{ACCOUNT}  NEW  Nobody is logged in at Kite.")
    assert kite.times_asked("DELETE", "/mcp") == 1
    assert [(row["actor"], row["action"]) for row in rows(location, ACTIONS)] == [
        ("operator", "connection.link_issued"),
        ("operator", "connection.state_seen"),
        ("operator", "connection.logged_out"),
    ]


@pytest.mark.tampers
def test_a_login_that_no_longer_opens_is_named_and_can_be_forgotten(
    kite: KiteStandin, location: DatabaseLocation
) -> None:
    nothing, said = run("forget")
    ended, printed = run("login", "--wait-s", "0")
    as_owner(location, "UPDATE broker_logins SET sealed = set_byte(sealed, 20, 0)")
    as_owner(location, "UPDATE broker_logins SET sealed = set_byte(sealed, 21, 1)")
    shut, why = run("status")
    forgotten, done = run("forget")
    fresh, _ = run("status")

    assert (nothing, said) == (0, f"{ACCOUNT}  nothing was kept\n")
    assert (ended, kite.origin in printed) == (1, True)
    assert (shut, "LOGIN_VAULT_UNAVAILABLE" in why, "kite forget" in why) == (1, True, True)
    assert (forgotten, done, fresh) == (0, f"{ACCOUNT}  forgotten\n", 1)
    assert rows(location, ACTIONS)[-1]["action"] == "connection.login_forgotten"
