"""The kill switch of a journal that no desk is writing."""

from collections.abc import Iterable
from datetime import datetime

from app.errors import InvalidRequest
from app.riskdesk.folding import Fold
from app.riskdesk.journal import Journal
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.records import Kind, Record, seal_value


def turn_off(
    journal: Journal, records: Iterable[Record], *, by: str, reason: str, at: datetime
) -> KillSwitchLevel:
    """Record that the switch is off again, and return what it was. Raises JournalUnsound."""
    if not reason.strip():
        raise InvalidRequest("a reason is needed")
    fold = Fold()
    for record in records:
        fold.apply(record)
    state = fold.running()
    body = {"level": KillSwitchLevel.RUNNING.value, "by": by[:64], "reason": reason[:300]}
    line, head = seal_value(journal.head, max(at, state.at), Kind.KILL, {**body})
    journal.write(line, head, before_send=True)
    return state.level
