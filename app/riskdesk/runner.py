"""A file of orders run through a desk, as if its own times were now."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from app.riskdesk.answers import Answer
from app.riskdesk.desk import Desk, IntentReused
from app.riskdesk.folding import Reply
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.documents import INTENT, MARKET, Intent, Prices, read_intent, read_market
from riskgate.reading import DocumentInvalid, Faults, decode_json, parse_time
from riskgate.records import Kind, seal_value

_WRITE_A_TIME: Final = "write it as 2026-03-02T06:00:00Z"


class Timed(NamedTuple):
    """An order and the time it is asked at."""

    at: datetime
    intent: Intent


@dataclass
class Tally:
    """What a run has seen so far."""

    intents: int = 0
    repeated: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    input_errors: list[Answer] = field(default_factory=list)

    def add(self, reply: Reply) -> None:
        """Count one answer; a rule counts once an order, however often it was broken."""
        self.verdicts[reply.judgement.verdict.value] += 1
        self.rules.update(set(reply.judgement.rule_ids))


def read_intents(lines: Iterable[str], *, window_s: int) -> list[Timed]:
    """Read a file of orders, one a line. Raises DocumentInvalid with every fault and its line.

    A time needs its offset. One that is further ahead of any later line than the policy's window
    of violations is refused: it would push what happened before out of that window.
    """
    found: list[tuple[int, Timed]] = []
    faults = Faults()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        document = f"{INTENT} (line {number})"
        of_line = Faults()
        try:
            intent = read_intent(decode_json(line, document), of_line)
            at = parse_time(intent.timestamp)
            if at is None and not of_line.found:
                message = f"must be a time with its offset, was {intent.timestamp[:40]}"
                of_line.add(INTENT, "timestamp", message, _WRITE_A_TIME)
            of_line.raise_any()
        except DocumentInvalid as error:
            for fault in error.faults:
                faults.add(document, fault.path, fault.message, fault.remedy)
            continue
        if at is not None:
            found.append((number, Timed(at, intent)))
    _refuse_far_ahead(found, timedelta(seconds=window_s), faults)
    faults.raise_any()
    return [timed for _number, timed in found]


def read_markets(texts: Sequence[str]) -> list[tuple[datetime | None, Prices]]:
    """Read snapshots of a market, the first in force from the start, others from their times on.

    Raises DocumentInvalid. A snapshot changes the prices that it names; the others stay.
    """
    found: list[tuple[datetime | None, Prices]] = []
    faults = Faults()
    for number, text in enumerate(texts, start=1):
        document = MARKET if len(texts) == 1 else f"{MARKET} (line {number})"
        market = read_market(decode_json(text, document), faults)
        at = parse_time(market.timestamp)
        if len(texts) > 1 and at is None:
            faults.add(document, "timestamp", "must be a time with its offset", _WRITE_A_TIME)
        elif found and at is not None and (before := found[-1][0]) is not None and at < before:
            faults.add(document, "timestamp", "is before the line above", "sort them by time")
        found.append((at, market))
    if not found:
        faults.add(MARKET, MARKET, "holds no prices", "write one snapshot at least")
    faults.raise_any()
    return found


def run(
    desk: Desk,
    intents: Sequence[Timed],
    markets: Sequence[tuple[datetime | None, Prices]],
    *,
    on_line: Callable[[int], None] | None = None,
) -> Tally:
    """Put every order through the desk. The clock is the orders' times, and never goes back.

    Raises JournalFailed, after which nothing more was sent.
    """
    tally, waiting = Tally(), list(markets)[::-1]
    for timed in intents:
        while waiting and (at := waiting[-1][0]) is not None and at <= timed.at:
            desk.set_prices(waiting.pop()[1], at)
        tally.intents += 1
        try:
            reply, repeated = desk.submit(timed.intent, timed.at)
        except (IntentReused, DocumentInvalid) as fault:
            error: Answer = {"intent_id": timed.intent.intent_id, "error": fault.code}
            tally.input_errors.append({**error, "message": str(fault)})
        else:
            tally.repeated += repeated
            tally.add(reply)
        if on_line is not None:
            on_line(tally.intents)
    return tally


def record_timing(desk: Desk, latencies_ns: Sequence[int]) -> None:
    """Record how long decisions took, their records included; nothing where none was taken."""
    if latencies_ns:
        body = {
            "decisions": len(latencies_ns),
            "p50_ns": percentile(latencies_ns, 50),
            "p99_ns": percentile(latencies_ns, 99),
        }
        line, head = seal_value(desk.journal.head, desk.state.at, Kind.TIMING, {**body})
        desk.journal.write(line, head)


def summary(desk: Desk, tally: Tally, latencies_ns: Sequence[int] = ()) -> Answer:
    """Return what a run came to: the keys of policygate-capital, and ours beside them."""
    state = desk.state
    found: Answer = {
        "run_id": state.start.run_id,
        "total_intents": tally.intents,
        "decisions": {name: tally.verdicts[name] for name in ("ALLOW", "MODIFY", "DENY")},
        "rule_histogram": dict(sorted(tally.rules.items())),
        "orders_submitted": state.sent,
        "orders_filled": len(state.fills),
        "orders_in_flight": len(state.orders),
        "orders_unknown": sorted(state.unknown),
        "final_equity": state.account.equity,
        "final_positions": state.positions(),
        "kill_switch_active": state.level is not KillSwitchLevel.RUNNING,
        "kill_switch_level": state.level.value,
        "repeated": tally.repeated,
        "input_errors": tally.input_errors,
        "policy_hash": desk.judge.policy_hash,
        "journal_head": str(desk.journal.head),
    }
    if latencies_ns:
        found["latency_us"] = {
            "p50": Decimal(percentile(latencies_ns, 50)).scaleb(-3),
            "p99": Decimal(percentile(latencies_ns, 99)).scaleb(-3),
        }
    return found


def percentile(values: Sequence[int], share: int) -> int:
    """Return the value that so many percent are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def _refuse_far_ahead(
    found: Sequence[tuple[int, Timed]], window: timedelta, faults: Faults
) -> None:
    earliest: datetime | None = None
    late: list[int] = []
    for number, timed in reversed(found):
        if earliest is not None and timed.at - earliest > window:
            late.append(number)
        earliest = timed.at if earliest is None else min(earliest, timed.at)
    for number in reversed(late):
        message = f"is more than {window.total_seconds():.0f} s ahead of a later line"
        remedy = "correct the time, or sort the lines by time"
        faults.add(f"{INTENT} (line {number})", "timestamp", message, remedy)
