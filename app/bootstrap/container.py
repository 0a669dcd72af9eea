"""The built application, and what starts and stops it."""

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.errors import BrokerUnavailable
from adapters.ports import Brokers, LanguageModel
from app.api.services import Services
from app.conversation.service import Conversation
from app.execution.engine import ExecutionEngine
from app.gate.service import replace_retired_defaults, store_default_policy
from app.identity.principal import OWNER_TENANT
from app.identity.service import OWNER_NAME, OWNER_ROLES, Identity
from app.persistence import accounts, identities, jobs
from app.persistence.accounts import OBSERVE, AccountRecord
from app.persistence.bars import PostgresBars
from app.persistence.database import Database
from app.reconciliation.service import Reconciler
from app.settings import BrokerName, Settings
from riskgate.contracts.instruments import Currency

if TYPE_CHECKING:
    pass
from app.bootstrap.brokers import AccountBrokers, first_account
from app.errors import FieldError, SettingsInvalid

# A broker without paper money: its account only observes until a person says otherwise.
ALWAYS_LIVE: Final = frozenset({BrokerName.KITE_MCP})


@dataclass(frozen=True, kw_only=True)
class Container:
    """The application, built once, and what starts and stops it."""

    settings: Settings
    services: Services
    brokers: Brokers
    own_brokers: AccountBrokers
    bars: PostgresBars
    model: LanguageModel | None = None

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def engine(self) -> ExecutionEngine:
        return self.services.engine

    @property
    def reconciler(self) -> Reconciler:
        return self.services.reconciler

    @property
    def conversation(self) -> Conversation:
        return self.services.conversation

    @property
    def identity(self) -> Identity:
        return self.services.identity

    async def account_ids(self, tenant_id: str) -> list[str]:
        """Return the ids of a tenant's accounts."""
        async with self.database.tenant(tenant_id) as session:
            return [account.account_id for account in await accounts.list_accounts(session)]

    async def start(self) -> str | None:
        """Bring the store up and pick up what a stopped process left; return a new owner's key."""
        await self.database.open()
        await self.require_own_broker()
        key = await self._ensure_owner()
        for tenant_id in await self._tenant_ids():
            await self._pick_up(tenant_id)
        return key

    async def require_own_broker(self) -> None:
        """Raise SettingsInvalid when an account is at another broker than the one chosen.

        Its orders would be looked for, cancelled and sent where they are not.
        """
        chosen = self.settings.broker.value
        for tenant_id in await self._tenant_ids():
            async with self.database.tenant(tenant_id) as session:
                found = await accounts.list_accounts(session)
            elsewhere = sorted({each.broker for each in found} - {chosen})
            if elsewhere:
                error = FieldError(
                    "SIGMATRADER_BROKER",
                    f"the accounts here are at {elsewhere[0]}, not at {chosen}; choose that"
                    " broker, or give this one a home of its own (SIGMATRADER_HOME)",
                )
                raise SettingsInvalid(f"{error.field}: {error.issue}", errors=(error,))

    async def _tenant_ids(self) -> list[str]:
        async with self.database.installation() as session:
            return await identities.tenant_ids(session)

    async def _pick_up(self, tenant_id: str) -> None:
        """Settle what a stopped process left, and show people at once what cannot be settled."""
        async with self.database.tenant(tenant_id) as session:
            await replace_retired_defaults(session, at=self.services.clock.now())
        for account_id in await self.engine.recover(tenant_id, alone=True):
            with contextlib.suppress(BrokerUnavailable):
                await self.reconciler.reconcile(tenant_id, account_id)
            async with self.database.tenant(tenant_id) as session:
                await jobs.defer(session, jobs.follow_account(tenant_id, account_id))
        await self.conversation.end_interrupted(tenant_id)

    async def stop(self) -> None:
        """Let running turns end, then let go of the brokers and the store."""
        await self.conversation.close()
        await self.let_go()

    async def let_go(self) -> None:
        """Close the connections to brokers and to the store."""
        await self.own_brokers.close()
        if self.model is not None:
            await self.model.close()
        await self.database.close()

    async def _ensure_owner(self) -> str | None:
        if await self._tenant_ids():
            return None
        now = self.services.clock.now()
        async with self.database.tenant(OWNER_TENANT) as session:
            await identities.add_tenant(session, name="My desk", at=now)
            owner = await self.identity.add_user(session, OWNER_NAME, OWNER_ROLES)
            policy_hash = await store_default_policy(session, created_by=owner.user_id, at=now)
            broker = self.settings.broker
            for currency, default in _first_accounts(broker):
                account = AccountRecord(
                    account_id=first_account(broker, currency),
                    broker=broker.value,
                    mode=OBSERVE if broker in ALWAYS_LIVE else "PROPOSE",
                    currency=currency,
                    policy_hash=policy_hash,
                    is_default=default,
                )
                await accounts.add_account(session, account, at=now)
            return await self.identity.add_key(session, owner.user_id)


def _first_accounts(broker: BrokerName) -> tuple[tuple[Currency, bool], ...]:
    """Return the currencies of the accounts a new installation gets, and which is the default."""
    if broker in {BrokerName.ALPACA, BrokerName.TRADIER}:
        return ((Currency.USD, True),)
    if broker is BrokerName.KITE_MCP:
        return ((Currency.INR, True),)
    return ((Currency.INR, True), (Currency.USD, False))
