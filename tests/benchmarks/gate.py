"""The gate beside policygate-capital 0.2.0, the same policy, books and orders in one run.

Each pair is measured in turns, so that a busy moment of the machine falls on both.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import yaml
from policygate_capital.engine.audit import build_audit_event, write_audit_event
from policygate_capital.engine.evaluator import evaluate
from policygate_capital.engine.policy_engine import PolicyEngine
from policygate_capital.models.intent import OrderIntent
from policygate_capital.models.policy import CapitalPolicy
from policygate_capital.models.state import ExecutionState, MarketSnapshot, PortfolioState

from app.riskdesk.batch import answer_lines
from app.riskdesk.journal import Fsync, open_journal
from riskgate.book import Book
from riskgate.facts import Account, Candidate, Listing, Price, Rates, Situation
from riskgate.judge import Judge
from riskgate.policy import parse_policy
from riskgate.record_bodies import decision_lines
from tests.benchmarks.figures import Figure, Samples, spread, timed_plain

BOOKS = (1, 50, 500)
TURNS = 7
AT = datetime(2026, 2, 25, 14, 30, tzinfo=UTC)
POLICY = """\
version: "0.1"
timezone: "UTC"
defaults: {mode: "enforce", decision: "deny"}
limits:
  exposure: {max_position_pct: 0.10, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.5}
  loss: {daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05}
  execution: {max_orders_per_minute_global: 10000, max_orders_per_minute_by_strategy: 10000}
  kill_switch:
    trip_on_rules: ["LOSS-002"]
    trip_after_n_violations: 10000
    violation_window_seconds: 300
