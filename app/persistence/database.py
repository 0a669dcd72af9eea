"""The pool of connections and the one way to open a transaction."""

import select
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from app.errors import InvalidRequest, Unavailable

Row: TypeAlias = dict[str, Any]
Params: TypeAlias = Sequence[object] | Mapping[str, object]
Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Row]]

APP_ROLE = "sigmatrader_app"
CHECKPOINT_SCHEMA = "checkpoints"
STATEMENT_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_MS = 10_000
POOL_MAX = 16
POOL_WAIT_S = 5.0


BEGIN_AS = sql.SQL("BEGIN; SELECT set_config('app.tenant_id', {}, true)")


async def check_idle(connection: AsyncConnection[Row]) -> None:
    """Raise OperationalError for a pooled connection whose server is gone.

    Only a server that ends says something on an idle connection, so most need no question.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        await AsyncConnectionPool.check_connection(connection)


class DatabaseUnavailable(Unavailable):
    """The database did not answer; nothing was stored."""

    code = "DATABASE_UNAVAILABLE"


class ValueNotStorable(InvalidRequest):
    """A text has a NUL in it, or a number is beyond every column; nothing was stored."""

    remedy = "Take the control character out of the text, or send a smaller number."


class Session:
    """One open transaction; rows are plain dicts."""

    def __init__(self, connection: AsyncConnection[Row], tenant_id: str) -> None:
        self._connection = connection
        self.tenant_id = tenant_id

    async def execute(self, query: LiteralString, params: Params = ()) -> int:
        """Run a statement and return how many rows it touched."""
        cursor = await self._connection.execute(query, params)
        return cursor.rowcount

    async def fetch_one(self, query: LiteralString, params: Params = ()) -> Row | None:
        cursor = await self._connection.execute(query, params)
        return await cursor.fetchone()

    async def fetch_all(self, query: LiteralString, params: Params = ()) -> list[Row]:
        cursor = await self._connection.execute(query, params)
        return await cursor.fetchall()

    async def execute_many(self, query: LiteralString, rows: Sequence[Params]) -> None:
        async with self._connection.cursor() as cursor:
            await cursor.executemany(query, rows)


class Database:
    """The application's connections: role without rights on audit rows, tenant set by row."""

    def __init__(self, conninfo: str) -> None:
        self.pool: Pool = AsyncConnectionPool(
            conninfo,
            min_size=1,
            max_size=POOL_MAX,
            timeout=POOL_WAIT_S,
            open=False,
            check=check_idle,
            kwargs={
                "row_factory": dict_row,
                "autocommit": True,
                "prepare_threshold": 2,
                "options": " ".join(
                    (
                        f"-c role={APP_ROLE}",
                        f"-c search_path=public,{CHECKPOINT_SCHEMA}",
                        f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
                        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}",
                        "-c timezone=UTC",
                    )
                ),
            },
        )

    async def open(self) -> None:
        await self.pool.open(wait=True, timeout=POOL_WAIT_S)

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def tenant(self, tenant_id: str) -> AsyncIterator[Session]:
        """Open one transaction that sees and writes only this tenant's rows.

        Commits when the block ends and rolls back when it raises. Raises DatabaseUnavailable
        when no connection is to be had, and ValueNotStorable for a value that no column takes.
        """
        try:
            async with self.pool.connection() as connection:
                # Both in one message; leaving the connection's block commits or rolls back.
                await connection.execute(BEGIN_AS.format(tenant_id))
                yield Session(connection, tenant_id)
        except (PoolTimeout, psycopg.OperationalError) as down:
            raise DatabaseUnavailable(f"the database did not answer: {down}") from down
        except psycopg.DataError as bad:
            raise ValueNotStorable(f"a value cannot be stored: {bad}") from bad

    @asynccontextmanager
    async def installation(self) -> AsyncIterator[Session]:
        """Open one transaction outside any tenant: sign-in, start-up and reference data only."""
        async with self.tenant("") as session:
            yield session

    async def ping(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""
        async with self.installation() as session:
            await session.fetch_one("SELECT 1 AS one")
