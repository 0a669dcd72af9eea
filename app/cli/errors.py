"""Turn our own errors into one clear line and an exit code."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from app.errors import AppError, InvalidRequest, SettingsInvalid

P = ParamSpec("P")
R = TypeVar("R")
FAILED, USAGE = 1, 2
notes = Console(stderr=True)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Show an application error as `CODE: what; what to do`, without a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except AppError as error:
            notes.print(Text(f"{error.code}: {error.message}\n{error.remedy}"))
            usage = isinstance(error, (InvalidRequest, SettingsInvalid))
            raise typer.Exit(USAGE if usage else FAILED) from error

    return run
