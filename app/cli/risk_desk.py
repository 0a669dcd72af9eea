"""The gate as a desk: runs, the server, replay and the time machine, and what a journal tells."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from app.cli.errors import FAILED
from app.cli.risk import ExecutionFile, MarketFile, PolicyFile, PortfolioFile, read_text, stop
from app.cli.risk import app as app
from app.cli.text import safe
from app.errors import AppError
from riskgate.errors import RiskGateError
from riskgate.records import JournalBroken

if TYPE_CHECKING:
    from app.riskdesk.answers import Answer
    from app.riskdesk.journal import Fsync
    from app.riskdesk.replaying import Day
    from riskgate.records import Head

TOKEN_VARIABLE = "SIGMATRADER_RISK_TOKEN"
MOST_CHANGES = 20
P = ParamSpec("P")
R = TypeVar("R")

JournalFile = Annotated[
    Path | None,
    typer.Option("--audit-log", help="Journal; it is only ever added to. None keeps nothing."),
]
ReadJournal = Annotated[Path, typer.Option("--audit-log", help="Journal to read.")]
FirstDay = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day of the server's record."),
]
LastDay = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day of the server's record."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Sync = Annotated[
    str, typer.Option("--fsync", help="always: before each send; batch: now and then; never.")
]
ApplyModify = Annotated[
    bool,
    typer.Option("--apply-modify", help="Send the smaller order of a MODIFY; else nothing is."),
]
scenario = typer.Typer(no_args_is_help=True, help="Days made up to show the gate at work.")
kill = typer.Typer(no_args_is_help=True, help="The kill switch of a journal.")
app.add_typer(scenario, name="scenario")
app.add_typer(kill, name="kill")


def stopping(command: Callable[P, R]) -> Callable[P, R]:
    """Say what stopped a command in one line or a few, and exit 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except AppError as fault:
            stop(f"{fault.code}: {fault.message}\n{fault.remedy}")
        except (RiskGateError, JournalBroken, UnicodeDecodeError) as fault:
            stop(str(fault))
        except OSError as fault:
            stop(f"{fault.filename or 'a file'}: {fault.strerror or fault}")

    return run


@app.command("run")
@stopping
def run_intents(  # noqa: PLR0913  # each is an option
    policy: PolicyFile,
    intents: Annotated[Path, typer.Option("--intents", help="Orders, one JSON object a line.")],
    portfolio: PortfolioFile,
    market: MarketFile,
    execution: ExecutionFile = None,
    audit_log: JournalFile = None,
    out_summary: Annotated[Path | None, typer.Option(help="Write the summary there too.")] = None,
    fsync: Sync = "batch",
    apply_modify: ApplyModify = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the journal; what was answered stays so.")
    ] = False,
    run_id: Annotated[str | None, typer.Option(help="Name of the run; a new one if left out.")] = (
        None
    ),
    as_json: AsJson = False,
) -> None:
    """Put a file of orders through the gate and a simulated broker; exit 0 whatever the verdicts.

    The clock is the orders' own times. A market of .jsonl has one snapshot a line, each from its
    timestamp on.
    """
    from app.clock import RandomIds
    from app.riskdesk.answers import json_text
    from app.riskdesk.running import RunFiles, RunOptions, run_files

    found = run_files(
        RunFiles(
            policy=policy,
            intents=intents,
            portfolio=portfolio,
            market=market,
            execution=execution,
            journal=audit_log,
        ),
        RunOptions(
            run_id=run_id or RandomIds().new("run"),
            fsync=_fsync(fsync),
            apply_modify=apply_modify,
            resume=resume,
        ),
        on_line=_progress(),
    )
    if out_summary is not None:
        out_summary.write_text(json_text(found, indent=2) + "\n", encoding="utf-8")
    typer.echo(json_text(found)) if as_json else _print_summary(found)


@app.command()
@stopping
def serve(  # noqa: PLR0913  # each is an option
    policy: PolicyFile,
    portfolio: PortfolioFile,
    market: MarketFile,
    execution: ExecutionFile = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 lets the system choose.")] = 8100,
    audit_log: JournalFile = None,
    fsync: Sync = "always",
    apply_modify: ApplyModify = False,
    token: Annotated[
        str | None, typer.Option(help=f"Token that callers must send; or {TOKEN_VARIABLE}.")
    ] = None,
) -> None:
    """Answer POST /intent and GET /health; exit 2 where it cannot start.

    Prices come from the market file alone, which is read again when it changes. With a journal the
    state goes on from it, and the portfolio file counts only for a new one.
    """
    from app.cli.risk_serve import ServeOptions, serve_desk

    serve_desk(
        ServeOptions(
            policy=policy,
            portfolio=portfolio,
            market=market,
            execution=execution,
            host=host,
            port=port,
            journal=audit_log,
            fsync=_fsync(fsync),
            apply_modify=apply_modify,
            token=token or os.environ.get(TOKEN_VARIABLE) or None,
        )
    )


