"""The logins at Kite, and what is built upon them; imported only where Kite is the broker."""

import asyncio
import time

from adapters.brokers.kite_mcp.client import KiteBroker, knows_already
from adapters.brokers.kite_mcp.history import KiteHistory
from adapters.brokers.kite_mcp.instruments import KiteInstruments
from adapters.brokers.kite_mcp.listing import EXCHANGES
from adapters.brokers.kite_mcp.market import KiteMarket
from adapters.brokers.kite_mcp.session import KiteSession
from adapters.ports import Clock, IdFactory, InstrumentLookup
from app.identity.principal import OWNER_TENANT
from app.instruments.directory import Directory
from app.persistence.database import Database
from app.persistence.logins import PostgresLoginVault
from app.telemetry import log


class KiteDesk:
    """One session an account, shared with other processes through the vault.

    Prices and instruments have no tenant: they come through the login of the installation's
    owner, `prices_account`, and without it there are none.
    """

    exchanges = EXCHANGES

    def __init__(
        self, *, url: str, prices_account: str, database: Database, clock: Clock, secret: bytes
    ) -> None:
        self._url = url
        self._prices_account = prices_account
        self._database = database
        self._clock = clock
        self._secret = secret
        self._sessions: dict[tuple[str, str], KiteSession] = {}
        self._listed: KiteInstruments | None = None

    def session_of(self, tenant_id: str, account_id: str) -> KiteSession:
        """Return the account's session, the same one each time."""
        key = (tenant_id, account_id)
        if key not in self._sessions:
            self._sessions[key] = self._build(tenant_id, account_id)
        return self._sessions[key]

    def broker_of(
        self, tenant_id: str, account_id: str, *, ids: IdFactory, instruments: InstrumentLookup
    ) -> KiteBroker:
        """Build the broker over the account's session."""
        return KiteBroker(
            account_id=account_id,
            tools=self.session_of(tenant_id, account_id),
            clock=self._clock,
            ids=ids,
            instruments=instruments,
            learn=knows_already if self._listed is None else self._listed.learn,
        )

    def instruments_over(self, bundled: Directory) -> KiteInstruments:
        """Build the master: Kite's rows over the bundled ones. Brokers built after ask it, too."""
        self._listed = KiteInstruments(
            bundled=bundled, tools=self._prices(), clock=self._clock, notice=_notice
        )
        return self._listed

    def market_of(self, instruments: KiteInstruments) -> KiteMarket:
        """Build the live market."""
        return KiteMarket(
            tools=self._prices(), clock=self._clock, instruments=instruments, notice=_notice
        )

    def history_of(self, instruments: KiteInstruments) -> KiteHistory:
        """Build the source of past bars."""
        return KiteHistory(tools=self._prices(), clock=self._clock, instruments=instruments)

    async def close(self) -> None:
        """Let go of the connections; no login ends."""
        for session in self._sessions.values():
            await session.aclose()

    def _prices(self) -> KiteSession:
        return self.session_of(OWNER_TENANT, self._prices_account)

    def _build(self, tenant_id: str, account_id: str) -> KiteSession:
        return KiteSession(
            account_id=account_id,
            url=self._url,
            vault=PostgresLoginVault(self._database, tenant_id, secret=self._secret),
            clock=self._clock,
            monotonic=time.monotonic,
            sleep=asyncio.sleep,
        )


def _notice(line: str) -> None:
    log.warning("kite_data_not_used", reason=line)
