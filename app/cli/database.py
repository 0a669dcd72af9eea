"""The database: migrate, back up, restore, look inside."""

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from app.cli.errors import guarded
from app.errors import Conflict, InvalidRequest, Unavailable
from app.persistence.embedded import bin_path
from app.persistence.location import DatabaseLocation, locate, other_sessions, release
from app.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="The database.")


@app.command()
@guarded
def upgrade() -> None:
    """Bring the database to this release's schema."""
    from app.persistence import checkpoints, job_schema, migrate

    location = _locate()
    try:
        before = migrate.current_revision(location.owner_url)
        migrate.upgrade(location.owner_url)
        checkpoints.set_up(location.owner_conninfo)
        job_schema.set_up(location.owner_conninfo)
        typer.echo(f"schema {before or 'empty'} -> {migrate.head_revision()}")
    finally:
        release(location)


@app.command()
@guarded
def backup(file: Annotated[Path, typer.Argument(help="Where to write the backup.")]) -> None:
    """Write a consistent copy of everything to a file; the server may keep running."""
    if file.exists():
        raise Conflict(f"{file} exists already", remedy="Choose another name or move the file.")
    location = _locate()
    partial = file.with_name(file.name + ".partial")
    try:
        descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            _run(["pg_dump", "--format=custom", location.owner_conninfo], stdout=out.fileno())
        partial.rename(file)
        typer.echo(f"wrote {file} ({file.stat().st_size} bytes)")
    finally:
        partial.unlink(missing_ok=True)
        release(location)


@app.command()
@guarded
def restore(
    file: Annotated[Path, typer.Argument(help="A file that 'db backup' wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Replace what is there now.")] = False,
) -> None:
    """Replace everything by a backup; the server must be stopped."""
    from app.persistence import checkpoints, job_schema, migrate

    if not file.is_file():
        raise InvalidRequest(f"{file} is not a file")
    if not yes:
        raise InvalidRequest(
            "restoring replaces everything in the database",
            remedy="Stop the server, then add --yes.",
        )
    location = _locate()
    try:
        if other_sessions(location):
            raise Conflict("the database is in use", remedy="Stop the server and try again.")
        command = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction"]
        _run([*command, f"--dbname={location.owner_conninfo}", str(file)])
        migrate.upgrade(location.owner_url)
        checkpoints.set_up(location.owner_conninfo)
        job_schema.set_up(location.owner_conninfo)
        typer.echo(f"restored {file}; schema {migrate.current_revision(location.owner_url)}")
    finally:
        release(location)


@app.command()
@guarded
def shell() -> None:
    """Open psql as the application's owner."""
    location = _locate()
    try:
        subprocess.run([str(bin_path("psql")), location.owner_conninfo], check=False)
    finally:
        release(location)


def _locate() -> DatabaseLocation:
    settings = load_settings()
    return locate(settings.home, settings.database_url)


def _run(command: list[str], *, stdout: int | None = None) -> None:
    done = subprocess.run(
        [str(bin_path(command[0])), *command[1:]],
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-1_000:]
        raise Unavailable(f"{command[0]} failed: {said}", code="DB_TOOL_FAILED")