@app.command()
@stopping
def replay(
    audit_log: Annotated[
        Path | None,
        typer.Option("--audit-log", help="Journal to read; the server's own record without one."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Another policy: what would it have done?")
    ] = None,
    from_day: FirstDay = None,
    to_day: LastDay = None,
    account: Annotated[
        str | None, typer.Option(help="Account of the server's record, where there are several.")
    ] = None,
    anchor: Annotated[
        str | None, typer.Option(help="A head that was kept, 12:ab...; the journal must hold it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge a journal again. Exit 1 and name the first difference where it is not as recorded.

    With a policy: what that would have allowed, refused and changed, day by day; without a journal,
    of what the server recorded.
    """
    from app.riskdesk.answers import json_text
    from app.riskdesk.journal import read_journal
    from app.riskdesk.replaying import TimeMachine, report, verify_decisions
    from riskgate.policy import parse_policy

    if audit_log is None:
        _replay_the_record(policy, from_day, to_day, account, as_json=as_json)
        return
    kept = _anchor(anchor)
    if policy is None:
        found = verify_decisions(read_journal(audit_log), kept)
        if as_json:
            answer: Answer = {**found._asdict(), "head": str(found.head)}
            typer.echo(json_text(answer))
        else:
            torn = "; its last line was cut off" if found.torn else ""
            typer.echo(f"{found.decisions} decisions, head {found.head}{torn}")
            typer.echo(f"DIFFERS: {found.difference}" if found.difference else "all as recorded")
        if found.difference is not None:
            raise typer.Exit(FAILED)
        return
    new = parse_policy(read_text(policy))
    machine = TimeMachine(new)
    days = machine.run(read_journal(audit_log).records())
    answer = report(days, new, machine.policy_before)
    typer.echo(json_text(answer)) if as_json else _print_days(answer, days)


def _replay_the_record(
    policy: Path | None,
    from_day: datetime | None,
    to_day: datetime | None,
    account: str | None,
    *,
    as_json: bool,
) -> None:
    from app.cli.policy import print_replay

    if policy is None:
        stop("name a journal with --audit-log, or another policy with --policy")
    first, last = (None if day is None else day.date() for day in (from_day, to_day))
    print_replay(policy, first, last, account=account, as_json=as_json)


@app.command()
@stopping
def correlate(
    audit_log: ReadJournal,
    intent: Annotated[str | None, typer.Option(help="Only this intent_id.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write there, not to the screen.")] = None,
) -> None:
    """Tell each order's timeline, one JSON object a line: decision, order, fills."""
    from app.riskdesk.journal import read_journal
    from app.riskdesk.telling import timeline_text, timelines

    found = timelines(read_journal(audit_log).records(), intent_id=intent)
    text = "".join(timeline_text(one) + "\n" for one in found)
    if intent is not None and not text:
        stop(f"the journal has no order {intent}")
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@app.command()
@stopping
def stats(audit_log: ReadJournal, as_json: AsJson = False) -> None:
    """Count a journal: records and bytes, verdicts, rules, and how long decisions took."""
    from app.riskdesk.answers import json_text
    from app.riskdesk.journal import read_journal
    from app.riskdesk.telling import statistics

    found = statistics(read_journal(audit_log).records())
    if as_json:
        typer.echo(json_text(found))
        return
    table = Table("record", "count", "bytes", "mean", "largest")
    for kind, row in _mapping(found["records"]).items():
        table.add_row(kind, *(str(value) for value in _mapping(row).values()))
    Console().print(table)
    typer.echo(f"decisions  {_pairs(found['decisions'])}")
    typer.echo(f"rules      {_pairs(found['rule_histogram']) or 'none broken'}")
    for timing in _list(found["latency"]):
        typer.echo(f"latency    {_pairs(timing)}")


@app.command()
@stopping
def lint(policy: PolicyFile, as_json: AsJson = False) -> None:
    """Find what a policy says and hardly means; exit 1 where there is something to look at."""
    from app.riskdesk.answers import json_text
    from riskgate.policy import lint_text

    findings = lint_text(read_text(policy))
    if as_json:
        typer.echo(json_text([one._asdict() for one in findings]))
    else:
        for one in findings:
            typer.echo(safe(f"{one.code}  {one.path}: {one.message}; {one.remedy}"))
        typer.echo("nothing found" if not findings else f"{len(findings)} findings")
    if findings:
        raise typer.Exit(FAILED)


@kill.command("off")
@stopping
def kill_off(
    audit_log: ReadJournal,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    by: Annotated[str, typer.Option(help="Who turns it off.")] = "operator",
) -> None:
    """Let orders run again, from the next start of the desk; stop the desk first."""
    from app.clock import SystemClock
    from app.riskdesk.journal import Fsync, open_journal
    from app.riskdesk.switching import turn_off

    journal, records = open_journal(audit_log, Fsync.ALWAYS, at=SystemClock().now())
    try:
        before = turn_off(journal, records, by=by, reason=reason, at=SystemClock().now())
    finally:
        journal.close()
    typer.echo(f"RUNNING, was {before.value}; head {journal.head}")


@scenario.command("list")
@stopping
def list_scenarios() -> None:
    """List the scenarios."""
    from app.riskdesk.scenarios import scenarios

    table = Table("scenario", "what happens")
    for one in scenarios():
        table.add_row(one.name, one.about)
    Console().print(table)


@scenario.command("run")
@stopping
def run_scenario(
    name: str,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the journal and the summary; made if missing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a scenario and show what the gate did."""
    from app.clock import RandomIds
    from app.riskdesk.answers import json_text
    from app.riskdesk.running import RunOptions, run_files
    from app.riskdesk.scenarios import find_scenario

    one = find_scenario(name)
    files, options = one.files, RunOptions(run_id=RandomIds().new("run"))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        files = replace(files, journal=out / "journal.jsonl")
    found = run_files(files, options, on_line=_progress())
    if out is not None:
        (out / "summary.json").write_text(json_text(found, indent=2) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json_text(found))
        return
    typer.echo(one.about)
    _print_summary(found)


def _fsync(text: str) -> "Fsync":
    from app.riskdesk.journal import Fsync

    if text not in set(Fsync):
        stop(f"--fsync is always, batch or never, was {text}")
    return Fsync(text)


def _anchor(text: str | None) -> "Head | None":
    from riskgate.records import parse_head

    found = None if text is None else parse_head(text)
    if text is not None and found is None:
        stop("--anchor is a head as it was shown: a number, a colon and 64 hex digits")
    return found


def _progress() -> "Callable[[int, int], None] | None":
    if not sys.stderr.isatty():
        return None

    def note(count: int, total: int) -> None:
        if count % 500 == 0 or count == total:
            end = "\n" if count == total else "\r"
            Console(stderr=True).print(f"{count} of {total} orders", end=end)

    return note


def _print_summary(found: "Answer") -> None:
    from app.riskdesk.answers import json_text

    table = Table(show_header=False)
    for label, value in (
        ("run", found["run_id"]),
        ("orders asked for", found["total_intents"]),
        ("verdicts", _pairs(found["decisions"])),
        ("rules broken", _pairs(found["rule_histogram"]) or "none"),
        ("sent, fills", f"{found['orders_submitted']}, {found['orders_filled']}"),
        ("positions", _pairs(found["final_positions"]) or "none"),
        ("equity", json_text(found["final_equity"])),
        ("kill switch", found["kill_switch_level"]),
        ("us a decision", _pairs(found.get("latency_us", {})) or "none taken"),
        ("head", found["journal_head"]),
    ):
        table.add_row(label, safe(value))
    console = Console()
    console.print(table)
    if found["repeated"]:
        console.print(f"{found['repeated']} were answered before; nothing was sent twice for them.")
    unknown = _list(found["orders_unknown"])
    if unknown:
        console.print(f"The broker did not say what became of {', '.join(map(str, unknown))}.")
    for error in _list(found["input_errors"]):
        console.print(safe(_mapping(error)["message"]))


def _print_days(answer: "Answer", days: "list[Day]") -> None:
    from app.riskdesk.answers import json_text

    table = Table()
    for name in ("day", "before", "after", "refused", "allowed", "changed", "sent", "profit"):
        table.add_column(name, justify="left" if name == "day" else "right", no_wrap=True)
    total = _mapping(answer["total"])
    for item in (*_list(answer["days"]), {"day": "total", **total}):
        row = _mapping(item)
        table.add_row(
            str(row["day"]),
            _counts(row["before"]),
            _counts(row["after"]),
            *(str(row[name]) for name in ("newly_denied", "newly_allowed", "changed")),
            json_text(row["notional_change"]),
            json_text(row["profit_change"]),
        )
    console = Console()
    console.print(table)
    changes = [change for day in days for change in day.changes]
    for change in changes[:MOST_CHANGES]:
        rules = ", ".join(change.rules_after or change.rules_before)
        console.print(
            safe(f"{change.intent_id} {change.symbol}: {change.before} -> {change.after}  {rules}")
        )
    if len(changes) > MOST_CHANGES:
        console.print(f"and {len(changes) - MOST_CHANGES} more; --json has them all")
    console.print(f"By rules: {_pairs(total['rules']) or 'none'}")
    console.print("before and after are ALLOW/MODIFY/DENY; sent and profit are changes, in money.")
    console.print(f"{len(days)} days; {answer['follows']}.")


def _counts(values: object) -> str:
    return "/".join(str(count) for count in _mapping(values).values())


def _pairs(values: object) -> str:
    from app.riskdesk.answers import json_text

    return ", ".join(f"{name} {json_text(value)}" for name, value in _mapping(values).items())


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
