"""The broker behind each account, as the settings choose it."""

import importlib.util
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import httpx

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.http_client import MockHttpBroker, mock_http_client
from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.settings import PaperSettings
from adapters.brokers.tradier.auth import TradierAccess
from adapters.brokers.tradier.client import TradierBroker
from adapters.ports import (
    BrokerAdapter,
    Clock,
    IdFactory,
    InstrumentLookup,
    LoginAtBroker,
    MarketData,
)
from app.errors import FieldError, SettingsInvalid
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts
from app.persistence.database import Database
from app.persistence.paper_states import PostgresPaperStates
from app.settings import BrokerName, Settings, require_broker
from riskgate.contracts.instruments import Currency

if TYPE_CHECKING:
    from app.bootstrap.kite import KiteDesk


class AccountBrokers:
    """Implements adapters.ports.Brokers and Logins.

    One broker object a tenant, at Kite one an account, for a login there is of one account.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        market: MarketData,
        directory: InstrumentLookup,
        clock: Clock,
        ids: IdFactory,
        kite: "KiteDesk | None" = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._market = market
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._kite = kite
        self._brokers: dict[tuple[str, str], BrokerAdapter] = {}
        self._mock_http: httpx.AsyncClient | None = None
        self._closers: list[Callable[[], Awaitable[None]]] = []

    def for_account(self, tenant_id: str, account_id: str) -> BrokerAdapter:
        key = (tenant_id, "" if self._kite is None else account_id)
        if key not in self._brokers:
            self._brokers[key] = self._build(tenant_id, account_id)
        return self._brokers[key]

    def login_of(self, tenant_id: str, account_id: str) -> LoginAtBroker | None:
        return None if self._kite is None else self._kite.session_of(tenant_id, account_id)

    async def close(self) -> None:
        """Let go of the connections to brokers."""
        if self._mock_http is not None:
            await self._mock_http.aclose()
        if self._kite is not None:
            await self._kite.close()
        for close in self._closers:
            await close()

    def _build(self, tenant_id: str, account_id: str) -> BrokerAdapter:
        if self._kite is not None:
            return self._kite.broker_of(
                tenant_id, account_id, ids=self._ids, instruments=self._directory
            )
        if self._settings.broker is BrokerName.MOCK:
            return self._build_mock(tenant_id)
        if self._settings.broker is BrokerName.ALPACA:
            return self._build_alpaca(tenant_id)
        if self._settings.broker is BrokerName.TRADIER:
            return self._build_tradier(tenant_id)

        async def currency_of(account_id: str) -> Currency:
            async with self._database.tenant(tenant_id) as session:
                account = await accounts.find_account(session, account_id)
            return Currency.INR if account is None else account.currency

        return PaperBroker(
            market=self._market,
            store=PostgresPaperStates(self._database, tenant_id),
            clock=self._clock,
            ids=self._ids,
            instruments=self._directory,
            settings=PaperSettings(
                opening_cash={
                    Currency.INR: self._settings.paper_cash_inr,
                    Currency.USD: self._settings.paper_cash_usd,
                },
                seed=self._settings.paper_seed,
                latency_ms=(0, self._settings.paper_latency_max_ms),
                participation=self._settings.paper_participation,
            ),
            currency_of=currency_of,
        )

    def _build_mock(self, tenant_id: str) -> BrokerAdapter:
        if self._settings.mock_url is None:
            return MockBroker(
                market=self._market,
                clock=self._clock,
                ids=self._ids,
                instruments=self._directory,
            )
        if self._mock_http is None:
            self._mock_http = mock_http_client(self._settings.mock_url)
        return MockHttpBroker(
            http=self._mock_http,
            clock=self._clock,
            desk=tenant_id,
            settle_s=self._settings.mock_settle_s,
        )

    # One brokerage account behind the installation is the owner's: other tenants reach none.

    def _build_alpaca(self, tenant_id: str) -> BrokerAdapter:
        # Here and not above, for alpaca-py is an extra, and slow to import.
        from adapters.brokers.alpaca.auth import AlpacaKeys
        from adapters.brokers.alpaca.client import AlpacaBroker

        settings = self._settings
        keys = AlpacaKeys.model_validate(
            {"key_id": settings.alpaca_key_id, "secret_key": settings.alpaca_secret_key}
        )
        broker = AlpacaBroker(
            accounts={first_account(settings.broker, Currency.USD): keys}
            if tenant_id == OWNER_TENANT
            else {},
            url=settings.alpaca_url,
            clock=self._clock,
            ids=self._ids,
            instruments=self._directory,
        )
        self._closers.append(broker.close)
        return broker

    def _build_tradier(self, tenant_id: str) -> BrokerAdapter:
        settings = self._settings
        own = {first_account(settings.broker, Currency.USD): settings.tradier_account}
        broker = TradierBroker(
            access=TradierAccess.model_validate(
                {
                    "url": settings.tradier_url,
                    "token": settings.tradier_token,
                    "accounts": own if tenant_id == OWNER_TENANT else {},
                }
            ),
            clock=self._clock,
            ids=self._ids,
            instruments=self._directory,
            store=PostgresPaperStates(self._database, tenant_id),
        )
        self._closers.append(broker.close)
        return broker


def first_account(broker: BrokerName, currency: Currency) -> str:
    """Return the id of the account that a new installation gets for a currency."""
    return f"{broker}-{currency.lower()}"


def check_broker(settings: Settings) -> None:
    """Raise SettingsInvalid when the chosen broker lacks a setting or its client."""
    require_broker(settings)
    if settings.broker is BrokerName.ALPACA and importlib.util.find_spec("alpaca") is None:
        error = FieldError(
            "SIGMATRADER_BROKER",
            "the broker alpaca needs the package alpaca-py: pip install 'sigmatrader[alpaca]'",
        )
        raise SettingsInvalid(f"{error.field}: {error.issue}", errors=(error,))
