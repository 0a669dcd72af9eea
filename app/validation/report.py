"""What a validation found: every check with its code and remedy, and one status over all."""

from collections.abc import Iterable
from enum import StrEnum

from app.validation.paper_run import PaperRun
from riskgate.contracts.base import Code, Contract, Identifier, Sha256, UtcTime, time_text
from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import ExecutionMode
from riskgate.guards import StoredValidation, ValidationStatus


class CheckName(StrEnum):
    """What is looked at, in the order in which it is reported."""

    TENANT = "Tenant"
    RISK_CONFIGURATION = "RiskConfiguration"
    OPERATION = "Operation"
    GATE = "Gate"
    PAPER_RUN = "PaperRun"


class Check(Contract):
    """One thing found; one that passed has no code."""

    name: CheckName
    status: ValidationStatus
    code: Code | None = None
    message: str
    remedy: str | None = None


class ValidationReport(Contract):
    """A validation as it is stored, bound to one plan and tenant until `expires_at`."""

    schema_id: str = "validation_report/1"
    validation_id: Identifier
    plan_id: Identifier
    plan_hash: Sha256
    tenant_id: Identifier
    account_id: Identifier
    mode: ExecutionMode
    status: ValidationStatus
    checks: tuple[Check, ...]
    verdict: Verdict | None = None
    decision_hash: Sha256 | None = None
    paper_run: PaperRun | None = None
    made_by: Identifier
    made_at: UtcTime
    expires_at: UtcTime

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of what failed or warns, each once."""
        return tuple(dict.fromkeys(check.code for check in self.checks if check.code))

    @property
    def stored(self) -> StoredValidation:
        """What the guards of an execution are shown of it."""
        return StoredValidation(
            validation_id=self.validation_id,
            plan_hash=self.plan_hash,
            tenant_id=self.tenant_id,
            status=self.status,
            made_at=self.made_at,
            expires_at=self.expires_at,
            codes=self.codes,
        )


def passed(name: CheckName, message: str) -> Check:
    return Check(name=name, status=ValidationStatus.PASS, message=message)


def warned(name: CheckName, *, code: str, message: str, remedy: str) -> Check:
    status = ValidationStatus.WARNING
    return Check(name=name, status=status, code=code, message=message, remedy=remedy)


def failed(name: CheckName, *, code: str, message: str, remedy: str) -> Check:
    status = ValidationStatus.FAIL
    return Check(name=name, status=status, code=code, message=message, remedy=remedy)


def status_of(checks: Iterable[Check]) -> ValidationStatus:
    """Return the worst status; nothing checked is a failure."""
    found = {check.status for check in checks}
    for status in (ValidationStatus.FAIL, ValidationStatus.WARNING, ValidationStatus.PASS):
        if status in found:
            return status
    return ValidationStatus.FAIL


def validation_lines(report: ValidationReport) -> list[str]:
    """Write a report for people, one line a finding."""
    lines = [
        f"VALIDATION {report.status}  plan {report.plan_id} ({report.mode})",
        f"Simulated only; no order was made. Valid until {time_text(report.expires_at)}.",
    ]
    for check in report.checks:
        code = f" {check.code}:" if check.code else ""
        lines.append(f"  {check.status:<7} {check.name}:{code} {check.message}")
        if check.remedy:
            lines.append(f"          {check.remedy}")
    return lines
