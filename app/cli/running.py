"""Run a piece of asynchronous work against the application, from a command."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from app.errors import AppError
from app.persistence.location import release
from app.settings import load_settings

if TYPE_CHECKING:
    from app.bootstrap import Container

R = TypeVar("R")


class NoHome(AppError):
    """A command was given where no server ever ran, so it would have looked at nothing."""

    code = "NO_HOME"
    status = 404
    remedy = (
        "Nothing was done. Run this in the folder where 'make run' runs, or set SIGMATRADER_HOME."
    )


def with_application(
    work: Callable[["Container"], Awaitable[R]], *, begins: bool = False, at_broker: bool = False
) -> R:
    """Open the store, do the work and close it; a running server is not disturbed.

    Work `at_broker` asks the broker itself, so this shell must name the one that the accounts are
    at, and one that another process can see: raises SettingsInvalid otherwise.

    Only a command that `begins` something may make a home where there is none; every other raises
    NoHome, so that stopping orders in the wrong folder never looks like stopping them.
    """
    # The application imports the graph library, which 'chat' and '--help' need not wait for.
    from app.bootstrap import build, prepare_database, require_shared_broker

    settings = load_settings()
    if not begins and settings.database_url is None and not settings.home.exists():
        raise NoHome(f"there is no SigmaTrader at {settings.home.resolve()}")
    location = prepare_database(settings)

    async def run() -> R:
        container = build(settings, location)
        await container.database.open()
        try:
            if at_broker:
                require_shared_broker(settings)
                await container.require_own_broker()
            return await work(container)
        finally:
            await container.let_go()

    try:
        return asyncio.run(run())
    finally:
        release(location)
