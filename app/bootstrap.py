"""The composition root: the only place that builds concrete things."""

import asyncio
import contextlib
import csv
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.settings import PaperSettings
from adapters.errors import BrokerUnavailable
from adapters.market_data.bars import BarsInvalid, read_bars_csv
from adapters.market_data.composite import MarketRouter
from adapters.market_data.replay import ReplayMarket
from adapters.market_data.simulated import SimulatedMarket
from adapters.market_data.splits import mark_splits
from adapters.ports import BrokerAdapter, Brokers, Clock, IdFactory, MarketData
from agents.context import Defaults
from agents.graph import build_graph
from agents.intent.offline import OfflineParser
from app.api.rate_limit import RateLimiter
from app.api.services import Services
from app.calendars import table as calendar_table
from app.calendars.sessions import Calendars
from app.calendars.table import CalendarInvalid
from app.clock import RandomIds, SystemClock
from app.conversation.service import Conversation, Parts
from app.errors import FieldError, InvalidRequest, SettingsInvalid
from app.execution.engine import ExecutionEngine
from app.gate.policies import PolicyDesk
from app.gate.reducing import legs_that_reduce
from app.gate.service import Gate, replace_retired_defaults, store_default_policy
from app.identity.principal import OWNER_TENANT
from app.identity.service import OWNER_NAME, OWNER_ROLES, Identity
from app.instruments.directory import Directory
from app.instruments.master import load_master
from app.persistence import accounts, checkpoints, identities, migrate
from app.persistence.accounts import AccountRecord
from app.persistence.bars import PostgresBars
from app.persistence.database import Database
from app.persistence.location import DatabaseLocation, locate
from app.persistence.paper_states import PostgresPaperStates
from app.pipeline.decisions import CardDecisions
from app.pipeline.proposals import Lifetimes, Proposals
from app.pipeline.submission import Submission
from app.pipeline.views import AccountViews
from app.pipeline.world import Worlds
from app.reconciliation.service import Reconciler
from app.settings import BrokerName, Settings
from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.orders import OrderType, Product

SECRET_FILE = "seal.key"
SECRET_BYTES = 32


