"""procrastinate's own tables, in a schema of their own, where waiting work is kept."""

from importlib import resources
from typing import LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from app.persistence.database import APP_ROLE, JOBS_SCHEMA

SCRIPTS = "procrastinate.sql"


def set_up(owner_conninfo: str) -> None:
    """Create or migrate the tables as the owner and let the application use them.

    Raises psycopg.Error when a migration fails; it is tried again at the next start.
    """
    with psycopg.connect(owner_conninfo, autocommit=True) as connection:
        schema, role = sql.Identifier(JOBS_SCHEMA), sql.Identifier(APP_ROLE)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        connection.execute(sql.SQL("SET search_path TO {}").format(schema))
        _bring_up(connection)
        _bind(connection)
        for grant in (
            "GRANT USAGE ON SCHEMA {} TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO {}",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}",
        ):
            connection.execute(sql.SQL(grant).format(schema, role))


def _bring_up(connection: Connection[TupleRow]) -> None:
    """Apply what is missing, one script a transaction; a fresh schema comes whole."""
    row = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NULL").fetchone()
    if row is not None and row[0]:
        with connection.transaction():
            connection.execute(_script("schema.sql"))
            # Which of its migrations are in: procrastinate keeps no list of its own.
            connection.execute("CREATE TABLE applied_migrations (name text PRIMARY KEY)")
            for name in _migrations():
                _note(connection, name)
        return
    done = {
        name for (name,) in connection.execute("SELECT name FROM applied_migrations").fetchall()
    }
    for name in _migrations():
        if name not in done:
            with connection.transaction():
                connection.execute(_script("migrations", name))
                _note(connection, name)


def _bind(connection: Connection[TupleRow]) -> None:
    """Let functions and triggers find their tables whatever a session's search path is."""
    connection.execute(
        "DO $$ DECLARE found regprocedure; BEGIN"
        " FOR found IN SELECT oid FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        " LOOP EXECUTE format('ALTER FUNCTION %s SET search_path = %I', found, current_schema());"
        " END LOOP; END $$"
    )


def _note(connection: Connection[TupleRow], name: str) -> None:
    connection.execute("INSERT INTO applied_migrations (name) VALUES (%s)", (name,))


def _migrations() -> list[str]:
    """Return the names of procrastinate's migrations in the order they are applied."""
    found = (resources.files(SCRIPTS) / "migrations").iterdir()
    return sorted(item.name for item in found if item.name.endswith(".sql"))


def _script(*path: str) -> LiteralString:
    # The scripts come with the installed package, as its own code does.
    return resources.files(SCRIPTS).joinpath(*path).read_text(encoding="utf-8")
