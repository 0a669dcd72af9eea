"""A journal told to people: each order's timeline, and what the journal is made of."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.riskdesk.answers import Answer
from riskgate.contracts.base import time_text
from riskgate.hashing import canonical_json
from riskgate.records import Kind, Record

_OF_ORDERS = {Kind.FILL, Kind.REJECT, Kind.CANCEL, Kind.UNKNOWN}


def timelines(records: Iterable[Record], *, intent_id: str | None = None) -> list[Answer]:
    """Return what happened to each order: its decision, what was sent, and what became of it.

    A new run begins each order anew.
    """
    found: dict[str, Answer] = {}
    intent_of: dict[str, str] = {}
    done: list[Answer] = []
    long: dict[str, Any] = {}
    for record in records:
        body = record.body
        if record.kind is Kind.STATE:
            done += found.values()
            found, intent_of = {}, {}
        elif record.kind is Kind.INTENT:
            long = body["asked"]
        elif record.kind is Kind.DECISION:
            asked = long if "in" in body["asked"] else body["asked"]
            found[asked["intent_id"]] = _begun(record, asked)
        elif record.kind is Kind.ORDER:
            intent_of[body["order_id"]] = body["intent_id"]
            _add(found.get(body["intent_id"]), record)
        elif record.kind in _OF_ORDERS:
            _add(found.get(intent_of.get(body["order_id"], "")), record)
    done += found.values()
    return [one for one in done if intent_id is None or one["intent_id"] == intent_id]


def statistics(records: Iterable[Record]) -> Answer:
    """Return how many records and bytes there are by kind, verdicts, rules, and latencies."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    largest: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    timings: list[Answer] = []
    for record in records:
        kind = record.kind.value
        counts[kind] += 1
        sizes[kind] += record.size
        largest[kind] = max(largest[kind], record.size)
        if record.kind is Kind.DECISION:
            verdicts[record.body["verdict"]] += 1
            rules.update({rule for rule, *_figures in record.body["findings"]})
        elif record.kind is Kind.TIMING:
            timings.append(
                {
                    "decisions": record.body["decisions"],
                    "p50_us": Decimal(record.body["p50_ns"]).scaleb(-3),
                    "p99_us": Decimal(record.body["p99_ns"]).scaleb(-3),
                }
            )
    return {
        "records": {
            kind: {
                "count": counts[kind],
                "bytes": sizes[kind],
                "mean_bytes": sizes[kind] // counts[kind],
                "largest_bytes": largest[kind],
            }
            for kind in sorted(counts)
        },
        "decisions": {name: verdicts[name] for name in ("ALLOW", "MODIFY", "DENY")},
        "rule_histogram": dict(sorted(rules.items())),
        "latency": timings,
    }


def _begun(record: Record, asked: dict[str, Any]) -> Answer:
    body = record.body
    event: Answer = {
        "at": time_text(record.at),
        "seq": record.head.seq,
        "event": f"DECISION_{body['verdict']}",
        "rules": [rule for rule, *_figures in body["findings"]],
        "allowed": body["allowed"],
    }
    return {"intent_id": asked["intent_id"], "asked": asked, "events": [event]}


def _add(timeline: Answer | None, record: Record) -> None:
    if timeline is None:
        return
    events = timeline["events"]
    assert isinstance(events, list)
    details = {name: value for name, value in record.body.items() if name != "intent_id"}
    events.append(
        {
            "at": time_text(record.at),
            "seq": record.head.seq,
            "event": f"ORDER_{_PAST[record.kind]}",
            **details,
        }
    )


def timeline_text(timeline: Answer) -> str:
    """Write one timeline as a line of JSON; all its numbers are text."""
    return canonical_json(timeline)  # type: ignore[arg-type]


_PAST = {
    Kind.ORDER: "SUBMITTED",
    Kind.FILL: "FILLED",
    Kind.REJECT: "REJECTED",
    Kind.CANCEL: "CANCELLED",
    Kind.UNKNOWN: "UNKNOWN",
}
