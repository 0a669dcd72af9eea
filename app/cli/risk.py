"""The gate from the command line: one order judged for a person, or thousands of lines."""

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from app.cli.errors import FAILED, USAGE
from app.cli.text import safe

if TYPE_CHECKING:
    from riskgate.documents import Case, Documents
    from riskgate.judge import Judgement
    from riskgate.suggest import Suggestion

app = typer.Typer(no_args_is_help=True, help="The risk gate as a program of its own.")

PolicyFile = Annotated[Path, typer.Option("--policy", help="Policy, YAML or JSON.")]
IntentFile = Annotated[Path, typer.Option("--intent", help="The order that is asked for, JSON.")]
PortfolioFile = Annotated[Path, typer.Option("--portfolio", help="Equity and positions, JSON.")]
MarketFile = Annotated[Path, typer.Option("--market", help="Prices, JSON.")]
ExecutionFile = Annotated[
    Path | None, typer.Option("--execution", help="What was sent lately, JSON; nothing by default.")
]

VERDICT_STYLES = {"ALLOW": "bold green", "MODIFY": "bold yellow", "DENY": "bold red"}
LINES_BETWEEN_NOTES = 1000
notes = Console(stderr=True)


@app.command("eval")
def evaluate(
    policy: PolicyFile,
    intent: IntentFile,
    portfolio: PortfolioFile,
    market: MarketFile,
    execution: ExecutionFile = None,
    at: Annotated[
        str | None,
        typer.Option(help="Time to judge prices with times at; the order's own by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in one line.")] = False,
    pretty: Annotated[bool, typer.Option("--pretty", help="Print JSON with line breaks.")] = False,
) -> None:
    """Judge one order; exit 0 to allow or modify, 1 to deny, 2 where it cannot be judged."""
    from app.riskdesk.answers import full_answer, json_text
    from riskgate.contracts.decisions import Verdict
    from riskgate.documents import case_of
    from riskgate.errors import RiskGateError
    from riskgate.judge import Judge
    from riskgate.policy import parse_policy
    from riskgate.suggest import suggest

    try:
        judge = Judge(parse_policy(read_text(policy)))
        documents = _documents(intent, portfolio, market, execution, at)
    except RiskGateError as fault:
        stop(str(fault))
    case = case_of(judge.policy, documents)
    judgement = judge.judge(case.candidate, case.book, case.situation)
    suggestion = suggest(judge, judgement)
    if as_json or pretty:
        answer = full_answer(
            judgement,
            suggestion,
            intent_id=documents.intent.intent_id,
            policy_hash=judge.policy_hash,
        )
        typer.echo(json_text(answer, indent=2 if pretty else None))
    else:
        Console().print(_report(judgement, suggestion, case))
    if judgement.verdict is Verdict.DENY:
        raise typer.Exit(FAILED)


@app.command()
def batch(
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One case a line on standard input, one answer a line.")
    ] = False,
) -> None:
    """Judge the cases on standard input; exit 0 when every line was answered."""
    from app.riskdesk.batch import answer_lines

    if not jsonl:
        stop("say --jsonl: batch reads one JSON case a line, and writes one answer a line")
    on_line = _note_progress if sys.stderr.isatty() else None
    try:
        count = answer_lines(sys.stdin.buffer, _write_line, on_line=on_line)
    except OSError as fault:
        stop(f"standard input cannot be read: {fault.strerror or fault}")
    if on_line is not None:
        notes.print(f"{count} lines answered")


def read_text(path: Path) -> str:
    """Return a file's text; exit 2 with what is wrong where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        stop(f"{path} cannot be read: {fault.strerror or fault}")
    except UnicodeDecodeError:
        stop(f"{path} is not UTF-8; write it as UTF-8")


def stop(message: str) -> NoReturn:
    """Say on standard error why nothing was judged, and exit 2."""
    for line in message.splitlines():
        notes.print(Text(safe(line)), soft_wrap=True)
    raise typer.Exit(USAGE)


def _documents(
    intent: Path, portfolio: Path, market: Path, execution: Path | None, at: str | None
) -> "Documents":
    from riskgate.documents import EXECUTION, IDLE, INTENT, MARKET, PORTFOLIO, read_documents
    from riskgate.reading import decode_json, parse_time

    time = None if at is None else parse_time(at)
    if at is not None and time is None:
        stop(f"--at must be a time with its offset, 2026-03-02T06:00:00Z, was {at}")
    return read_documents(
        intent=decode_json(read_text(intent), INTENT),
        portfolio=decode_json(read_text(portfolio), PORTFOLIO),
        market=decode_json(read_text(market), MARKET),
        execution=IDLE if execution is None else decode_json(read_text(execution), EXECUTION),
        at=time,
    )


def _report(judgement: "Judgement", suggestion: "Suggestion | None", case: "Case") -> Group:
    from riskgate.contracts.base import decimal_text

    verdict, order = judgement.verdict.value, case.candidate
    side = "buy" if order.sign > 0 else "sell"
    asked = f"{verdict}  {side} {decimal_text(order.quantity)} {safe(order.listing)}"
    if judgement.allowed is not None:
        asked += f", at most {decimal_text(judgement.allowed)}"
    parts: list[Text | Table] = [Text(asked, style=VERDICT_STYLES[verdict])]
    if judgement.findings:
        rules = Table("rule", "severity", "what", "what to do")
        for rule, breach in judgement.findings:
            rules.add_row(
                rule.rule_id, rule.severity.value, safe(breach.message), safe(breach.remedy)
            )
        parts.append(rules)
    if suggestion is not None:
        parts.append(Text(f"Would pass: {suggestion.text}", style="bold"))
    if judgement.waived:
        waived = ", ".join(dict.fromkeys(f.rule.rule_id for f in judgement.waived))
        parts.append(Text(f"Passed because the order only reduces: {waived}"))
    if judgement.trips:
        parts.append(Text("This turns the kill switch on.", style="bold red"))
    if judgement.evidence:
        parts.append(_evidence_table(judgement))
    return Group(*parts)


def _evidence_table(judgement: "Judgement") -> Table:
    from riskgate.contracts.base import decimal_text

    table = Table("figure", "value", "limit", "from")
    for metric, value, limit, source, loosened in judgement.evidence:
        came_from = f"{safe(source)}, looser" if loosened else safe(source)
        shown = "none" if limit is None else decimal_text(Decimal(limit))
        table.add_row(metric, decimal_text(value), shown, came_from)
    return table


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _note_progress(count: int) -> None:
    if count % LINES_BETWEEN_NOTES == 0:
        notes.print(f"{count} lines", end="\r")
