"""The kill switch: who trades may tighten it, so may the gate; only the risk admin loosens it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.audit.log import Entry, append
from app.errors import Forbidden
from app.persistence import accounts, plans
from app.persistence.database import Session
from riskgate.contracts.decisions import KillSwitchLevel, RiskDecision, Verdict
from riskgate.policy import Mode, Policy

RISKGATE = "riskgate"

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


@dataclass(frozen=True, kw_only=True)
class Trip:
    """The gate made the switch stricter, and why."""

    level: KillSwitchLevel
    reason: str

    @property
    def text(self) -> str:
        """Say it to the person whose plan was judged."""
        return (
            f"The kill switch was set to {self.level}: {self.reason}."
            " Only a risk admin can turn it off."
        )


async def trip(
    session: Session, policy: Policy, decision: RiskDecision, account_id: str, *, at: datetime
) -> Trip | None:
    """Make the switch stricter where the policy says so, after a decision was stored.

    It trips at once on a rule of the policy's, or on too many refused plans since it was last set
    and within the policy's window. It never makes the switch looser. The caller holds the account.
    """
    current = await accounts.kill_switch(session, account_id)
    level = policy.kill_switch.trip_to
    if STRICTNESS[level] <= STRICTNESS[current.level]:
        return None
    reason = _rules_that_trip(policy, decision)
    if reason is None:
        reason = await _too_many(session, policy, decision, account_id, current.set_at, at)
    if reason is None:
        return None
    change = LevelChange(
        account_id=account_id, level=level, reason=reason, by=RISKGATE, may_loosen=False
    )
    await set_level(session, change, at=at)
    return Trip(level=level, reason=reason)


def _rules_that_trip(policy: Policy, decision: RiskDecision) -> str | None:
    if not decision.trips:
        return None
    found = {violation.rule_id for violation in (*decision.violations, *decision.waived)}
    return f"{', '.join(sorted(found & set(policy.kill_switch.trip_on_rules)))} fired"


async def _too_many(
    session: Session,
    policy: Policy,
    decision: RiskDecision,
    account_id: str,
    set_at: datetime | None,
    at: datetime,
) -> str | None:
    limits = policy.kill_switch
    most, refused = limits.trip_after_n_violations, decision.verdict is Verdict.DENY
    if most is None or not refused or policy.mode is Mode.MONITOR:
        return None
    after = at - timedelta(seconds=limits.violation_window_seconds)
    if set_at is not None:
        after = max(after, set_at)
    count = await plans.count_refused(session, account_id, after=after)
    if count < most:
        return None
    return f"{count} plans were refused within {limits.violation_window_seconds} s"