"""
QUANTITIES: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "ALLOW": lambda _equity, _price: Decimal(1),
    "MODIFY": lambda equity, price: (Decimal("0.12") * equity / price).quantize(Decimal("0.01")),
}


Work = Callable[[], object]


@dataclass(frozen=True)
class Bench:
    """One book and order in both engines' own words, judged alone and with its audit record.

    The logs are what the recording work writes to.
    """

    ours: Work
    ours_recorded: Work
    our_log: Path
    theirs: Work
    theirs_recorded: Work
    their_log: Path


def gate_figures(rounds: int) -> list[Figure]:
    """Measure decisions, alone and recorded, in both engines, and the ratio of the two."""
    with TemporaryDirectory() as folder:
        figures = [
            figure
            for positions in BOOKS
            for verdict in QUANTITIES
            for figure in _judged(Path(folder), positions, verdict, rounds * 10)
        ]
        for positions in BOOKS:
            figures += _recorded(Path(folder), positions, rounds * 5)
    return [*figures, *_batch(rounds * 10)]


def _judged(folder: Path, positions: int, verdict: str, rounds: int) -> Iterator[Figure]:
    bench = _prepared(folder, positions, verdict)
    what = f"{verdict} at {positions}"
    yield from _pair(what, bench.ours, bench.theirs, rounds, note="verdict, violations, evidence")


def _recorded(folder: Path, positions: int, rounds: int) -> Iterator[Figure]:
    """Judge and append the audit record; neither engine waits for the disk."""
    bench = _prepared(Path(mkdtemp(dir=folder)), positions, "ALLOW")
    what = f"ALLOW and record at {positions}"
    yield from _pair(what, bench.ours_recorded, bench.theirs_recorded, rounds, note="no fsync")
    for name, log in (("gate", bench.our_log), ("policygate-capital", bench.their_log)):
        lines = log.read_bytes().splitlines(keepends=True)
        size = median(len(line) for line in lines)
        yield Figure(name=f"{name} record at {positions}", unit="B", p50=size, rounds=len(lines))


def _pair(what: str, ours: Work, theirs: Work, rounds: int, note: str) -> Iterator[Figure]:
    mine, other = _in_turns(ours, theirs, rounds)
    yield spread(f"gate {what}", mine, unit="us", note=note)
    yield spread(f"policygate-capital {what}", other, unit="us", note="in floats")
    yield Figure(
        name=f"policygate-capital / gate, {what}",
        unit="x",
        p50=median(other) / median(mine),
        rounds=len(mine),
    )


def _batch(rounds: int) -> Iterator[Figure]:
    """Answer JSON lines as `risk batch --jsonl` does; the peer has no batch, so its parts are."""
    line = json.dumps(_a_case()).encode() + b"\n"
    policies: dict[str, Any] = {}

    def theirs() -> None:
        case = json.loads(line)
        text = json.dumps(case["policy"])
        policy = policies.setdefault(text, CapitalPolicy.model_validate(case["policy"]))
        decision = evaluate(
            intent=OrderIntent.model_validate(case["intent"]),
            portfolio=PortfolioState.model_validate(case["portfolio"]),
            market=MarketSnapshot.model_validate(case["market"]),
            execution=ExecutionState.model_validate(case["execution"]),
            policy=policy,
        )
        decision.model_dump_json()

    sink: list[str] = []
    many = line * 50
    ours, other = _in_turns(
        lambda: answer_lines(BytesIO(many), sink.append), theirs, max(rounds // 50, TURNS)
    )
    rate = 50 / median(ours)
    yield Figure(
        name="gate batch, JSON line in and out", unit="/s", p50=rate, rounds=len(ours) * 50
    )
    peer = 1 / median(other)
    yield Figure(name="policygate-capital, the same", unit="/s", p50=peer, rounds=len(other))


def _in_turns(
    one: Callable[[], object], other: Callable[[], object], rounds: int
) -> tuple[Samples, Samples]:
    ours: list[float] = []
    theirs: list[float] = []
    for _turn in range(TURNS):
        ours += timed_plain(one, rounds=rounds // TURNS + 1, warm_up=100)
        theirs += timed_plain(other, rounds=rounds // TURNS + 1, warm_up=100)
    return ours, theirs


def _prepared(folder: Path, positions: int, verdict: str) -> Bench:
    held, prices, equity = _a_book(positions)
    quantity = QUANTITIES[verdict](equity, prices["S0000"])
    judge, book = Judge(parse_policy(POLICY)), Book()
    for symbol, price in prices.items():
        book.know(Listing(key=symbol, names=(symbol,), underlying=symbol))
        book.set_price(symbol, Price(price))
        book.hold(symbol, None, held[symbol])
    candidate = Candidate(book.entries["S0000"].listing, 1, quantity, strategy_id="alpha")
    situation = Situation(Account(equity, day_start=equity, peak=equity), Rates())
    text = folder / "policy.yaml"
    text.write_text(POLICY)
    peer = PolicyEngine(text)
    given = _peer_inputs(quantity, held, prices, equity)
    assert judge.judge(candidate, book, situation).verdict.value == verdict
    assert peer.evaluate(*given).decision == verdict
    our_log, their_log = (folder / f"{who}-{positions}-{verdict}.jsonl" for who in ("our", "their"))
    journal, _records = open_journal(our_log, Fsync.NEVER, at=AT)
    asked = json.dumps({"intent_id": "b1", "qty": str(quantity)}, separators=(",", ":"))

    def ours_recorded() -> None:
        judgement = judge.judge(candidate, book, situation)
        lines, head = decision_lines(
            journal.head, AT, asked, judgement, situation.kill_switch, judge.policy_hash
        )
        journal.write(lines, head, before_send=True)

    def theirs_recorded() -> None:
        decision = peer.evaluate(*given)
        write_audit_event(their_log, build_audit_event(decision, *given, peer.policy_hash))

    return Bench(
        ours=lambda: judge.judge(candidate, book, situation),
        ours_recorded=ours_recorded,
        our_log=our_log,
        theirs=lambda: peer.evaluate(*given),
        theirs_recorded=theirs_recorded,
        their_log=their_log,
    )


def _a_case() -> dict[str, Any]:
    """Return one case as `risk batch` reads it, all of it plain JSON."""
    return {
        "case_id": "b1",
        "policy": yaml.safe_load(POLICY),
        "intent": _an_intent(5.0),
        "portfolio": {
            "equity": 100_000.0,
            "start_of_day_equity": 100_000.0,
            "peak_equity": 100_000.0,
            "positions": {"S0001": 10.0},
        },
        "market": {"timestamp": "2026-02-25T14:30:00Z", "prices": {"S0000": 20.5, "S0001": 99.0}},
        "execution": {},
    }


def _an_intent(quantity: float) -> dict[str, Any]:
    return {
        "intent_id": "b1",
        "timestamp": "2026-02-25T14:30:00Z",
        "strategy_id": "alpha",
        "account_id": "a",
        "instrument": {"symbol": "S0000", "asset_class": "equity"},
        "side": "buy",
        "order_type": "market",
        "qty": quantity,
    }


def _a_book(positions: int) -> tuple[dict[str, Decimal], dict[str, Decimal], Decimal]:
    """Return holdings, prices and an equity of twice the gross, from a fixed seed."""
    rng = random.Random(positions)
    held, prices = {}, {}
    for number in range(positions):
        symbol = f"S{number:04}"
        side = 1 if rng.random() < 0.6 else -1
        held[symbol] = Decimal(rng.randint(100, 5000)).scaleb(-2) * side
        prices[symbol] = Decimal(rng.randint(500, 30_000)).scaleb(-2)
    gross = sum((abs(held[s]) * prices[s] for s in held), Decimal(0))
    return held, prices, 2 * gross + 100_000


def _peer_inputs(
    quantity: Decimal, held: dict[str, Decimal], prices: dict[str, Decimal], equity: Decimal
) -> tuple[Any, Any, Any, Any]:
    money = float(equity)
    intent = OrderIntent.model_validate(_an_intent(float(quantity)))
    portfolio = PortfolioState(
        equity=money,
        start_of_day_equity=money,
        peak_equity=money,
        positions={symbol: float(quantity) for symbol, quantity in held.items()},
    )
    market = MarketSnapshot(
        timestamp="t", prices={symbol: float(price) for symbol, price in prices.items()}
    )
    return intent, portfolio, market, ExecutionState()
