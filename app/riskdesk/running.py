"""A run from its files: what `risk run` and the scenarios share."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.riskdesk.answers import Answer
from app.riskdesk.broker import SimulatedBroker
from app.riskdesk.desk import DeskSetup, begin, resume, tightest
from app.riskdesk.folding import Fold
from app.riskdesk.journal import Fsync, open_journal
from app.riskdesk.runner import (
    read_intents,
    read_markets,
    record_timing,
    run,
    summary,
)
from riskgate.documents import (
    EXECUTION,
    PORTFOLIO,
    Prices,
    read_execution,
    read_portfolio,
)
from riskgate.policy import parse_policy
from riskgate.reading import Faults, decode_json, refuse
from riskgate.record_bodies import Start
from riskgate.records import Record

_LINES: Final = ".jsonl"


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """The files of a run."""

    policy: Path
    intents: Path
    portfolio: Path
    market: Path
    execution: Path | None = None
    journal: Path | None = None


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a run goes. `keep_timing` records latencies, which differ from run to run."""

    run_id: str
    fsync: Fsync = Fsync.BATCH
    apply_modify: bool = False
    resume: bool = False
    keep_timing: bool = True
    by: str = "operator"


def run_files(
    files: RunFiles, options: RunOptions, *, on_line: Callable[[int, int], None] | None = None
) -> Answer:
    """Run the files and return the summary. Everything is read before anything is judged.

    Raises PolicyInvalid, DocumentInvalid, OSError, UnicodeDecodeError, and the journal's errors.
    """
    policy = parse_policy(_text(files.policy))
    intents = read_intents(
        _text(files.intents).split("\n"), window_s=policy.kill_switch.violation_window_seconds
    )
    if not intents:
        refuse("intent", f"{files.intents} holds no orders", "write one order a line")
    markets = read_markets(_snapshots(files.market))
    start = read_start_files(files, markets[0][1], options)
    latencies: list[int] = []

    def note(count: int) -> None:
        if on_line is not None:
            on_line(count, len(intents))

    at = intents[0].at
    journal, records = open_journal(files.journal, options.fsync, at=at)
    try:
        setup = DeskSetup(
            policy=policy,
            journal=journal,
            broker=SimulatedBroker(),
            by=options.by,
            clock_ns=time.perf_counter_ns,
            on_decision_ns=latencies.append,
        )
        if options.resume and records:
            desk = resume(setup, records, at)
            markets = [one for one in markets if one[0] is not None and one[0] > desk.state.at]
        else:
            desk = begin(setup, with_level_of(records, start), at)
            del markets[0]
        tally = run(desk, intents, markets, on_line=note)
        if options.keep_timing:
            record_timing(desk, latencies)
        return summary(desk, tally, latencies)
    finally:
        journal.close()


def read_start_files(files: RunFiles, market: Prices, options: RunOptions) -> Start:
    """Read what a run begins with. Raises DocumentInvalid with every fault, OSError."""
    faults = Faults()
    portfolio = read_portfolio(decode_json(_text(files.portfolio), PORTFOLIO), faults)
    execution: object = {}
    if files.execution is not None:
        execution = decode_json(_text(files.execution), EXECUTION)
    lately = read_execution(execution, faults)
    if portfolio.currency is None and any(one.currency for one in portfolio.instruments.values()):
        message = "is missing, and an instrument has a currency"
        faults.add(PORTFOLIO, "currency", message, "add the account's currency")
    faults.raise_any()
    return Start(options.run_id, portfolio, market, lately, options.apply_modify)


def with_level_of(records: Iterable[Record], start: Start) -> Start:
    """Return a start in which the kill switch is as tight as a journal left it."""
    fold = Fold()
    for record in records:
        fold.apply(record)
    if fold.state is None:
        return start
    level = tightest(start.execution.kill_switch, fold.state.level)
    return start._replace(execution=start.execution._replace(kill_switch=level))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def _snapshots(path: Path) -> list[str]:
    text = _text(path)
    if path.suffix != _LINES:
        return [text]
    return [line for line in text.split("\n") if line.strip()]
