"""No credential and no session id is in a log, an error, a trace or the database."""

import logging
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.issuer import FakeIssuer
from tests.integration.driving import person
from tests.integration.mcp_wire import McpDesk
from tests.integration.test_mcp_oauth import oauth_desk

WRONG_KEY = "st_" + "c" * 43


def dump(location: DatabaseLocation) -> str:
    """Return every row of every table as text."""
    with psycopg.connect(location.owner_conninfo) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        found = [
            connection.execute(
                sql.SQL("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {} t").format(
                    sql.Identifier(*table)
                )
            ).fetchone()
            for table in tables
        ]
    assert len(tables) > 20
    return "\n".join(row[0] for row in found if row)


async def everything(desk: McpDesk, issuer: FakeIssuer, key: str) -> tuple[list[str], list[str]]:
    """Use every kind of credential in every way; return the canaries and what was answered."""
    good, foreign = issuer.token(), issuer.token(aud="https://other.example.org/mcp")
    canaries, said = [key, WRONG_KEY, good, foreign], []

    async def note(response: Any) -> None:
        said.append(f"{response.status_code} {response.headers} {response.text}")

    for credential in canaries:
        async with desk.wire(credential) as wire:
            await note(await wire.post("tools/call", name="list_accounts", arguments={}))
            words = {"message": f"buy 1 TCS at market, cnc {credential}"}
            await note(await wire.post("tools/call", name="propose_trade", arguments=words))
            await note(await wire.post("tools/call", name=credential, arguments={}))
            await note(await wire.post("resources/read", uri=f"sigmatrader://plan/{credential}"))
            await note(await wire.post("prompts/get", name=credential, arguments={}))
            await note(await wire.http.post(f"/mcp?token={credential}", json={}))
    async with desk.wire(key) as owner, desk.wire(good) as other:
        session = await owner.open_session()
        canaries.append(session["Mcp-Session-Id"])
        call = {"name": "get_quotes", "arguments": {"instruments": ["INFY"]}}
        mine = await owner.send(session, id=1, method="tools/call", params=call)
        theirs = await other.send(session, id=1, method="tools/call", params=call)
        said += [mine.text, theirs.text]
        assert (mine.status_code, theirs.status_code) == (200, 404)
        await owner.http.delete("/mcp", headers=session)
        gone = await owner.send(session, id=2, method="tools/call", params=call)
        said.append(gone.text)
        assert gone.status_code == 404
    return canaries, said


async def test_no_canary_is_found_anywhere(
    settings: Settings,
    location: DatabaseLocation,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    write_logs: Callable[[], None],
) -> None:
    write_logs()
    caplog.set_level(logging.WARNING)
    async with oauth_desk(settings, location) as (desk, issuer):
        key = await person(desk.desk, "claude", Role.SERVICE)
        canaries, said = await everything(desk, issuer, key)
        stored = dump(location)
    out, err = capfd.readouterr()
    logged = "\n".join((out, err, caplog.text))
    for place, text in (("stored", stored), ("logged", logged), ("answered", "\n".join(said))):
        assert [canary[:12] for canary in canaries if canary in text] == [], place
    assert "mcp_library" in logged
    assert "SECRET_IN_ARGUMENTS" in stored
