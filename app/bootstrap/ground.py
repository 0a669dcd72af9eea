"""What everything else stands on: the store, the clock, the market and the secret."""

import contextlib
import csv
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.market_data.composite import LiveRouter, MarketRouter
from adapters.market_data.replay import ReplayMarket
from adapters.market_data.simulated import SimulatedMarket
from adapters.ports import Brokers, Clock, IdFactory, Logins, MarketData
from app.calendars import table as calendar_table
from app.calendars.sessions import Calendars
from app.calendars.table import CalendarInvalid
from app.errors import FieldError, SettingsInvalid
from app.gate.service import Gate
from app.instruments.directory import Directory
from app.instruments.master import load_master
from app.persistence import checkpoints, job_schema, migrate
from app.persistence.bars import PostgresBars
from app.persistence.database import Database
from app.persistence.location import DatabaseLocation, locate
from app.pipeline.insights import Past
from app.settings import BrokerName, Settings, require_model
from riskgate.contracts.instruments import Currency
from tools.ports import InstrumentDirectory

if TYPE_CHECKING:
    from app.bootstrap.kite import KiteDesk
from app.bootstrap.brokers import AccountBrokers, check_broker, first_account
from app.bootstrap.mcp import check_mcp

SECRET_FILE = "seal.key"
SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    ids: IdFactory
    database: Database
    directory: InstrumentDirectory
    bars: PostgresBars
    market: MarketData
    past: Past
    brokers: Brokers
    own_brokers: AccountBrokers
    logins: Logins
    calendars: Calendars
    gate: Gate
    secret: bytes


def lay_ground(
    settings: Settings,
    location: DatabaseLocation,
    clock: Clock,
    ids: IdFactory,
    market: MarketData | None,
    brokers: Brokers | None,
    logins: Logins | None,
) -> Ground:
    database = Database(location.app_conninfo)
    bars = PostgresBars(database)
    calendars = _calendars(settings.calendars)
    secret = seal_secret(settings.home)
    kite = _kite_desk(settings, database, clock, secret)
    directory, found, past = _market(settings, clock, bars, kite)
    market = market or found
    own = AccountBrokers(
        settings=settings,
        database=database,
        market=market,
        directory=directory,
        clock=clock,
        ids=ids,
        kite=kite,
    )
    return Ground(
        settings=settings,
        clock=clock,
        ids=ids,
        database=database,
        directory=directory,
        bars=bars,
        market=market,
        past=past,
        brokers=brokers or own,
        own_brokers=own,
        logins=logins or own,
        calendars=calendars,
        gate=Gate(calendars),
        secret=secret,
    )


def prepare_database(settings: Settings) -> DatabaseLocation:
    """Start or find the database and bring it to this release's schema. Blocks.

    Raises SettingsInvalid first, where the application could not be built on it.
    """
    _calendars(settings.calendars)
    check_broker(settings)
    check_mcp(settings)
    require_model(settings)
    location = locate(settings.home, settings.database_url)
    migrate.upgrade(location.owner_url)
    checkpoints.set_up(location.owner_conninfo)
    job_schema.set_up(location.owner_conninfo)
    return location


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


def _kite_desk(
    settings: Settings, database: Database, clock: Clock, secret: bytes
) -> "KiteDesk | None":
    if settings.broker is not BrokerName.KITE_MCP or settings.kite_mcp_url is None:
        return None
    # Here and not above, for the MCP library is slow to import.
    from app.bootstrap.kite import KiteDesk

    return KiteDesk(
        url=settings.kite_mcp_url,
        prices_account=first_account(settings.broker, Currency.INR),
        database=database,
        clock=clock,
        secret=secret,
    )


def _market(
    settings: Settings, clock: Clock, bars: PostgresBars, kite: "KiteDesk | None"
) -> tuple[InstrumentDirectory, MarketData, Past]:
    """Return the instrument master, the prices that go with it, and where their past is."""
    bundled = Directory(load_master())
    replay = ReplayMarket(
        history=bars,
        clock=clock,
        instruments=bundled,
        started_at=clock.now(),
        seconds_per_bar=settings.replay_seconds_per_bar,
        start_on=settings.replay_start_on,
    )
    if kite is not None:
        listed = kite.instruments_over(bundled)
        live = kite.market_of(listed)
        past = Past(imported=bars, source=kite.history_of(listed), exchanges=kite.exchanges)
        return listed, LiveRouter(live=live, exchanges=kite.exchanges, replay=replay), past
    simulated = SimulatedMarket(seed=settings.market_seed, clock=clock, instruments=bundled)
    return bundled, MarketRouter(replay=replay, simulated=simulated), Past(imported=bars)