class AccountBrokers:
    """Implements adapters.ports.Brokers: one broker object a tenant."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        market: MarketData,
        directory: Directory,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._settings = settings
        self._database = database
        self._market = market
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._brokers: dict[str, BrokerAdapter] = {}

    def for_account(self, tenant_id: str, account_id: str) -> BrokerAdapter:  # noqa: ARG002
        if tenant_id not in self._brokers:
            self._brokers[tenant_id] = self._build(tenant_id)
        return self._brokers[tenant_id]

    def _build(self, tenant_id: str) -> BrokerAdapter:
        if self._settings.broker is BrokerName.MOCK:
            return MockBroker(
                market=self._market,
                clock=self._clock,
                ids=self._ids,
                instruments=self._directory,
            )

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
                }
            ),
            currency_of=currency_of,
        )


@dataclass(frozen=True, kw_only=True)
class Container:
    """The application, built once, and what starts and stops it."""

    settings: Settings
    services: Services
    brokers: Brokers
    bars: PostgresBars

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
        key = await self._ensure_owner()
        async with self.database.installation() as session:
            tenants = await identities.tenant_ids(session)
        for tenant_id in tenants:
            await self._pick_up(tenant_id)
        return key

    async def _pick_up(self, tenant_id: str) -> None:
        """Settle what a stopped process left, and show people at once what cannot be settled."""
        async with self.database.tenant(tenant_id) as session:
            await replace_retired_defaults(session, at=self.services.clock.now())
        for account_id in await self.engine.recover(tenant_id, alone=True):
            with contextlib.suppress(BrokerUnavailable):
                await self.reconciler.reconcile(tenant_id, account_id)
        await self.conversation.end_interrupted(tenant_id)

    async def stop(self) -> None:
        """Let running turns end, then let go of the store."""
        await self.conversation.close()
        await self.database.close()

    async def _ensure_owner(self) -> str | None:
        async with self.database.installation() as session:
            if await identities.tenant_ids(session):
                return None
        now = self.services.clock.now()
        async with self.database.tenant(OWNER_TENANT) as session:
            await identities.add_tenant(session, name="My desk", at=now)
            owner = await self.identity.add_user(session, OWNER_NAME, OWNER_ROLES)
            policy_hash = await store_default_policy(session, created_by=owner.user_id, at=now)
            broker = self.settings.broker.value
            for currency, default in ((Currency.INR, True), (Currency.USD, False)):
                account = AccountRecord(
                    account_id=f"{broker}-{currency.lower()}",
                    broker=broker,
                    mode="PROPOSE",
                    currency=currency,
                    policy_hash=policy_hash,
                    is_default=default,
                )
                await accounts.add_account(session, account, at=now)
            return await self.identity.add_key(session, owner.user_id)


def prepare_database(settings: Settings) -> DatabaseLocation:
    """Start or find the database and bring it to this release's schema. Blocks.

    Raises SettingsInvalid first, where the application could not be built on it.
    """
    _calendars(settings.calendars)
    location = locate(settings.home, settings.database_url)
    migrate.upgrade(location.owner_url)
    checkpoints.set_up(location.owner_conninfo)
    return location


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    ids: IdFactory
    database: Database
    directory: Directory
    bars: PostgresBars
    market: MarketData
    brokers: Brokers
    calendars: Calendars
    gate: Gate
    secret: bytes


def build(
    settings: Settings,
    location: DatabaseLocation,
    *,
    clock: Clock | None = None,
    ids: IdFactory | None = None,
    market: MarketData | None = None,
    brokers: Brokers | None = None,
) -> Container:
    """Build the application on a prepared database; nothing is started."""
    ground = _ground(
        settings, location, clock or SystemClock(), ids or RandomIds(), market, brokers
    )
    views = AccountViews(
        database=ground.database,
        brokers=ground.brokers,
        market=ground.market,
        clock=ground.clock,
        ids=ground.ids,
    )
    engine = ExecutionEngine(
        database=ground.database,
        brokers=ground.brokers,
        clock=ground.clock,
        monotonic=time.monotonic,
        ids=ground.ids,
        sleep=asyncio.sleep,
        fill_wait_s=settings.fill_wait_s,
        legs_that_reduce=legs_that_reduce,
    )
    reconciler = Reconciler(
        database=ground.database,
        brokers=ground.brokers,
        clock=ground.clock,
        ids=ground.ids,
        catch_up=engine.refresh,
        note_equity=ground.gate.note_equity,
    )
    decisions = CardDecisions(
        database=ground.database,
        worlds=Worlds(brokers=ground.brokers, market=ground.market, directory=ground.directory),
        views=views,
        gate=ground.gate,
        engine=engine,
        clock=ground.clock,
        secret=ground.secret,
    )
    services = Services(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        directory=ground.directory,
        calendars=ground.calendars,
        identity=Identity(database=ground.database, clock=ground.clock, ids=ground.ids),
        views=views,
        decisions=decisions,
        policies=PolicyDesk(
            database=ground.database, brokers=ground.brokers, clock=ground.clock, ids=ground.ids
        ),
        engine=engine,
        reconciler=reconciler,
        conversation=_conversation(ground, views, engine, reconciler, decisions),
        rate_limiter=RateLimiter(
            reads_per_min=settings.reads_per_min, writes_per_min=settings.writes_per_min
        ),
    )
    return Container(settings=settings, services=services, brokers=ground.brokers, bars=ground.bars)


def _ground(
    settings: Settings,
    location: DatabaseLocation,
    clock: Clock,
    ids: IdFactory,
    market: MarketData | None,
    brokers: Brokers | None,
) -> Ground:
    database = Database(location.app_conninfo)
    directory = Directory(load_master())
    bars = PostgresBars(database)
    calendars = _calendars(settings.calendars)
    market = market or _market(settings, clock, directory, bars)
    return Ground(
        settings=settings,
        clock=clock,
        ids=ids,
        database=database,
        directory=directory,
        bars=bars,
        market=market,
        brokers=brokers
        or AccountBrokers(
            settings=settings,
            database=database,
            market=market,
            directory=directory,
            clock=clock,
            ids=ids,
        ),
        calendars=calendars,
        gate=Gate(calendars),
        secret=seal_secret(settings.home),
    )


def _conversation(
    ground: Ground,
    views: AccountViews,
    engine: ExecutionEngine,
    reconciler: Reconciler,
    decisions: CardDecisions,
) -> Conversation:
    settings = ground.settings
    proposals = Proposals(
        database=ground.database,
        views=views,
        gate=ground.gate,
        directory=ground.directory,
        clock=ground.clock,
        ids=ground.ids,
        lifetimes=Lifetimes(plan_ttl_s=settings.plan_ttl_s, card_ttl_s=settings.card_ttl_s),
        secret=ground.secret,
    )
    parts = Parts(
        database=ground.database,
        graph=build_graph(checkpoints.saver(ground.database.pool)),
        parser=OfflineParser(ground.directory),
        directory=ground.directory,
        views=views,
        proposals=proposals,
        submission=Submission(database=ground.database, engine=engine, reconciler=reconciler),
        decisions=decisions,
        defaults=_defaults(),
        clock=ground.clock,
        ids=ground.ids,
        microseconds=lambda: time.monotonic_ns() // 1_000,
    )
    return Conversation(parts)


def seal_secret(home: Path) -> bytes:
    """Return the installation's secret, made at the first start and readable by its owner only.

    It is written whole under another name first, so that a crash leaves none rather than half.
    """
    path = home / SECRET_FILE
    if not path.exists():
        fresh = home / f".{SECRET_FILE}.{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()


def _calendars(circulars: Path | None) -> Calendars:
    """Read the exchanges' calendars. Raises SettingsInvalid for circulars that cannot be used."""
    try:
        return calendar_table.load(circulars)
    except (CalendarInvalid, OSError, UnicodeDecodeError, csv.Error) as wrong:
        error = FieldError("SIGMATRADER_CALENDARS", str(wrong))
        raise SettingsInvalid(f"{error.field}: {error.issue}", errors=(error,)) from wrong


def _market(
    settings: Settings, clock: Clock, directory: Directory, bars: PostgresBars
) -> MarketData:
    return MarketRouter(
        replay=ReplayMarket(
            history=bars,
            clock=clock,
            instruments=directory,
            started_at=clock.now(),
            seconds_per_bar=settings.replay_seconds_per_bar,
            start_on=settings.replay_start_on,
        ),
        simulated=SimulatedMarket(seed=settings.market_seed, clock=clock, instruments=directory),
    )


def _defaults() -> Defaults:
    return Defaults(
        order_type=OrderType.MARKET,
        equity_product=Product.CNC,
        derivative_product=Product.NRML,
    )


def read_bars(text: str, instrument: InstrumentRef) -> tuple[tuple[Bar, ...], tuple[str, ...]]:
    """Read daily bars and mark suspected splits; returns the bars and what was noticed.

    Raises InvalidRequest naming the line and column that cannot be read.
    """
    try:
        bars, notices = mark_splits(read_bars_csv(text, instrument))
    except BarsInvalid as bad:
        raise InvalidRequest(str(bad), code="BARS_INVALID") from bad
    if not bars:
        raise InvalidRequest(f"the file has no bars of {instrument}", code="BARS_INVALID")
    return bars, tuple(notice.message for notice in notices)
