"""The kill switch: anyone who trades may tighten it, only the risk admin may loosen it."""

from dataclasses import dataclass
from datetime import datetime

from app.audit.log import Entry, append
from app.errors import Forbidden
from app.persistence import accounts
from app.persistence.database import Session
from riskgate.contracts.decisions import KillSwitchLevel

STRICTNESS = {
    KillSwitchLevel.RUNNING: 0,
    KillSwitchLevel.REDUCE_ONLY: 1,
    KillSwitchLevel.HALTED: 2,
}


@dataclass(frozen=True, kw_only=True)
class LevelChange:
    """A level for an account's switch: why, by whom, and whether they may loosen it."""

    account_id: str
    level: KillSwitchLevel
    reason: str
    by: str
    may_loosen: bool


async def set_level(session: Session, change: LevelChange, *, at: datetime) -> None:
    """Set the switch and audit it. Raises Forbidden when it would be loosened without the right.

    The caller holds the account, so that no order is claimed half-way.
    """
    current = await accounts.kill_switch(session, change.account_id)
    if STRICTNESS[change.level] < STRICTNESS[current.level] and not change.may_loosen:
        raise Forbidden("making the kill switch less strict needs the role risk_admin")
    await accounts.set_kill_switch(
        session,
        account_id=change.account_id,
        level=change.level,
        reason=change.reason,
        set_by=change.by,
        at=at,
    )
    entry = Entry(
        actor=change.by,
        action="kill_switch.set",
        entity="account",
        entity_id=change.account_id,
        body={
            "from": current.level.value,
            "to": change.level.value,
            "reason": change.reason,
        },
    )
    await append(session, entry, at=at)
