"""Run a piece of asynchronous work against the application, from a command."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from app.persistence.location import release
from app.settings import load_settings

if TYPE_CHECKING:
    from app.bootstrap import Container

R = TypeVar("R")


def with_application(work: Callable[["Container"], Awaitable[R]]) -> R:
    """Open the store, do the work and close it; a running server is not disturbed."""
    # The application imports the graph library, which 'chat' and '--help' need not wait for.
    from app.bootstrap import build, prepare_database

    settings = load_settings()
    location = prepare_database(settings)

    async def run() -> R:
        container = build(settings, location)
        await container.database.open()
        try:
            return await work(container)
        finally:
            await container.database.close()

    try:
        return asyncio.run(run())
    finally:
        release(location)
