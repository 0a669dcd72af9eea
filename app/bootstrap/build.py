"""Build the application on a prepared database."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.ports import Brokers, Clock, IdFactory, Logins, MarketData
from adapters.tariffs import indian_tariff
from agents.context import Defaults
from agents.graph import build_graph
from app.api.services import Services
from app.clock import RandomIds, SystemClock
from app.connections.service import Connections
from app.conversation.asking import ask_through
from app.conversation.service import Conversation, Parts
from app.execution.baskets import legs_hang_together
from app.execution.engine import ExecutionEngine
from app.files.limits import MIB
from app.files.service import FileDesk, FileQuota
from app.gate.policies import PolicyDesk
from app.gate.reducing import legs_that_reduce
from app.identity.rate_limit import RateLimiter
from app.identity.service import Identity
from app.persistence import checkpoints
from app.persistence.location import DatabaseLocation
from app.pipeline.arming import Guards
from app.pipeline.decisions import CardDecisions
from app.pipeline.executing import Executions
from app.pipeline.insights import Insights
from app.pipeline.proposals import Lifetimes, Proposals
from app.pipeline.records import Records
from app.pipeline.remedies import Remedies
from app.pipeline.submission import Submission
from app.pipeline.validating import Validations
from app.pipeline.views import AccountViews
from app.pipeline.world import Worlds
from app.postbacks.service import Postbacks
from app.protection.deciding import Decider
from app.protection.desk import ProtectionDesk
from app.protection.drain import Drain
from app.protection.panic import Panic
from app.protection.placing import Placer
from app.protection.service import Protector
from app.reconciliation.service import Reconciler
from app.settings import Settings
from app.understanding.granting import Grants
from riskgate.contracts.orders import OrderType, Product

if TYPE_CHECKING:
    pass
from app.bootstrap.container import Container
from app.bootstrap.ground import Ground, lay_ground
from app.bootstrap.reading import Reading, build_reading


def build(
    settings: Settings,
    location: DatabaseLocation,
    *,
    clock: Clock | None = None,
    ids: IdFactory | None = None,
    market: MarketData | None = None,
    brokers: Brokers | None = None,
    logins: Logins | None = None,
) -> Container:
    """Build the application on a prepared database; nothing is started."""
    ground = lay_ground(
        settings, location, clock or SystemClock(), ids or RandomIds(), market, brokers, logins
    )
    views = AccountViews(
        database=ground.database,
        brokers=ground.brokers,
        logins=ground.logins,
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
        live=settings.live,
    )
    reconciler = Reconciler(
        database=ground.database,
        brokers=ground.brokers,
        clock=ground.clock,
        ids=ground.ids,
        catch_up=engine.refresh,
        note_equity=ground.gate.note_equity,
        hang_together=legs_hang_together,
    )
    protection = _protection(ground, views, engine)
    desks = _desks(ground, views, engine, protection.protector)
    reading, files = build_reading(ground), _files(ground)
    conversation = _conversation(
        ground, views, engine, reconciler, desks.decisions, protection.protector, reading, files
    )
    services = _services(ground, views, engine, reconciler, protection, desks, conversation, files)
    return Container(
        settings=settings,
        services=services,
        brokers=ground.brokers,
        own_brokers=ground.own_brokers,
        bars=ground.bars,
        model=reading.model,
    )


@dataclass(frozen=True, kw_only=True)
class Desks:
    """Who decides on plans, checks them and carries them out."""

    decisions: CardDecisions
    validations: Validations
    executions: Executions


def _services(
    ground: Ground,
    views: AccountViews,
    engine: ExecutionEngine,
    reconciler: Reconciler,
    protection: ProtectionDesk,
    desks: Desks,
    conversation: Conversation,
    files: FileDesk,
) -> Services:
    settings = ground.settings
    return Services(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        directory=ground.directory,
        calendars=ground.calendars,
        identity=Identity(database=ground.database, clock=ground.clock, ids=ground.ids),
        views=views,
        insights=_insights(ground, views),
        decisions=desks.decisions,
        validations=desks.validations,
        executions=desks.executions,
        policies=PolicyDesk(
            database=ground.database, brokers=ground.brokers, clock=ground.clock, ids=ground.ids
        ),
        engine=engine,
        reconciler=reconciler,
        protection=protection,
        remedies=Remedies(
            database=ground.database,
            brokers=ground.brokers,
            clock=ground.clock,
            ids=ground.ids,
            reconciler=reconciler,
            propose=ask_through(conversation),
        ),
        postbacks=Postbacks(
            database=ground.database,
            clock=ground.clock,
            secret=settings.postback_secret.get_secret_value() if settings.postback_secret else "",
        ),
        connections=Connections(database=ground.database, logins=ground.logins, clock=ground.clock),
        files=files,
        grants=Grants(database=ground.database, clock=ground.clock, ids=ground.ids),
        conversation=conversation,
        rate_limiter=RateLimiter(
            reads_per_min=settings.reads_per_min, writes_per_min=settings.writes_per_min
        ),
    )


def _insights(ground: Ground, views: AccountViews) -> Insights:
    return Insights(
        database=ground.database,
        views=views,
        directory=ground.directory,
        calendars=ground.calendars,
        past=ground.past,
        clock=ground.clock,
    )


def _files(ground: Ground) -> FileDesk:
    settings = ground.settings
    return FileDesk(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        quota=FileQuota(
            files=settings.files_per_person,
            bytes=settings.files_mb_per_person * MIB,
            tenant_bytes=settings.files_mb_per_tenant * MIB,
        ),
    )


def _protection(ground: Ground, views: AccountViews, engine: ExecutionEngine) -> ProtectionDesk:
    placer = Placer(brokers=ground.brokers, views=views, gate=ground.gate, engine=engine)
    return ProtectionDesk(
        protector=Protector(
            database=ground.database,
            brokers=ground.brokers,
            market=ground.market,
            directory=ground.directory,
            calendars=ground.calendars,
            clock=ground.clock,
            engine=engine,
            decider=Decider(placer=placer, ids=ground.ids),
        ),
        panic=Panic(
            database=ground.database,
            brokers=ground.brokers,
            market=ground.market,
            directory=ground.directory,
            clock=ground.clock,
            ids=ground.ids,
            engine=engine,
            placer=placer,
        ),
        drain=Drain(database=ground.database, clock=ground.clock, engine=engine),
    )


def _desks(
    ground: Ground, views: AccountViews, engine: ExecutionEngine, protector: Protector
) -> Desks:
    worlds = Worlds(brokers=ground.brokers, market=ground.market, directory=ground.directory)
    guards = Guards(calendars=ground.calendars, live=ground.settings.live)
    return Desks(
        decisions=CardDecisions(
            database=ground.database,
            worlds=worlds,
            views=views,
            gate=ground.gate,
            engine=engine,
            guards=guards,
            make_way=protector.make_way,
            clock=ground.clock,
            secret=ground.secret,
        ),
        validations=Validations(
            database=ground.database,
            brokers=ground.brokers,
            worlds=worlds,
            views=views,
            gate=ground.gate,
            directory=ground.directory,
            clock=ground.clock,
            ids=ground.ids,
            ttl=timedelta(seconds=ground.settings.validation_ttl_s),
        ),
        executions=Executions(
            database=ground.database,
            worlds=worlds,
            views=views,
            gate=ground.gate,
            guards=guards,
            engine=engine,
            clock=ground.clock,
            ids=ground.ids,
        ),
    )


def _conversation(
    ground: Ground,
    views: AccountViews,
    engine: ExecutionEngine,
    reconciler: Reconciler,
    decisions: CardDecisions,
    protector: Protector,
    reading: Reading,
    files: FileDesk,
) -> Conversation:
    settings = ground.settings
    proposals = Proposals(
        database=ground.database,
        views=views,
        gate=ground.gate,
        directory=ground.directory,
        clock=ground.clock,
        ids=ground.ids,
        lifetimes=Lifetimes(
            plan_ttl_s=settings.plan_ttl_s,
            card_ttl_s=settings.card_ttl_s,
            resend_window_s=settings.resend_window_s,
        ),
        secret=ground.secret,
        live=settings.live,
        tariff=indian_tariff(),
    )
    parts = Parts(
        database=ground.database,
        graph=build_graph(checkpoints.saver(ground.database.pool)),
        reader=reading.reader,
        models=reading.models,
        directory=ground.directory,
        views=views,
        proposals=proposals,
        submission=Submission(
            database=ground.database, engine=engine, reconciler=reconciler, keep=protector.keep
        ),
        decisions=decisions,
        records=Records(
            database=ground.database,
            policies=PolicyDesk(
                database=ground.database,
                brokers=ground.brokers,
                clock=ground.clock,
                ids=ground.ids,
            ),
            clock=ground.clock,
        ),
        insights=_insights(ground, views),
        files=files,
        writer=reading.writer,
        defaults=_defaults(settings),
        clock=ground.clock,
        ids=ground.ids,
        microseconds=lambda: time.monotonic_ns() // 1_000,
    )
    return Conversation(parts)


def _defaults(settings: Settings) -> Defaults:
    return Defaults(
        order_type=OrderType.MARKET,
        equity_product=Product.CNC,
        derivative_product=Product.NRML,
        cooling_off=settings.cooling_off,
    )
