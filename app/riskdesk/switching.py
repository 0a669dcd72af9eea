"""The records of the kill switch: its turns, one that a crash lost, and by a person without a desk.

INVARIANT: only the gate itself turns the switch as GATE, so that a replay can ask what tripped it.
"""

from collections.abc import Iterable
from datetime import datetime

from app.errors import InvalidRequest
from app.riskdesk.folding import GATE, Fold
from app.riskdesk.journal import Journal
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.records import Head, Kind, Record, seal_value


def turn_off(
    journal: Journal, records: Iterable[Record], *, by: str, reason: str, at: datetime
) -> KillSwitchLevel:
    """Record that the switch is off again, and return what it was. Raises JournalUnsound."""
    if not reason.strip():
        raise InvalidRequest("a reason is needed")
    refuse_gate(by)
    fold = Fold()
    for record in records:
        fold.apply(record)
    state = fold.running()
    record_due(journal, fold)
    line, head = kill_line(
        journal.head, max(at, state.at), KillSwitchLevel.RUNNING, by=by[:64], reason=reason
    )
    journal.write(line, head, before_send=True)
    return state.level


def kill_line(
    head: Head, at: datetime, level: KillSwitchLevel, *, by: str, reason: str
) -> tuple[bytes, Head]:
    """Return the line of a turn of the switch."""
    return seal_value(head, at, Kind.KILL, {"level": level.value, "by": by, "reason": reason[:300]})


def record_due(journal: Journal, fold: Fold) -> None:
    """Record the turn of the switch that a crash kept from being recorded, if there is one."""
    if fold.due is not None:
        reason = f"tripped by record {fold.due.seq}; this record was lost in a crash"
        # The time of what tripped it: a later one would let a day begin unrecorded.
        line, head = kill_line(
            journal.head, fold.running().at, fold.due.level, by=GATE, reason=reason
        )
        journal.write(line, head, before_send=True)


def refuse_gate(by: str) -> None:
    """Raise InvalidRequest for a person who gives the gate's own name."""
    if by.strip() == GATE:
        raise InvalidRequest(f"{GATE} is the gate itself; give another name")
