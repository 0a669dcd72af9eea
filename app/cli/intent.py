"""What the parser reads in words: for people, or one JSON line for each record of a corpus."""

import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.errors import guarded
from app.cli.text import json_text, safe
from app.clock import SystemClock
from app.errors import InvalidRequest
from app.settings import ParserName, load_settings, require_model

if TYPE_CHECKING:
    from agents.intent.model import IntentParser
    from agents.intent.offline import OfflineParser
    from app.instruments.directory import Directory

app = typer.Typer(no_args_is_help=True, help="Words and what is read in them; nothing is traded.")


def _offline(directory: "Directory") -> "OfflineParser":
    # The tables of words are read here, and not while another command starts.
    from agents.intent.offline import OfflineParser
    from app.calendars.expiry_days import trading_days
    from app.calendars.table import load

    return OfflineParser(directory, trading_days(load(load_settings().calendars)))


def _modelled(name: ParserName, directory: "Directory") -> "IntentParser":
    from app.bootstrap.reading import ModelledParser

    settings = load_settings().model_copy(update={"parser": name})
    require_model(settings)
    return ModelledParser(settings, _offline(directory), directory)


@app.command()
@guarded
def parse(
    words: Annotated[list[str] | None, typer.Argument(help="What to read.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read records on stdin, write one line for each.")
    ] = False,
    parser: Annotated[ParserName, typer.Option(help="Which parser reads.")] = ParserName.OFFLINE,
) -> None:
    """Read words as a request and show what they say; nothing is planned or sent."""
    from app.instruments.directory import Directory
    from app.instruments.master import load_master

    directory = Directory(load_master())
    offline = parser is ParserName.OFFLINE
    reader: IntentParser = _offline(directory) if offline else _modelled(parser, directory)
    if jsonl:
        _each_record(reader, directory)
    elif words:
        _show(" ".join(words), reader)
    else:
        raise InvalidRequest("there is nothing to read: give words, or --jsonl and records")


def _each_record(reader: "IntentParser", directory: "Directory") -> None:
    from agents.intent.record import parsed_record, prediction

    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_float=Decimal)
            said = prediction(record, parsed_record(record, reader, directory))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidRequest(f"a line is no record: {error!r}") from error
        typer.echo(json_text(said))


def _show(message: str, reader: "IntentParser") -> None:
    from agents.intent.model import ParseContext
    from agents.intent.record import described

    now = SystemClock().now()
    read = reader.parse(message, ParseContext(now=now))
    for line in json_text(described(read, now), indent=2).splitlines():
        typer.echo(safe(line))
    for trade in read.trades:
        for name, source in trade.provenance.items():
            typer.echo(f"{name.replace('_', ' ')}: from '{safe(source.text)}'")
    if read.missing:
        typer.echo(f"Not said: {', '.join(read.missing)}.")
    if read.ambiguous:
        typer.echo(f"May mean: {', '.join(map(str, read.ambiguous))}.")
    if read.cooling_off:
        typer.echo(f"Asked about once before a plan: '{safe(read.cooling_off)}'.")
    for each in read.problems:
        typer.echo(f"{each.code}: {safe(each.message)} {safe(each.remedy)}")
