"""A worker of its own: does the jobs that the server's worker does, in another process."""

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.errors import guarded
from app.cli.running import NoHome, with_application
from app.cli.text import json_text
from app.persistence.location import DatabaseLocation, release
from app.settings import Settings, load_settings
from app.settings_help import misspelt

if TYPE_CHECKING:
    from app.bootstrap import Container
    from app.persistence.job_care import TaskCount

STATES = ("waiting", "running", "failed", "stalled")


@guarded
def worker(
    status: Annotated[bool, typer.Option("--status", help="Show how jobs fare, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON.")] = False,
) -> None:
    """Do waiting jobs until stopped, beside the server's own worker."""
    if status:
        counted = with_application(_counts)
        typer.echo(_as_json(counted) if as_json else _as_text(counted))
        return
    settings = load_settings()
    for text in misspelt(os.environ, Settings.model_fields):
        typer.echo(f"Warning: {text}", err=True)
    if settings.database_url is None and not settings.home.exists():
        raise NoHome(f"there is no SigmaTrader at {settings.home.resolve()}")
    from app.bootstrap import prepare_database
    from app.telemetry import configure_logging

    configure_logging(settings.log_level)
    location = prepare_database(settings)
    try:
        asyncio.run(_work(settings, location))
    finally:
        release(location)


async def _work(settings: Settings, location: DatabaseLocation) -> None:
    from app.bootstrap import build, build_worker

    container = build(settings, location)
    worker = build_worker(container, location, in_server=False)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await container.database.open()
    worker.start()
    typer.echo("SigmaTrader works on jobs")
    try:
        await stopped.wait()
    finally:
        await worker.stop()
        await container.stop()


async def _counts(container: "Container") -> "list[TaskCount]":
    from app.jobs.reaper import counts

    return await counts(container.database)


def _as_text(counted: "list[TaskCount]") -> str:
    lines = [f"{'task':<20}" + "".join(f"{state:>9}" for state in STATES)]
    for task in counted:
        figures = "".join(f"{getattr(task, state):>9}" for state in STATES)
        lines.append(f"{task.task:<20}{figures}")
    return "\n".join(lines)


def _as_json(counted: "list[TaskCount]") -> str:
    return json_text([vars(task) for task in counted])
