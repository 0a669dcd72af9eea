"""Files of one's own on a running server: add, list, show, remove."""

import os
import sys
from collections.abc import Callable, Mapping
from shlex import quote as quoted
from typing import Annotated, Any, Final
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.text import Text

from app.cli.errors import FAILED, USAGE, guarded
from app.cli.file_upload import ANSWER_S, send_file
from app.cli.files_view import file_line, file_tables
from app.cli.sse_client import ChatError, ServerRefused, refusal, unreachable
from app.cli.text import json_text, safe
from app.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Files that you attached: .csv and .xlsx, as data.")

Url = Annotated[str | None, typer.Option(help="Server; the local one by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
KEY_VARIABLE: Final = "SIGMATRADER_API_KEY"
SHOWN: Final = 200
out = Console()
notes = Console(stderr=True)


@app.command("add")
@guarded
def add_file(
    path: Annotated[str, typer.Argument(help="A .csv or .xlsx file of at most 15 MB.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Have a file read and kept; the same content again is the same file."""
    with notes.status("Reading the file"):
        file = _with(url, lambda client: send_file(client, path), as_json=as_json)
    if as_json:
        _print_json(file)
        return
    out.print(file_line(file))
    typer.echo(f"Ask about it: sigmatrader chat --file {safe(quoted(path))} 'show the file'")


@app.command("list")
@guarded
def list_files(url: Url = None, as_json: AsJson = False) -> None:
    """List your files, newest first."""
    found = _with(url, lambda client: _call(client, "GET", f"?limit={SHOWN}"), as_json=as_json)
    if as_json:
        _print_json(found["rows"])
        return
    for file in found["rows"]:
        out.print(file_line(file))
    if not found["rows"]:
        typer.echo("You keep no files.")


@app.command("show")
@guarded
def show_file(file_id: str, url: Url = None, as_json: AsJson = False) -> None:
    """Show a file's sheets, columns and first rows."""
    found = _with(url, lambda client: _call(client, "GET", _path(file_id)), as_json=as_json)
    file = found["file"]
    if as_json:
        _print_json(file)
        return
    for part in file_tables([_table(file, sheet) for sheet in file["sheets"]], ""):
        out.print(part)


@app.command("remove")
@guarded
def remove_file(file_id: str, url: Url = None, as_json: AsJson = False) -> None:
    """Remove a file and all its rows."""
    done = _with(url, lambda client: _call(client, "DELETE", _path(file_id)), as_json=as_json)
    _print_json(done) if as_json else typer.echo(f"{file_id}  removed")


def _table(file: Mapping[str, Any], sheet: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sheet as cards carry it."""
    return {
        **file,
        "sheets": [{"name": one["name"], "rows": one["rows"]} for one in file["sheets"]],
        "sheet": sheet["name"],
        "row_count": sheet["rows"],
        "columns": sheet["columns"],
        "rows": sheet["head"],
        "notes": [],
    }


def _with(
    url: str | None, work: Callable[[httpx.Client], dict[str, Any]], *, as_json: bool
) -> dict[str, Any]:
    """Do work with a client that signs in; a refusal ends the command."""
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        notes.print(f"Set {KEY_VARIABLE} to the key that the first 'serve' printed.")
        raise typer.Exit(USAGE)
    settings = load_settings()
    with httpx.Client(
        base_url=url or f"http://{settings.host}:{settings.port}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(ANSWER_S, connect=5.0),
        # A proxy of the machine must not see the key.
        trust_env=False,
    ) as client:
        try:
            return work(client)
        except ChatError as error:
            _tell(error, as_json=as_json)
            raise typer.Exit(FAILED) from error


def _call(client: httpx.Client, method: str, path: str) -> dict[str, Any]:
    try:
        response = client.request(method, f"/api/v1/files{path}")
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise unreachable(client, httpx.ConnectError(str(error))) from error
    if not response.is_success:
        raise refusal(response)
    answer: dict[str, Any] = response.json()
    return answer


def _path(file_id: str) -> str:
    return f"/{quote(file_id, safe='')}"


def _tell(error: ChatError, *, as_json: bool) -> None:
    if as_json:
        body = error.body if isinstance(error, ServerRefused) else {}
        _print_json(body or {"ok": False, "code": error.code, "detail": error.message})
        return
    notes.print(Text(safe(f"{error.code}: {error.message} {error.remedy}")))


def _print_json(value: object) -> None:
    sys.stdout.write(json_text(value) + "\n")
