"""The pool of connections and the one way to open a transaction."""

import select
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from app.errors import AppError, InvalidRequest, Unavailable
from app.telemetry import log

Row: TypeAlias = dict[str, Any]
Params: TypeAlias = Sequence[object] | Mapping[str, object]
Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Row]]

APP_ROLE = "sigmatrader_app"
CHECKPOINT_SCHEMA = "checkpoints"
JOBS_SCHEMA = "jobs"
STATEMENT_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_MS = 10_000
POOL_MAX = 16
POOL_WAIT_S = 5.0
OPTIONS = " ".join(
    (
        f"-c role={APP_ROLE}",
        f"-c search_path=public,{CHECKPOINT_SCHEMA},{JOBS_SCHEMA}",
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}",
        "-c timezone=UTC",
    )
)
READ_FIRST_REMEDY = (
    "It may have been stored all the same: read what it was about before you send it again."
)

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
    """The database did not answer; what it said itself is in the log only.

    Nothing was stored where `retry_safe` is True; otherwise a commit may have gone out.
    """

    code = "DATABASE_UNAVAILABLE"

    def __init__(self, *, retry_safe: bool) -> None:
        super().__init__(
            "the database did not answer", remedy=None if retry_safe else READ_FIRST_REMEDY
        )
        self.retry_safe = retry_safe


class DatabaseRoleWrong(Unavailable):
    """The connections are of a role that row-level security does not bind."""

    code = "DATABASE_ROLE_WRONG"
    remedy = (
        f"Let the server's connections run as {APP_ROLE}, neither SUPERUSER nor BYPASSRLS; a"
        " connection pooler in between must pass the start-up option 'role' on."
    )


class ValueNotStorable(InvalidRequest):
    """A text has a NUL in it, or a number is beyond every column; nothing was stored."""

    remedy = "Take the control character out of the text, or send a smaller number."


class RowRefused(AppError):
    """A row would have broken a rule of the database; nothing was stored."""


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
                "options": OPTIONS,
            },
        )

    async def open(self) -> None:
        """Open the pool. Raises DatabaseRoleWrong, with the pool closed again."""
        await self.pool.open(wait=True, timeout=POOL_WAIT_S)
        try:
            await self.ping()
        except Unavailable:
            await self.pool.close()
            raise

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def tenant(self, tenant_id: str) -> AsyncIterator[Session]:
        """Open one transaction that sees and writes only this tenant's rows.

        Commits when the block ends and rolls back when it raises. Raises DatabaseUnavailable
        when no connection is to be had or it is lost, ValueNotStorable for a value that no
        column takes, and RowRefused for a row that breaks a constraint.
        """
        entered = False
        try:
            async with self.pool.connection() as connection:
                # Both in one message; leaving the connection's block commits or rolls back.
                await connection.execute(BEGIN_AS.format(tenant_id))
                entered = True
                yield Session(connection, tenant_id)
        except (PoolTimeout, psycopg.OperationalError) as down:
            log.error("database_unavailable", error=type(down).__name__, reason=str(down))
            raise DatabaseUnavailable(retry_safe=not entered) from down
        except psycopg.DataError as bad:
            log.warning("value_not_storable", error=type(bad).__name__, reason=str(bad))
            raise ValueNotStorable("a value cannot be stored") from bad
        except (psycopg.InternalError, psycopg.NotSupportedError) as odd:
            # Idle for too long in a transaction, read-only, or damaged: nothing was committed.
            log.error("database_unavailable", error=type(odd).__name__, reason=str(odd))
            raise DatabaseUnavailable(retry_safe=not entered) from odd
        except psycopg.IntegrityError as broken:
            log.error("row_refused", error=type(broken).__name__, reason=str(broken))
            raise RowRefused("a rule of the database refused a row") from broken

    @asynccontextmanager
    async def installation(self) -> AsyncIterator[Session]:
        """Open one transaction outside any tenant: sign-in, start-up and reference data only."""
        async with self.tenant("") as session:
            yield session

    async def ping(self) -> None:
        """Raise DatabaseUnavailable unless the database answers, DatabaseRoleWrong unless it
        keeps tenants apart on our connections."""
        async with self.installation() as session:
            row = await session.fetch_one(
                "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
        if row != {"rolname": APP_ROLE, "rolsuper": False, "rolbypassrls": False}:
            log.error("database_role_wrong", found=row)
            raise DatabaseRoleWrong("the database does not keep tenants apart for this server")
