"""Logins at brokers, sealed: the database never sees a session id."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.errors import LoginVaultUnavailable
from adapters.ports import KeptLogin, LoginState
from app.persistence.database import Database, DatabaseUnavailable, Session
from app.persistence.login_seal import LoginSeal, SealBroken


class PostgresLoginVault:
    """Implements adapters.ports.LoginVault for one tenant."""

    def __init__(self, database: Database, tenant_id: str, *, secret: bytes) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._seal = LoginSeal(secret, tenant_id)

    async def load(self, account_id: str) -> tuple[int, KeptLogin] | None:
        async with self._session() as session:
            row = await session.fetch_one(
                "SELECT version, sealed FROM broker_logins"
                " WHERE tenant_id = %s AND account_id = %s",
                (self._tenant_id, account_id),
            )
        if row is None:
            return None
        version = int(row["version"])
        return version, self._opened(bytes(row["sealed"]), account_id, version)

    async def save(self, account_id: str, *, expected_version: int, login: KeptLogin) -> bool:
        version = expected_version + 1
        sealed = self._seal.close(login, account_id=account_id, version=version)
        async with self._session() as session:
            if expected_version == 0:
                touched = await session.execute(
                    "INSERT INTO broker_logins (tenant_id, account_id, version, sealed)"
                    " VALUES (%s, %s, 1, %s) ON CONFLICT DO NOTHING",
                    (self._tenant_id, account_id, sealed),
                )
            else:
                touched = await session.execute(
                    "UPDATE broker_logins SET version = %s, sealed = %s"
                    " WHERE tenant_id = %s AND account_id = %s AND version = %s",
                    (version, sealed, self._tenant_id, account_id, expected_version),
                )
        return touched == 1

    async def forget(self, account_id: str) -> bool:
        """Replace a login, one that cannot be opened too, by none; False where nothing is kept.

        A session that is still good at the broker stays good there until its time is over.
        """
        async with self._session() as session:
            row = await session.fetch_one(
                "SELECT version FROM broker_logins WHERE tenant_id = %s AND account_id = %s",
                (self._tenant_id, account_id),
            )
        if row is None:
            return False
        nobody = KeptLogin(state=LoginState.NEW)
        return await self.save(account_id, expected_version=int(row["version"]), login=nobody)

    def _opened(self, sealed: bytes, account_id: str, version: int) -> KeptLogin:
        try:
            return self._seal.open(sealed, account_id=account_id, version=version)
        except SealBroken:
            raise LoginVaultUnavailable(
                f"the login kept for {account_id} does not open: it was sealed with another"
                " seal.key, or its row was changed; put this installation's seal.key back into"
                " SIGMATRADER_HOME, or run 'sigmatrader kite forget' and log in again"
            ) from None

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        try:
            async with self._database.tenant(self._tenant_id) as session:
                yield session
        except DatabaseUnavailable as down:
            raise LoginVaultUnavailable(down.message) from down
