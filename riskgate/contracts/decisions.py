"""Verdicts: what the gate said of a plan and why, and the sealed result of an approval."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from riskgate.contracts.base import (
    Code,
    Contract,
    Identifier,
    Number,
    Quantity,
    Sha256,
    ShortText,
    UtcTime,
)
from riskgate.contracts.plans import TradePlan


class Verdict(StrEnum):
    ALLOW = "ALLOW"
    MODIFY = "MODIFY"
    DENY = "DENY"


class Severity(StrEnum):
    WARN = "WARN"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class KillSwitchLevel(StrEnum):
    RUNNING = "RUNNING"
    REDUCE_ONLY = "REDUCE_ONLY"
    HALTED = "HALTED"


class Violation(Contract):
    """One rule that was broken: what was required, what it was, and what to do about it."""

    rule_id: Code
    severity: Severity
    message: ShortText
    remedy: ShortText
    leg: Annotated[int, Field(ge=0)] | None = None
    limit: Number | None = None
    actual: Number | None = None


class Evidence(Contract):
    """One figure the gate worked out, beside its limit where it has one."""

    metric: str
    value: Number
    limit: Number | None = None
    leg: Annotated[int, Field(ge=0)] | None = None


class LegQuantity(Contract):
    """A smaller quantity that would pass for one leg."""

    leg: Annotated[int, Field(ge=0)]
    quantity: Quantity


class RiskDecision(Contract):
    """The gate's answer on one plan: same inputs, same bytes."""

    schema_id: str = "risk_decision/1"
    verdict: Verdict
    plan_id: Identifier
    plan_hash: Sha256
    policy_version: str
    policy_hash: Sha256
    inputs_hash: Sha256
    as_of: UtcTime
    violations: tuple[Violation, ...]
    evidence: tuple[Evidence, ...]
    modified_quantities: tuple[LegQuantity, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(violation.rule_id for violation in self.violations)


class ApprovedPlan(Contract):
    """A plan that the gate allowed and a person approved; made by riskgate.engine alone.

    Execution takes nothing else, and checks the hash against the stored decision again.
    """

    plan: TradePlan
    plan_hash: Sha256
    policy_hash: Sha256
    decision_hash: Sha256
    approval_id: Identifier
    approved_by: Identifier
    approved_at: UtcTime
    expires_at: UtcTime
