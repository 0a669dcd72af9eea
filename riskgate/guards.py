"""The guards of an execution: who asks, on what validation, knowingly, and within the day's limits.

All of them always run and all are reported. Only the tenant guard holds for a dry run or paper.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from riskgate.contracts.base import (
    Code,
    Contract,
    Identifier,
    Money,
    NonNegative,
    Sha256,
    UtcTime,
    decimal_text,
    time_text,
)
from riskgate.contracts.orders import ExecutionMode
from riskgate.policy.limits import LiveLimits

# Enough for the sum of any two numbers that a contract holds.
_EXACT: Final = Context(prec=64)
_IDENTIFIER: Final[TypeAdapter[str]] = TypeAdapter(Identifier)

OrderCount = Annotated[int, Field(ge=0, strict=True)]
Details = dict[str, str | None]


class ValidationStatus(StrEnum):
    PASS = "PASS"
    WARNING = "WARNING"
    FAIL = "FAIL"


class GuardName(StrEnum):
    """The guards in the order in which they are reported."""

    TENANT = "TenantContext"
    VALIDATION = "ValidationRequired"
    ACKNOWLEDGEMENT = "Acknowledgement"
    LIMITS = "ExecutionLimits"


class GuardStatus(StrEnum):
    PASSED = "PASSED"
    BLOCKED = "BLOCKED"


class StoredValidation(Contract):
    """A validation as the store holds it, bound to one plan and tenant; no caller vouches for one.

    It counts until `expires_at`; at that moment it is over.
    """

    validation_id: Identifier
    plan_hash: Sha256
    tenant_id: Identifier
    status: ValidationStatus
    made_at: UtcTime
    expires_at: UtcTime
    codes: tuple[Code, ...] = ()


class DayTotals(Contract):
    """What the account's live trading day came to so far. None is not known, and blocks LIVE.

    A loss is positive; a profit is a negative loss and leaves that much more to lose.
    """

    orders_sent: OrderCount | None = None
    notional_sent: NonNegative | None = None
    realised_loss: Money | None = None


class ExecutionRequest(Contract):
    """What is asked to be executed. `tenant_id` is as the caller gave it, not yet believed.

    `proposed_orders` counts slices; with `only_reduces` none of them opens anything.
    `loss_at_stop` is the most that the proposal loses at its stop; without one only what is
    already lost is held against the limit. `requested_at` is for the record; the guards judge by
    the clock they are given.
    """

    tenant_id: str | None
    plan_tenant_id: Identifier
    plan_hash: Sha256
    mode: ExecutionMode = ExecutionMode.DRY_RUN
    proposed_orders: OrderCount
    proposed_notional: NonNegative
    loss_at_stop: NonNegative | None = None
    only_reduces: Annotated[bool, Field(strict=True)] = False
    acknowledged_risk: Annotated[bool, Field(strict=True)] = False
    requested_at: UtcTime


class GuardResult(Contract):
    """What one guard found. `code` is its first fault, `also` the codes of the others."""

    name: GuardName
    passed: bool
    code: Code | None = None
    also: tuple[Code, ...] = ()
    message: str
    remedy: str | None = None
    details: Details = Field(default_factory=dict)

    @model_validator(mode="after")
    def _only_a_failure_has_a_code(self) -> Self:
        if self.passed != (self.code is None) or (self.passed and self.also):
            raise ValueError("a guard has a code exactly when it did not pass")
        return self

    @property
    def codes(self) -> tuple[str, ...]:
        return () if self.code is None else (self.code, *self.also)


class GuardReport(Contract):
    """The results of all guards, always in the order of `GuardName`; one failure blocks."""

    passed: bool
    results: tuple[GuardResult, ...]

    @model_validator(mode="after")
    def _tells_of_every_guard(self) -> Self:
        if [result.name for result in self.results] != list(GuardName):
            raise ValueError("every guard is reported once, in order")
        if self.passed != all(result.passed for result in self.results):
            raise ValueError("passed is that every guard passed")
        return self

    @property
    def status(self) -> GuardStatus:
        return GuardStatus.PASSED if self.passed else GuardStatus.BLOCKED

    @property
    def failed(self) -> tuple[GuardResult, ...]:
        return tuple(result for result in self.results if not result.passed)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for result in self.results for code in result.codes)


def run_guards(
    request: ExecutionRequest,
    validation: StoredValidation | None,
    limits: LiveLimits,
    totals: DayTotals,
    now: datetime,
) -> GuardReport:
    """Run every guard, whatever the ones before it found."""
    results = (
        guard_tenant(request),
        guard_validation(request, validation, now),
        guard_acknowledgement(request),
        guard_limits(request, limits, totals),
    )
    return GuardReport(passed=all(result.passed for result in results), results=results)


def guard_tenant(request: ExecutionRequest) -> GuardResult:
    """Pass the tenant that owns the plan, in every mode."""
    return _result(GuardName.TENANT, _tenant_faults(request), "The plan is the tenant's own")


def guard_validation(
    request: ExecutionRequest, validation: StoredValidation | None, now: datetime
) -> GuardResult:
    """Pass a LIVE run of exactly the plan whose stored validation did not fail and is not over."""
    if request.mode is not ExecutionMode.LIVE:
        return _not_required(GuardName.VALIDATION, request.mode)
    if validation is None:
        return _result(GuardName.VALIDATION, [_NOT_VALIDATED])
    if _is_foreign(request, validation):
        return _result(GuardName.VALIDATION, [_FOREIGN_VALIDATION])
    return _result(
        GuardName.VALIDATION,
        _validation_faults(request, validation, now),
        _fine_validation(validation),
        _told(validation),
    )


def guard_acknowledgement(request: ExecutionRequest) -> GuardResult:
    """Pass a LIVE run whose risk was acknowledged."""
    if request.mode is not ExecutionMode.LIVE:
        return _not_required(GuardName.ACKNOWLEDGEMENT, request.mode)
    faults = [] if request.acknowledged_risk else [_NOT_ACKNOWLEDGED]
    return _result(GuardName.ACKNOWLEDGEMENT, faults, "The risk was acknowledged")


def guard_limits(request: ExecutionRequest, limits: LiveLimits, totals: DayTotals) -> GuardResult:
    """Pass a LIVE run that leaves the day within its limits, the proposal included.

    Orders and notional may come to just their limit: with 9 sent and a limit of 10, one more may
    go. A loss that has reached its limit ends the day, and a proposal that could take it above
    the limit at its stop does not pass; to just the limit it does. A limit or a total that is not
    known blocks. What only closes what is held is never kept from leaving by the day's limits.
    """
    if request.mode is not ExecutionMode.LIVE:
        return _not_required(GuardName.LIMITS, request.mode)
    measures = _measures(request, limits, totals)
    told = {name: text for measure in measures for name, text in measure.told().items()}
    if request.only_reduces:
        return _result(GuardName.LIMITS, [], "An exit is not held to the day's limits", told)
    return _result(
        GuardName.LIMITS, _limit_faults(measures), "The day stays within its limits", told
    )


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str
    message: str
    remedy: str


_NOT_VALIDATED: Final = _Fault(
    code="VALIDATION_MISSING",
    message="The plan has no stored validation",
    remedy="Validate the plan first; no flag replaces a validation",
)
_FOREIGN_VALIDATION: Final = _Fault(
    code="VALIDATION_OF_ANOTHER_TENANT",
    message="The validation is not of the tenant that asks",
    remedy="Validate the plan as the tenant that owns it",
)
_NOT_ACKNOWLEDGED: Final = _Fault(
    code="ACKNOWLEDGEMENT_MISSING",
    message="A LIVE run risks money, and that was not acknowledged",
    remedy="Acknowledge the risk in this request, or run it as a dry run",
)


def _result(
    name: GuardName, faults: Iterable[_Fault], fine: str = "", details: Details | None = None
) -> GuardResult:
    found, details = tuple(faults), details or {}
    if not found:
        return GuardResult(name=name, passed=True, message=fine, details=details)
    return GuardResult(
        name=name,
        passed=False,
        code=found[0].code,
        also=tuple(fault.code for fault in found[1:]),
        message="; ".join(fault.message for fault in found),
        remedy="; ".join(fault.remedy for fault in found),
        details=details,
    )


def _not_required(name: GuardName, mode: ExecutionMode) -> GuardResult:
    return _result(name, [], f"Not required for {mode}, only for LIVE")


def _tenant_faults(request: ExecutionRequest) -> Iterator[_Fault]:
    tenant_id = request.tenant_id
    if tenant_id is None or not tenant_id.strip():
        yield _Fault(
            code="TENANT_MISSING",
            message="No tenant was named",
            remedy="Name the tenant that owns the plan",
        )
    elif not _is_identifier(tenant_id):
        yield _Fault(
            code="TENANT_INVALID_FORMAT",
            message="What was given is not the name of a tenant",
            remedy="Give 1 to 64 letters, digits or _ . : - that begin with a letter or digit",
        )
    elif tenant_id != request.plan_tenant_id:
        yield _Fault(
            code="TENANT_MISMATCH",
            message="The plan is another tenant's",
            remedy="Execute a plan of the tenant's own",
        )


def _is_identifier(text: str) -> bool:
    try:
        _IDENTIFIER.validate_python(text)
    except ValidationError:
        return False
    return True


def _is_foreign(request: ExecutionRequest, validation: StoredValidation) -> bool:
    return {request.tenant_id, request.plan_tenant_id} != {validation.tenant_id}


def _validation_faults(
    request: ExecutionRequest, validation: StoredValidation, now: datetime
) -> Iterator[_Fault]:
    if validation.plan_hash != request.plan_hash:
        yield _Fault(
            code="VALIDATION_OF_ANOTHER_PLAN",
            message="The validation is of another plan, or of this one before it changed",
            remedy="Validate the plan as it is now",
        )
    if now >= validation.expires_at:
        yield _Fault(
            code="VALIDATION_EXPIRED",
            message=f"The validation ended at {time_text(validation.expires_at)}",
            remedy="Validate the plan again",
        )
    if validation.status is ValidationStatus.FAIL:
        yield _Fault(
            code="VALIDATION_FAILED",
            message=f"The plan failed its validation: {_listed(validation.codes)}",
            remedy="Mend what the validation names and validate the new plan",
        )


def _fine_validation(validation: StoredValidation) -> str:
    if validation.status is ValidationStatus.WARNING:
        return f"The plan passed its validation with warnings: {_listed(validation.codes)}"
    return "The plan passed its validation"


def _told(validation: StoredValidation) -> Details:
    return {
        "validation_id": validation.validation_id,
        "status": validation.status.value,
        "made_at": time_text(validation.made_at),
        "expires_at": time_text(validation.expires_at),
        "codes": ", ".join(validation.codes),
    }


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "none named"


@dataclass(frozen=True, slots=True)
class _Measure:
    """One limit of the day beside what counts against it."""

    what: str
    code: str
    limit: Decimal | int | None
    today: Decimal | int | None
    proposed: Decimal | int | None
    ends_at_limit: bool = False

    @property
    def limit_name(self) -> str:
        return f"max_{self.what}_per_day"

    @property
    def breached(self) -> bool:
        if self.limit is None or self.today is None:
            return False
        if self.ends_at_limit and self.today >= self.limit:
            return True
        proposed = Decimal(0) if self.proposed is None else Decimal(self.proposed)
        return _EXACT.add(Decimal(self.today), proposed) > self.limit

    def fault(self) -> _Fault:
        proposed = "unknown" if self.proposed is None else _text(self.proposed)
        return _Fault(
            code=self.code,
            message=f"The day's {self.what}: {_text(self.today)} so far and {proposed} proposed, "
            f"the limit is {_text(self.limit)}",
            remedy=f"Send less, wait for the next day, or have {self.limit_name} changed",
        )

    def told(self) -> Details:
        return {
            f"{self.what}_today": _text(self.today),
            f"{self.what}_proposed": _text(self.proposed),
            self.limit_name: _text(self.limit),
        }


def _measures(
    request: ExecutionRequest, limits: LiveLimits, totals: DayTotals
) -> tuple[_Measure, ...]:
    return (
        _Measure(
            what="orders",
            code="ORDERS_PER_DAY",
            limit=limits.max_orders_per_day,
            today=totals.orders_sent,
            proposed=request.proposed_orders,
        ),
        _Measure(
            what="notional",
            code="NOTIONAL_PER_DAY",
            limit=limits.max_notional_per_day,
            today=totals.notional_sent,
            proposed=request.proposed_notional,
        ),
        _Measure(
            what="loss",
            code="LOSS_PER_DAY",
            limit=limits.max_loss_per_day,
            today=totals.realised_loss,
            proposed=request.loss_at_stop,
            ends_at_limit=True,
        ),
    )


def _limit_faults(measures: tuple[_Measure, ...]) -> Iterator[_Fault]:
    missing = [measure.limit_name for measure in measures if measure.limit is None]
    unknown = [measure.what for measure in measures if measure.today is None]
    if missing:
        yield _Fault(
            code="LIMITS_MISSING",
            message=f"The policy sets no {_listed(missing)}",
            remedy=f"Set {_listed(missing)} under live in the account's policy",
        )
    if unknown:
        yield _Fault(
            code="DAY_TOTALS_UNKNOWN",
            message=f"What the day came to is not known: {_listed(unknown)}",
            remedy="Reconcile the account, then try again",
        )
    yield from (measure.fault() for measure in measures if measure.breached)


def _text(value: Decimal | int | None) -> str | None:
    return None if value is None else decimal_text(Decimal(value))
