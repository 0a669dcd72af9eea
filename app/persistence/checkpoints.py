"""LangGraph's own tables, in a schema of their own, where sleeping turns are kept."""

import asyncio

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import Connection, sql
from psycopg.rows import dict_row

from app.errors import Unavailable
from app.persistence.database import APP_ROLE, CHECKPOINT_SCHEMA, Database, Pool, Row


class CheckpointerMissing(Unavailable):
    """Turns cannot be put to sleep; no turn is run without that."""

    code = "CHECKPOINTER_MISSING"


def set_up(owner_conninfo: str) -> None:
    """Create or migrate the saver's tables as the owner and let the application use them."""
    with Connection[Row].connect(
        owner_conninfo, autocommit=True, row_factory=dict_row, prepare_threshold=0
    ) as connection:
        schema, role = sql.Identifier(CHECKPOINT_SCHEMA), sql.Identifier(APP_ROLE)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        connection.execute(sql.SQL("SET search_path TO {}").format(schema))
        PostgresSaver(connection).setup()
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
        connection.execute(
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO {}").format(
                schema, role
            )
        )


def saver(pool: Pool) -> AsyncPostgresSaver:
    """Return the durable saver on the application's pool; needs a running event loop."""
    asyncio.get_running_loop()
    return AsyncPostgresSaver(pool)


async def saver_answers(database: Database) -> None:
    """Raise an application error unless the saver's tables are there."""
    async with database.installation() as session:
        try:
            await session.fetch_one("SELECT count(*) AS n FROM checkpoints WHERE false")
        except psycopg.errors.UndefinedTable as missing:
            raise CheckpointerMissing("the saver's tables are not there") from missing
