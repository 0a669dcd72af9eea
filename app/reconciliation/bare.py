"""What an answer without any rows proves: pure.

A broker that answers with nothing at all, not even margins, proves nothing. One that shows margins
and no position, holding or order proves an empty account only when the account should be empty, or
when the comparison before, some seconds ago, showed the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.reconciliation.look import Look
from riskgate.contracts.traces import DeltaKind, ReconciliationDelta

APART: Final = timedelta(seconds=5)
GONE: Final = frozenset(
    {
        DeltaKind.POSITION_MISSING_AT_BROKER,
        DeltaKind.ORDER_MISSING_AT_BROKER,
        DeltaKind.ORDER_ENDED_UNSEEN,
    }
)
ROWS: Final = ("positions", "holdings", "orders")


@dataclass(frozen=True, kw_only=True)
class Bareness:
    """Whether an answer counts as the account being empty, and may resolve exceptions."""

    counts: bool
    may_resolve: bool

    def proves(self, delta: ReconciliationDelta) -> bool:
        """Say whether the answer proves a difference that opens an exception."""
        return self.counts or delta.kind not in GONE


def bareness(look: Look, before: dict[str, Any] | None) -> Bareness:
    """Judge an answer by what was expected and by the book of the comparison before it."""
    snapshot, ledger = look.snapshot, look.ledger
    if snapshot.positions or snapshot.holdings or snapshot.orders:
        return Bareness(counts=True, may_resolve=True)
    if snapshot.margins is None:
        return Bareness(counts=False, may_resolve=False)
    at_broker = [order for order in ledger.expected_orders if order.broker_order_id]
    if not ledger.expected_positions and not at_broker:
        return Bareness(counts=True, may_resolve=True)
    twice = _was_bare(before, until=snapshot.as_of - APART)
    return Bareness(counts=twice, may_resolve=twice)


def is_suddenly_bare(look: Look, before: dict[str, Any] | None) -> bool:
    """Say whether an answer has no rows, or no margins, where the comparison before it had rows."""
    snapshot = look.snapshot
    if snapshot.positions or snapshot.holdings or snapshot.orders:
        return False
    return snapshot.margins is None or (before is not None and any(before[rows] for rows in ROWS))


def _was_bare(before: dict[str, Any] | None, *, until: datetime) -> bool:
    if before is None or before["margins"] is None or any(before[rows] for rows in ROWS):
        return False
    return datetime.fromisoformat(before["as_of"]) <= until
