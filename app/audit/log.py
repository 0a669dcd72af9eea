"""The hash-chained audit log: each row's hash covers the row before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from app.persistence import audit as rows
from app.persistence.audit import AuditRow
from app.persistence.database import Session
from riskgate.contracts.base import time_text
from riskgate.hashing import canonical_json, content_hash

GENESIS = "0" * 64


@dataclass(frozen=True, kw_only=True)
class ChainBreak:
    """The first row that does not follow from the one before it, and why."""

    seq: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that happened to an entity, done by an actor."""

    actor: str
    action: str
    entity: str
    entity_id: str
    body: Mapping[str, JsonValue]


async def append(session: Session, entry: Entry, *, at: datetime) -> None:
    """Add an entry to the tenant's chain, in the transaction of the act it records."""
    head = await rows.lock_head(session)
    seq, prev_hash = (head[0] + 1, head[1]) if head else (1, GENESIS)
    row = AuditRow(
        seq=seq,
        at=at,
        actor=entry.actor,
        action=entry.action,
        entity=entry.entity,
        entity_id=entry.entity_id,
        body=dict(entry.body),
        prev_hash=prev_hash,
        row_hash="",
    )
    sealed = AuditRow(**{**vars(row), "row_hash": row_hash(row)})
    await rows.add_row(session, sealed, body_text=canonical_json(dict(entry.body)))


def row_hash(row: AuditRow) -> str:
    """Return the hash of a row's content and its predecessor's hash."""
    return content_hash(
        {
            "seq": row.seq,
            "at": time_text(row.at),
            "actor": row.actor,
            "action": row.action,
            "entity": row.entity,
            "entity_id": row.entity_id,
            "body": row.body,
            "prev_hash": row.prev_hash,
        }
    )


def first_break(chain: Iterable[AuditRow]) -> ChainBreak | None:
    """Return where a whole chain, from its first row, stops being true; None when it holds."""
    expected_seq, expected_prev = 1, GENESIS
    for row in chain:
        if row.seq != expected_seq:
            return ChainBreak(seq=expected_seq, reason=f"row {expected_seq} is missing")
        if row.prev_hash != expected_prev:
            return ChainBreak(seq=row.seq, reason="it does not follow from the row before it")
        if not _holds(row):
            return ChainBreak(seq=row.seq, reason="its content was changed")
        expected_seq, expected_prev = row.seq + 1, row.row_hash
    return None


def _holds(row: AuditRow) -> bool:
    """Whether a row has its hash; a forged body may hold what was never written, such as floats."""
    try:
        return row.row_hash == row_hash(row)
    except ValueError:
        return False
