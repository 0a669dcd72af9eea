"""The server: prepare the database, build everything, serve, and put it all down again."""

import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from adapters.ports import Clock
from app.api.application import create_application
from app.api.declared import refuse_undeclared
from app.bootstrap import Container, build, build_mcp, build_worker
from app.calendars.endings import ending_soon
from app.errors import Unavailable
from app.identity.principal import OWNER_TENANT
from app.mcp_server.routes import mcp_routes
from app.persistence.location import DatabaseLocation
from app.persistence.serving import serving_alone
from app.settings import Settings
from app.telemetry import log
from app.web.page import router as web_router

GRACE_S = 10
SIGNALLED = 128
BACKLOG = 2_048


class PortTaken(Unavailable):
    """Another program listens on the server's address."""

    code = "PORT_TAKEN"
    remedy = "Stop the other program, or set SIGMATRADER_PORT to a free port."


def create_app(
    settings: Settings,
    location: DatabaseLocation,
    *,
    on_ready: Callable[[str | None], None],
    on_warning: Callable[[str], None] = lambda _text: None,
    clock: Clock | None = None,
) -> FastAPI:
    """Return the application; `on_ready` is told the key of an owner made at this start.

    `on_warning` is told afterwards, in words for people, what will need somebody soon.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        container = build(settings, location, clock=clock)
        new_key = await container.start()
        app.state.services = container.services
        app.state.mcp = mcp = build_mcp(container)
        worker = build_worker(container, location, in_server=True)
        worker.start()
        on_ready(new_key)
        _warn_of_calendars(container, on_warning)
        for text in await container.services.connections.warnings(OWNER_TENANT):
            on_warning(text)
        try:
            async with mcp.running():
                yield
        finally:
            await worker.stop()
            await container.stop()

    app = create_application(lifespan=lifespan, max_body_bytes=settings.max_body_bytes)
    app.include_router(web_router)
    app.router.routes.extend(mcp_routes())
    refuse_undeclared(app)
    return app


def listen(settings: Settings) -> socket.socket:
    """Take the server's port before anything else is done. Raises PortTaken."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as taken:
        listener.close()
        raise PortTaken(f"cannot listen on {settings.host}:{settings.port}: {taken}") from taken
    return listener


def serve(
    settings: Settings,
    location: DatabaseLocation,
    listener: socket.socket,
    *,
    on_ready: Callable[[str | None], None],
    on_warning: Callable[[str], None],
) -> None:
    """Serve until stopped by SIGINT or SIGTERM, so that the caller can clean up. Blocks."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    config = uvicorn.Config(
        create_app(settings, location, on_ready=on_ready, on_warning=on_warning),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
    with serving_alone(location.app_conninfo):
        uvicorn.Server(config).run(sockets=[listener])


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    # uvicorn drains first and raises the signal again, which by default would end the process
    # before the embedded database is stopped.
    raise SystemExit(0 if number == signal.SIGINT else SIGNALLED + number)


def _warn_of_calendars(container: Container, on_warning: Callable[[str], None]) -> None:
    for ending in ending_soon(container.services.calendars, container.services.clock.now()):
        log.warning(
            "calendar_ends",
            calendar=ending.calendar,
            last_day=ending.last_day.isoformat(),
            days_left=ending.days_left,
        )
        on_warning(ending.text)
