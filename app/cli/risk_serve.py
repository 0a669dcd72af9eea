"""`risk serve`: a desk behind uvicorn, on one port, until it is told to end."""

import socket
from dataclasses import dataclass
from pathlib import Path

import typer
import uvicorn

from app.clock import RandomIds, SystemClock
from app.riskdesk.broker import SimulatedBroker
from app.riskdesk.desk import Desk, DeskSetup, begin, resume
from app.riskdesk.heads import HeadInTime
from app.riskdesk.journal import Fsync, open_journal
from app.riskdesk.market_file import MarketFile
from app.riskdesk.running import RunFiles, RunOptions, read_start_files
from app.riskdesk.server import RiskServer
from riskgate.documents import Prices
from riskgate.policy import parse_policy
from riskgate.record_bodies import Start

BACKLOG = 128
KEEP_ALIVE_S = 30
MOST_CONNECTIONS = 100
GRACE_S = 5


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """What a server is started with."""

    policy: Path
    portfolio: Path
    market: Path
    execution: Path | None
    host: str
    port: int
    journal: Path | None
    fsync: Fsync
    apply_modify: bool
    token: str | None


def serve_desk(options: ServeOptions) -> None:
    """Serve until interrupted. Raises what keeps it from starting, before it listens."""
    clock = SystemClock()
    policy = parse_policy(options.policy.read_text(encoding="utf-8-sig"))
    source = MarketFile(options.market)
    market = source.read()
    journal, records = open_journal(options.journal, options.fsync, at=clock.now())
    try:
        setup = DeskSetup(
            policy=policy, journal=journal, broker=SimulatedBroker(), by="serve", suggesting=True
        )
        if records:
            desk = resume(setup, records, clock.now())
            desk.set_prices(market, clock.now())
        else:
            desk = begin(setup, _start(options, market), clock.now())
        with _listen(options.host, options.port) as listener:
            _announce(options, desk, listener.getsockname()[1], is_resumed=bool(records))
            application = RiskServer(desk, clock, prices=source.changed, token=options.token)
            _serve(application, listener)
    finally:
        journal.close()


def _serve(application: RiskServer, listener: socket.socket) -> None:
    uvicorn.Server(server_config(application)).run(sockets=[listener])


def server_config(application: RiskServer) -> uvicorn.Config:
    """Return how a desk is served: no more connections than it can bear, none that only waits."""
    return uvicorn.Config(
        application,
        http=HeadInTime,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def _start(options: ServeOptions, market: Prices) -> Start:
    files = RunFiles(
        policy=options.policy,
        intents=options.policy,
        portfolio=options.portfolio,
        market=options.market,
        execution=options.execution,
    )
    run_id = RandomIds().new("run")
    return read_start_files(
        files, market, RunOptions(run_id=run_id, apply_modify=options.apply_modify)
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listener.setblocking(False)
    return listener


def _announce(options: ServeOptions, desk: Desk, port: int, *, is_resumed: bool) -> None:
    state = desk.state
    if options.journal is None:
        typer.echo("No journal: state and kill switch are lost when this process ends.")
    elif is_resumed:
        typer.echo(f"Goes on from {options.journal} at {desk.journal.head}")
    if options.token is None:
        typer.echo("No token: whoever reaches the port may send orders.")
    if state.unknown:
        names = ", ".join(sorted(state.unknown))
        typer.echo(f"It is not known what became of {names}; they count as in flight.")
    typer.echo(f"Run {state.start.run_id}, kill switch {state.level.value}")
    host = f"[{options.host}]" if ":" in options.host else options.host
    typer.echo(f"The risk gate serves on http://{host}:{port}/")
