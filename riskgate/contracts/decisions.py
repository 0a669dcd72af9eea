"""Verdicts: what the gate said of a plan and why, and the sealed result of an approval."""

from enum import StrEnum
from typing import Annotated, Final

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
from riskgate.contracts.orders import Product
from riskgate.contracts.plans import TradePlan

# What an engine's decisions are: one of another schema was made by another engine.
RISK_DECISION_SCHEMA: Final = "risk_decision/2"


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
    """One figure the gate worked out, beside its limit where it has one.

    `source` is the override that the limit came from; `loosened` says that the override lets more
    pass than the policy's own limit.
    """

    metric: str
    value: Number
    limit: Number | None = None
    leg: Annotated[int, Field(ge=0)] | None = None
    source: str | None = None
    loosened: bool = False


class LegQuantity(Contract):
    """A smaller quantity that would pass for one leg."""

    leg: Annotated[int, Field(ge=0)]
    quantity: Quantity


class LegChange(Contract):
    """What would pass for one leg; None where a field stays as it was asked.

    `wait_s` are seconds from now and `until` the session or window to wait for, with prices as they
    are now.
    """

    leg: Annotated[int, Field(ge=0)]
    quantity: Quantity | None = None
    limit_price: Number | None = None
    trigger_price: Number | None = None
    product: Product | None = None
    wait_s: Number | None = None
    until: str | None = None
    text: ShortText


class RiskDecision(Contract):
    """The gate's answer on one plan: same inputs, same bytes.

    `waived` are breaches that orders which only lower exposure pass. `would_pass` is the smallest
    change of a refused plan that the gate allows, judged by the gate itself. `trips` says that a
    rule fired which turns the kill switch on.
    """

    schema_id: str = RISK_DECISION_SCHEMA
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
    waived: tuple[Violation, ...] = ()
    would_pass: tuple[LegChange, ...] = ()
    trips: bool = False

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
