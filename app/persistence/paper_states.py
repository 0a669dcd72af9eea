"""The paper broker's own book, kept apart from our ledger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.errors import PaperStoreUnavailable
from app.persistence.database import Database, DatabaseUnavailable, Session


class PostgresPaperStates:
    """Implements adapters.ports.PaperStateStore for one tenant."""

    def __init__(self, database: Database, tenant_id: str) -> None:
        self._database = database
        self._tenant_id = tenant_id

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        try:
            async with self._database.tenant(self._tenant_id) as session:
                yield session
        except DatabaseUnavailable as down:
            raise PaperStoreUnavailable(down.message) from down

    async def load(self, account_id: str) -> tuple[int, str] | None:
        async with self._session() as session:
            row = await session.fetch_one(
                "SELECT version, state FROM paper_states WHERE tenant_id = %s AND account_id = %s",
                (self._tenant_id, account_id),
            )
        return (int(row["version"]), str(row["state"])) if row else None

    async def save(self, account_id: str, *, expected_version: int, state: str) -> bool:
        async with self._session() as session:
            touched = await session.execute(
                "INSERT INTO paper_states (tenant_id, account_id, version, state)"
                " SELECT %s, %s, 1, %s WHERE %s = 0 ON CONFLICT DO NOTHING",
                (self._tenant_id, account_id, state, expected_version),
            )
            if touched == 0 and expected_version > 0:
                touched = await session.execute(
                    "UPDATE paper_states SET version = version + 1, state = %s"
                    " WHERE tenant_id = %s AND account_id = %s AND version = %s",
                    (state, self._tenant_id, account_id, expected_version),
                )
        return touched == 1
