"""The server: prepare the database, build everything, serve, and put it all down again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from adapters.errors import BrokerUnavailable
from app.api.application import create_application
from app.bootstrap import Container, build
from app.persistence import identities
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from app.telemetry import log
from app.web.page import router as web_router

GRACE_S = 10


def create_app(
    settings: Settings,
    location: DatabaseLocation,
    *,
    on_ready: Callable[[str | None], None],
) -> FastAPI:
    """Return the application; `on_ready` is told the key of an owner made at this start."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        container = build(settings, location)
        new_key = await container.start()
        app.state.services = container.services
        rounds = asyncio.create_task(_reconcile_for_ever(container))
        on_ready(new_key)
        try:
            yield
        finally:
            rounds.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await rounds
            await container.stop()

    app = create_application(lifespan=lifespan, max_body_bytes=settings.max_body_bytes)
    app.include_router(web_router)
    return app


def serve(
    settings: Settings, location: DatabaseLocation, *, on_ready: Callable[[str | None], None]
) -> None:
    """Serve until stopped. Blocks."""
    uvicorn.run(
        create_app(settings, location, on_ready=on_ready),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )


async def _reconcile_for_ever(container: Container) -> None:
    """Follow open orders and compare every account with its broker, a round at a time."""
    while True:
        await asyncio.sleep(container.settings.reconcile_every_s)
        try:
            await _reconcile_round(container)
        except Exception as error:  # noqa: BLE001 # edge: a failed round must not end the rounds
            log.error("reconcile_round_failed", error=type(error).__name__, exc_info=error)


async def _reconcile_round(container: Container) -> None:
    async with container.database.installation() as session:
        tenants = await identities.tenant_ids(session)
    for tenant_id in tenants:
        for account_id in await container.account_ids(tenant_id):
            try:
                await container.engine.refresh(tenant_id, account_id)
                await container.reconciler.reconcile(tenant_id, account_id)
            except BrokerUnavailable as down:
                log.warning("broker_down", account_id=account_id, reason=down.message)
