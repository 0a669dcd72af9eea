"""The mock broker as a process of its own: `python -m adapters.brokers.mock --port P`."""

import argparse
import asyncio
import contextlib
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.journal import Journal
from adapters.brokers.mock.listening import listener, serving
from adapters.brokers.mock.market import AnyInstrument, FixedMarket
from adapters.brokers.mock.server import create_mock_app

JOURNAL_FILE = "journal.jsonl"
DEFAULT_SEED = 7


class _MachineClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # this process is its own composition root


class _StartIds:
    """Counts, under a word of this start, so that no restart gives an id again."""

    def __init__(self) -> None:
        self._start = secrets.token_hex(4)
        self._given = 0

    def new(self, prefix: str) -> str:
        self._given += 1
        return f"{prefix}_{self._start}_{self._given}"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m adapters.brokers.mock",
        description="A scriptable broker on loopback, for tests of failures. It moves no money.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of prices not bundled")
    parser.add_argument("--home", type=Path, help=f"folder for {JOURNAL_FILE}")
    parser.add_argument("--journal", type=Path, help="file for the journal, instead")
    return parser.parse_args(arguments)


def journal_path(options: argparse.Namespace) -> Path | None:
    """Return where the journal goes, or None to keep it in memory only."""
    if options.journal is not None:
        return Path(options.journal)
    return None if options.home is None else Path(options.home) / JOURNAL_FILE


async def run(port: int, seed: int, file: TextIO | None) -> None:
    """Serve until SIGTERM or SIGINT."""
    clock = _MachineClock()
    market = FixedMarket(clock=clock, seed=seed)
    broker = MockBroker(market=market, clock=clock, ids=_StartIds(), instruments=AnyInstrument())
    journal = Journal(monotonic_ns=time.monotonic_ns, file=file)
    app = create_mock_app(broker, journal, sleep=asyncio.sleep, market=market)
    stop = asyncio.Event()
    for signalled in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signalled, stop.set)
    async with serving(app, listener(port)) as url:
        sys.stdout.write(f"mock broker on {url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Open the journal, if any, and serve."""
    options = parse(sys.argv[1:])
    path = journal_path(options)
    with contextlib.ExitStack() as held:
        file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = held.enter_context(path.open("a", encoding="utf-8"))
        asyncio.run(run(options.port, options.seed, file))


if __name__ == "__main__":
    main()
