"""The schema goes up and down on a real database, ours or one that a URL names."""

from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from pydantic import SecretStr

from app.persistence import checkpoints, job_schema, migrate
from app.persistence.embedded import OWNER_ROLE, EmbeddedServer
from app.persistence.location import DatabaseLocation, locate
from app.settings import Settings
from tests.integration.checker import check
from tests.integration.conftest import location_of, open_desk, run_as_superuser
from tests.integration.driving import trade


@pytest.fixture
def empty(postgres: EmbeddedServer) -> Iterator[DatabaseLocation]:
    run_as_superuser(postgres, "CREATE DATABASE {} OWNER {}", "empty", OWNER_ROLE)
    try:
        yield location_of(postgres, "empty")
    finally:
        run_as_superuser(postgres, "DROP DATABASE {} WITH (FORCE)", "empty")


def test_every_migration_goes_up_and_down_and_up_again(empty: DatabaseLocation) -> None:
    url = empty.owner_url
    migrate.upgrade(url)
    first, differing = migrate.current_revision(url), migrate.differences(url)
    migrate.downgrade(url, "base")
    nothing = migrate.current_revision(url)
    with psycopg.connect(empty.owner_conninfo) as connection:
        left = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename <> 'alembic_version'"
        ).fetchall()
    migrate.upgrade(url)

    assert (first, nothing) == (migrate.head_revision(), None)
    assert (differing, left) == ([], [])
    assert migrate.differences(url) == []


async def test_a_database_named_by_a_url_is_used_under_the_applications_role(
    postgres: EmbeddedServer, empty: DatabaseLocation, settings: Settings
) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(empty.owner_conninfo)
    query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items())
    location = locate(settings.home, SecretStr(f"postgresql:///?{query}"))
    migrate.upgrade(location.owner_url)
    checkpoints.set_up(location.owner_conninfo)
    job_schema.set_up(location.owner_conninfo)
    async with open_desk(settings, location) as desk, desk.client() as client:
        done = await trade(client)
        async with desk.container.database.tenant("main") as session:
            role = await session.fetch_one("SELECT current_user AS name, session_user AS login")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with desk.container.database.tenant("main") as session:
                await session.execute("DELETE FROM audit_log")

    assert done["outcome"] == "EXECUTED"
    assert role == {"name": "sigmatrader_app", "login": OWNER_ROLE}
    assert location.server is None
    check(location)
