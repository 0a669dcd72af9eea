"""The halt of every account is for real: no judgement at work can make it fail."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from typer.testing import CliRunner, Result

from app.audit.log import Entry, append
from app.bootstrap import Container
from app.cli import kill
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts
from app.persistence.location import DatabaseLocation
from tests.integration.conftest import Desk
from tests.integration.driving import rows

R = TypeVar("R")
BLOCKED = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
LEVELS = "SELECT account_id, level FROM kill_switches ORDER BY account_id"
AUDITED = "SELECT entity_id FROM audit_log WHERE action = 'kill_switch.set' ORDER BY entity_id"
BOTH = ["mock-inr", "mock-usd"]


async def run(desk: Desk, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Run the command from a thread, its work on this desk."""
    loop = asyncio.get_running_loop()

    def on_the_desk(work: Callable[[Container], Awaitable[R]]) -> R:
        async def run_work() -> R:
            return await work(desk.container)

        return asyncio.run_coroutine_threadsafe(run_work(), loop).result(60)

    monkeypatch.setattr(kill, "with_application", on_the_desk)
    return await asyncio.to_thread(CliRunner().invoke, kill.app, list(arguments))


async def until_blocked(location: DatabaseLocation, task: asyncio.Task[Result]) -> None:
    for _ in range(12_000):
        if task.done() or rows(location, BLOCKED):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("nobody came to the lock")


@pytest.mark.parametrize("judged", BOTH)
async def test_a_halt_of_all_accounts_waits_for_a_judgement_and_halts_every_one(
    mock_desk: Desk, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch, judged: str
) -> None:
    """The judgement holds its account, then writes to the audit log, as every one does."""
    at = mock_desk.container.services.clock.now()
    entry = Entry(actor="riskgate", action="gate.allow", entity="plan", entity_id="p", body={})
    async with mock_desk.container.database.tenant(OWNER_TENANT) as session:
        await accounts.lock_account(session, judged)
        halt = asyncio.create_task(run(mock_desk, monkeypatch, "on", "--reason", "enough"))
        await until_blocked(location, halt)
        await append(session, entry, at=at)
    done = await halt
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [f"{account}  HALTED" for account in BOTH]
    found = [(row["account_id"], row["level"]) for row in rows(location, LEVELS)]
    assert found == [(account, "HALTED") for account in BOTH]
    assert [row["entity_id"] for row in rows(location, AUDITED)] == BOTH


async def test_one_account_is_halted_alone_and_an_unknown_one_is_said(
    mock_desk: Desk, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = ("on", "--reason", "enough", "--account")
    unknown = await run(mock_desk, monkeypatch, *one, "not-there")
    done = await run(mock_desk, monkeypatch, *one, "mock-usd")
    assert unknown.exit_code != 0
    assert done.exit_code == 0, done.output
    assert [row["account_id"] for row in rows(location, LEVELS)] == ["mock-usd"]
