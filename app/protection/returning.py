"""Protections that ended because the broker showed nothing, and must go on when it shows again."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.audit.log import Entry, append
from app.persistence import ledger, protections
from app.persistence.database import Session
from app.persistence.protections import OPEN
from app.protection.deciding import ACTOR
from app.protection.doubt import owed, returned
from app.protection.seeing import (
    Line,
    closed_of,
    entries_of,
    exits_of,
    held_on,
    protected_lines,
)
from riskgate.contracts.snapshots import BrokerSnapshot

# How long after its end a protection may still go on.
RETURNS_WITHIN: Final = timedelta(days=10)


async def gone_lines(session: Session, account_id: str, *, at: datetime) -> list[Line]:
    """Return lines whose protection ended though our own orders did not close them."""
    ended = await protections.list_gone(session, account_id, since=at - RETURNS_WITHIN)
    lines = await protected_lines(session, ended)
    return [line for line in lines if _owed(line)]


async def reopen(
    session: Session, account_id: str, snapshot: BrokerSnapshot, *, at: datetime
) -> tuple[str, ...]:
    """Let protections go on whose position broker and ledger both show; return their entries.

    What the broker alone shows may be somebody's own: the ledger says whether it is ours.
    """
    lines = await gone_lines(session, account_id, at=at)
    if not lines:
        return ()
    booked = await ledger.positions(session, account_id)
    found: list[str] = []
    for line in lines:
        ours = sum(
            (
                p.quantity * line.side.sign
                for p in booked
                if (p.instrument, p.product) == (line.instrument, line.product)
            ),
            Decimal(0),
        )
        shown = held_on(snapshot, line.instrument, line.product, line.side)
        found += returned(
            entries_of(line),
            exits_of(line),
            closed_of(line),
            [record.entry_order_id for record in line.records],
            min(shown, max(ours, Decimal(0))),
        )
    for entry_id in found:
        await protections.note(session, entry_id, text="", at=at, status=OPEN)
        entry = Entry(
            actor=ACTOR,
            action="protection.reopened",
            entity="order",
            entity_id=entry_id,
            body={"why": "the broker shows the position again"},
        )
        await append(session, entry, at=at)
    return tuple(found)


def _owed(line: Line) -> Decimal:
    wanted = [record.entry_order_id for record in line.records]
    return owed(entries_of(line), exits_of(line), closed_of(line), wanted)
