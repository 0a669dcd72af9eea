"""What needs no database: reading words, judging a plan, importing the program."""

import subprocess
import sys
from datetime import UTC, datetime

from agents.intent.model import ParseContext
from agents.intent.offline import OfflineParser
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.instruments import Currency
from riskgate.engine import evaluate
from riskgate.policy import DEFAULT_POLICY
from tests.benchmarks.figures import Figure, spread, timed_plain
from tests.unit.riskgate.builders import a_gate_input, a_position, quotes_of

MESSAGES = (
    "buy 10 INFY at market, cnc",
    "sell half my TCS",
    "buy 50000 worth of SBIN, stop 2%",
    "what is the price of RELIANCE?",
)
IMPORT_ROUNDS = 5
BOOKS = (0, 50, 500)
OURS = "import app.main"
THEIRS = (
    "import fastapi, pydantic, sqlalchemy, sse_starlette, uvicorn, psycopg, psycopg_pool, "
    "alembic, httpx, typer, rich"
)
GRAPH = "import langgraph.graph, langgraph.checkpoint.postgres.aio"


def pure_figures(rounds: int) -> list[Figure]:
    """Measure the parser and the gate."""
    return [_parse(rounds), *(_gate(rounds, held) for held in BOOKS)]


def import_figures() -> list[Figure]:
    """Measure how long a fresh process imports the program and, beside it, what it stands on."""
    ours, theirs, graph = ([_import(code) for _ in range(IMPORT_ROUNDS)] for code in _CODES)
    ratio = sorted(ours)[IMPORT_ROUNDS // 2] / sorted(theirs)[IMPORT_ROUNDS // 2]
    return [
        spread("import app.main", ours, note="fresh process, less the interpreter's own start"),
        spread("import web, database and CLI libraries", theirs),
        spread("import langgraph and its saver", graph, note="imported when the server starts"),
        Figure(name="import app.main / libraries", unit="x", p50=ratio, rounds=IMPORT_ROUNDS),
    ]


_CODES = (OURS, THEIRS, GRAPH)


def _parse(rounds: int) -> Figure:
    parser = OfflineParser(Directory(load_master()))
    context = ParseContext(now=datetime(2026, 11, 20, 5, tzinfo=UTC), currency=Currency.INR)
    messages = iter(MESSAGES * (rounds + 20))
    samples = timed_plain(
        lambda: parser.parse(next(messages), context), rounds=rounds * 3, warm_up=20
    )
    return spread("offline parse of a message", samples, unit="us", note="four kinds in turn")


def _gate(rounds: int, held: int) -> Figure:
    symbols = [f"HELD{number}" for number in range(held)]
    book = tuple(a_position(10, symbol) for symbol in symbols)
    given = a_gate_input(held=book, quotes=quotes_of(("INFY", *symbols)))
    samples = timed_plain(lambda: evaluate(DEFAULT_POLICY, given), rounds=rounds, warm_up=10)
    name = f"gate decision with evidence, {held} positions"
    return spread(name, samples, unit="us", note="hash of its inputs included")


def _import(code: str) -> float:
    clock = "import time; began = time.perf_counter()\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{clock}{code}\nprint(time.perf_counter() - began)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return float(done.stdout)
