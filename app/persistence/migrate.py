"""Bring a database to the schema of this release, and say whether it is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from app.persistence.tables import metadata

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Apply every migration up to a revision, in one transaction each."""
    with _connected(url) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Undo migrations down to a revision; "base" empties the schema."""
    with _connected(url) as connection:
        command.downgrade(_config(connection), revision)


def current_revision(url: str) -> str | None:
    """Return the revision the database is at, None for an empty one."""
    with _connected(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """Return the revision this release needs."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def differences(url: str) -> list[object]:
    """Return what the tables in code and in the database disagree on; nothing when migrated."""
    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
        connection.commit()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
