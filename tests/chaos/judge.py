"""What must be true after a crash, told from the broker's own journal and the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from app.persistence.location import DatabaseLocation
from tests.chaos.world import Outside
from tests.integration.checker import faults_of


class Kind(StrEnum):
    DUPLICATE = "duplicate"
    LOST = "lost"
    UNEXPLAINED = "unexplained"
    BROKEN = "broken"
    SLOW = "slow"


@dataclass(frozen=True)
class Finding:
    """One broken promise."""

    kind: Kind
    text: str


def judge(
    location: DatabaseLocation,
    outside: Outside,
    plan_id: str | None,
    approved: Mapping[str, Any] | None,
    exceptions: Sequence[Mapping[str, Any]],
) -> list[Finding]:
    """Return every broken promise of one run."""
    with psycopg.connect(location.owner_conninfo, row_factory=dict_row) as connection:
        orders = connection.execute("SELECT * FROM orders ORDER BY leg, slice").fetchall()
    raised = {row["delta"].get("order_id") for row in exceptions}
    at_broker = outside.orders_by_tag
    by_tag = {order["tag"]: order for order in orders}
    found = [
        Finding(Kind.DUPLICATE, f"the broker has {count} orders under {tag}")
        for tag, count in at_broker.items()
        if count > 1
    ]
    for tag in at_broker.keys() - by_tag.keys():
        found.append(Finding(Kind.UNEXPLAINED, f"the broker has {tag}, of which we know nothing"))
    for order in orders:
        found += _order_findings(order, at_broker.get(order["tag"], 0), raised)
    if approved is not None and not [o for o in orders if o["plan_id"] == plan_id]:
        found.append(Finding(Kind.LOST, "an approval was answered and has no orders"))
    if approved is not None and approved["outcome"] == "EXECUTED":
        found += [
            Finding(Kind.LOST, f"{o['order_id']} was answered as executed and is {o['state']}")
            for o in orders
            if o["plan_id"] == plan_id and not at_broker.get(o["tag"])
        ]
    found += [Finding(Kind.BROKEN, text) for text in faults_of(location)]
    return found


def _order_findings(
    order: Mapping[str, Any], at_broker: int, raised: set[str | None]
) -> list[Finding]:
    name, state = order["order_id"], order["state"]
    if at_broker and state != "FILLED":
        return [Finding(Kind.LOST, f"{name} filled at the broker and is {state} with us")]
    if not at_broker and state in {"FILLED", "OPEN", "ACKED", "PARTIALLY_FILLED"}:
        return [Finding(Kind.UNEXPLAINED, f"{name} is {state}, the broker never had it")]
    if state in {"PLANNED", "SENDING"}:
        return [Finding(Kind.UNEXPLAINED, f"{name} is still {state}")]
    if state == "UNKNOWN" and name not in raised:
        return [Finding(Kind.UNEXPLAINED, f"{name} is UNKNOWN and nobody was told")]
    return []
