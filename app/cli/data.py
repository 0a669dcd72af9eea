"""Price history: import bars from files."""

import asyncio
import gzip
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.errors import guarded
from app.cli.running import with_application
from app.cli.text import json_text
from app.errors import InvalidRequest

if TYPE_CHECKING:
    from app.bootstrap import Container

app = typer.Typer(no_args_is_help=True, help="Price history.")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import stored."""

    instrument: str
    bars: int
    first: str
    last: str
    splits_suspected: list[str]


@app.command("import")
@guarded
def import_bars(
    file: Annotated[Path, typer.Argument(help="CSV with Date,Open,High,Low,Close,Volume.")],
    symbol: Annotated[
        str | None, typer.Option(help="Instrument, e.g. NASDAQ:GOOG; else the file's name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Import daily bars; they are replayed as quotes. Suspected splits are kept, never traded."""
    if not file.is_file():
        raise InvalidRequest(f"{file} is not a file")
    name = symbol or file.name.split(".")[0]

    async def work(container: "Container") -> Imported:
        from app.bootstrap import read_bars

        resolution = container.services.directory.resolve(name.upper())
        if resolution.instrument is None:
            found = ", ".join(str(row.ref) for row in resolution.candidates) or "nothing"
            raise InvalidRequest(
                f"{name} means {found}", remedy="Name one instrument with --symbol NASDAQ:GOOG."
            )
        ref = resolution.instrument.ref
        bars, notices = read_bars(await asyncio.to_thread(_text, file), ref)
        await container.bars.store_bars(bars)
        return Imported(
            instrument=str(ref),
            bars=len(bars),
            first=bars[0].opened_at.date().isoformat(),
            last=bars[-1].opened_at.date().isoformat(),
            splits_suspected=list(notices),
        )

    result = with_application(work, begins=True)
    if as_json:
        typer.echo(json_text(asdict(result)))
        return
    typer.echo(f"{result.instrument}: {result.bars} bars, {result.first} to {result.last}")
    for notice in result.splits_suspected:
        typer.echo(f"  not traded: {notice}")


def _text(file: Path) -> str:
    raw = file.read_bytes()
    try:
        plain = gzip.decompress(raw) if file.suffix == ".gz" else raw
        return plain.decode("utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        raise InvalidRequest(f"{file} cannot be read as text: {bad}") from bad
