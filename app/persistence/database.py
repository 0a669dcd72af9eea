"""The pool of connections and the one way to open a transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from app.errors import Unavailable

Row: TypeAlias = dict[str, Any]
Params: TypeAlias = Sequence[object] | Mapping[str, object]
Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Row]]

APP_ROLE = "sigmatrader_app"
CHECKPOINT_SCHEMA = "checkpoints"
STATEMENT_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_MS = 10_000
POOL_MAX = 16
POOL_WAIT_S = 5.0


class DatabaseUnavailable(Unavailable):
    """The database did not answer; nothing was stored."""

    code = "DATABASE_UNAVAILABLE"


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
            check=AsyncConnectionPool.check_connection,
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
        when no connection is to be had.
        """
        try:
            async with self.pool.connection() as connection, connection.transaction():
                await connection.execute(
                    "SELECT set_config('app.tenant_id', %s, true)", (tenant_id,)
                )
                yield Session(connection, tenant_id)
        except (PoolTimeout, psycopg.OperationalError) as down:
            raise DatabaseUnavailable(f"the database did not answer: {down}") from down

    @asynccontextmanager
    async def installation(self) -> AsyncIterator[Session]:
        """Open one transaction outside any tenant: sign-in, start-up and reference data only."""
        async with self.tenant("") as session:
            yield session

    async def ping(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""
        async with self.installation() as session:
            await session.fetch_one("SELECT 1 AS one")
