"""Who may execute what. The day so far: 3 orders, 30,000 sent, 300 lost; 1 order of 10,000 asked.

The limits are 10 orders, 100,000 sent and 1,000 lost.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from riskgate.contracts.orders import ExecutionMode
from riskgate.guards import (
    DayTotals,
    ExecutionRequest,
    GuardName,
    GuardReport,
    GuardResult,
    GuardStatus,
    StoredValidation,
    ValidationStatus,
    guard_acknowledgement,
    guard_limits,
    guard_tenant,
    guard_validation,
    run_guards,
)
from riskgate.policy import LiveLimits

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
PLAN_HASH, OTHER_HASH = "a" * 64, "b" * 64
NOT_LIVE = (ExecutionMode.DRY_RUN, ExecutionMode.PAPER)
NO_LIMITS, NOTHING_KNOWN = LiveLimits(), DayTotals()


def a_request(**changes: Any) -> ExecutionRequest:
    fields: dict[str, Any] = {
        "tenant_id": "main",
        "plan_tenant_id": "main",
        "plan_hash": PLAN_HASH,
        "mode": ExecutionMode.LIVE,
        "proposed_orders": 1,
        "proposed_notional": 10_000,
        "loss_at_stop": 100,
        "acknowledged_risk": True,
        "requested_at": NOW,
    }
    return ExecutionRequest(**fields | changes)


def a_validation(**changes: Any) -> StoredValidation:
    fields: dict[str, Any] = {
        "validation_id": "validation-1",
        "plan_hash": PLAN_HASH,
        "tenant_id": "main",
        "status": ValidationStatus.PASS,
        "made_at": NOW - timedelta(minutes=5),
        "expires_at": NOW + timedelta(minutes=10),
    }
    return StoredValidation(**fields | changes)


def live_limits(**changes: Any) -> LiveLimits:
    fields: dict[str, Any] = {
        "max_orders_per_day": 10,
        "max_notional_per_day": 100_000,
        "max_loss_per_day": 1_000,
    }
    return LiveLimits(**fields | changes)


def day_totals(**changes: Any) -> DayTotals:
    fields: dict[str, Any] = {"orders_sent": 3, "notional_sent": 30_000, "realised_loss": 300}
    return DayTotals(**fields | changes)


def a_bare_request(mode: ExecutionMode) -> ExecutionRequest:
    return a_request(tenant_id=None, mode=mode, acknowledged_risk=False)


def limited(
    request: dict[str, Any] | None = None,
    limits: dict[str, Any] | None = None,
    totals: dict[str, Any] | None = None,
) -> GuardResult:
    return guard_limits(
        a_request(**request or {}), live_limits(**limits or {}), day_totals(**totals or {})
    )


# The report


def test_a_live_request_with_everything_in_order_passes_all_four_guards() -> None:
    report = run_guards(a_request(), a_validation(), live_limits(), day_totals(), NOW)
    assert report.passed
    assert report.status is GuardStatus.PASSED
    assert report.codes == ()
    assert [result.name for result in report.results] == list(GuardName)


def test_a_bare_live_request_reports_four_failed_guards() -> None:
    report = run_guards(a_bare_request(ExecutionMode.LIVE), None, NO_LIMITS, NOTHING_KNOWN, NOW)
    assert report.status is GuardStatus.BLOCKED
    assert [(result.name.value, result.code) for result in report.failed] == [
        ("TenantContext", "TENANT_MISSING"),
        ("ValidationRequired", "VALIDATION_MISSING"),
        ("Acknowledgement", "ACKNOWLEDGEMENT_MISSING"),
        ("ExecutionLimits", "LIMITS_MISSING"),
    ]
    assert all(result.message and result.remedy for result in report.failed)


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"request": a_request(tenant_id=None)}, {GuardName.TENANT, GuardName.VALIDATION}),
        ({"validation": None}, {GuardName.VALIDATION}),
        ({"request": a_request(acknowledged_risk=False)}, {GuardName.ACKNOWLEDGEMENT}),
        ({"limits": NO_LIMITS}, {GuardName.LIMITS}),
        ({"totals": NOTHING_KNOWN}, {GuardName.LIMITS}),
    ],
)
def test_one_guard_that_fails_blocks_and_the_others_are_still_told(
    changes: dict[str, Any], failed: set[GuardName]
) -> None:
    values: dict[str, Any] = {
        "request": a_request(),
        "validation": a_validation(),
        "limits": live_limits(),
        "totals": day_totals(),
    }
    report = run_guards(**values | changes, now=NOW)
    assert report.status is GuardStatus.BLOCKED
    assert {result.name for result in report.failed} == failed
    assert len(report.results) == 4


@pytest.mark.parametrize("mode", NOT_LIVE)
def test_without_live_only_the_tenant_can_block(mode: ExecutionMode) -> None:
    report = run_guards(a_bare_request(mode), None, NO_LIMITS, NOTHING_KNOWN, NOW)
    assert report.codes == ("TENANT_MISSING",)
    assert [result.message for result in report.results[1:]] == [
        f"Not required for {mode.value}, only for LIVE"
    ] * 3


def test_a_request_that_names_no_mode_is_a_dry_run_without_acknowledgement() -> None:
    given = a_request().model_dump(exclude={"mode", "acknowledged_risk"})
    request = ExecutionRequest(**given)
    assert (request.mode, request.acknowledged_risk) == (ExecutionMode.DRY_RUN, False)


def test_a_report_reads_back_equal_from_its_own_text() -> None:
    report = run_guards(a_request(), None, live_limits(), day_totals(), NOW)
    assert GuardReport.model_validate_json(report.model_dump_json()) == report


def test_a_report_that_calls_itself_passed_over_a_failed_guard_is_refused() -> None:
    report = run_guards(a_request(), None, live_limits(), day_totals(), NOW)
    with pytest.raises(ValidationError, match="every guard passed"):
        GuardReport(passed=True, results=report.results)


def test_a_report_without_one_of_the_guards_is_refused() -> None:
    report = run_guards(a_request(), a_validation(), live_limits(), day_totals(), NOW)
    with pytest.raises(ValidationError, match="reported once, in order"):
        GuardReport(passed=True, results=report.results[1:])


@pytest.mark.parametrize(
    "fields",
    [
        {"passed": True, "code": "TENANT_MISSING"},
        {"passed": False},
        {"passed": True, "also": ("TENANT_MISSING",)},
    ],
)
def test_a_result_that_contradicts_itself_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="exactly when it did not pass"):
        GuardResult(name=GuardName.TENANT, message="", **fields)


# Tenant


@pytest.mark.parametrize("mode", ExecutionMode)
@pytest.mark.parametrize(
    ("tenant_id", "code"),
    [
        ("main", None),
        (None, "TENANT_MISSING"),
        ("", "TENANT_MISSING"),
        (" \t\n", "TENANT_MISSING"),
        ("-1", "TENANT_INVALID_FORMAT"),
        ("main\n", "TENANT_INVALID_FORMAT"),
        ("main; DROP TABLE plans", "TENANT_INVALID_FORMAT"),
        ("m" * 65, "TENANT_INVALID_FORMAT"),
        ("x" * 100_000, "TENANT_INVALID_FORMAT"),
        ("m" * 64, "TENANT_MISMATCH"),
        ("other", "TENANT_MISMATCH"),
        ("Main", "TENANT_MISMATCH"),
    ],
)
def test_only_the_tenant_that_owns_the_plan_passes_in_every_mode(
    mode: ExecutionMode, tenant_id: str | None, code: str | None
) -> None:
    result = guard_tenant(a_request(tenant_id=tenant_id, mode=mode))
    assert (result.passed, result.code) == (code is None, code)


def test_a_foreign_caller_is_not_told_whose_plan_it_is() -> None:
    request = a_request(tenant_id="curious", plan_tenant_id="secretive")
    validation = a_validation(tenant_id="secretive", codes=("RISK_DENY",))
    report = run_guards(request, validation, live_limits(), day_totals(), NOW)
    assert report.codes == ("TENANT_MISMATCH", "VALIDATION_OF_ANOTHER_TENANT")
    assert "secretive" not in report.model_dump_json()
    assert "RISK_DENY" not in report.model_dump_json()


# Validation


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, ()),
        ({"tenant_id": "other"}, ("VALIDATION_OF_ANOTHER_TENANT",)),
        ({"plan_hash": OTHER_HASH}, ("VALIDATION_OF_ANOTHER_PLAN",)),
        ({"status": ValidationStatus.FAIL}, ("VALIDATION_FAILED",)),
        ({"expires_at": NOW + MOMENT}, ()),
        ({"expires_at": NOW}, ("VALIDATION_EXPIRED",)),
        ({"expires_at": NOW - MOMENT}, ("VALIDATION_EXPIRED",)),
        (
            {"plan_hash": OTHER_HASH, "expires_at": NOW, "status": ValidationStatus.FAIL},
            ("VALIDATION_OF_ANOTHER_PLAN", "VALIDATION_EXPIRED", "VALIDATION_FAILED"),
        ),
    ],
)
def test_live_needs_a_validation_of_this_plan_and_tenant_that_is_not_over(
    changes: dict[str, Any], codes: tuple[str, ...]
) -> None:
    result = guard_validation(a_request(), a_validation(**changes), NOW)
    assert (result.passed, result.codes) == (not codes, codes)


def test_a_validation_does_not_move_to_a_plan_of_another_tenant() -> None:
    request = a_request(tenant_id="main", plan_tenant_id="other")
    result = guard_validation(request, a_validation(tenant_id="main"), NOW)
    assert result.codes == ("VALIDATION_OF_ANOTHER_TENANT",)


def test_a_validation_is_judged_by_the_clock_and_not_by_when_the_request_was_made() -> None:
    request = a_request(requested_at=NOW - timedelta(hours=1))
    result = guard_validation(request, a_validation(expires_at=NOW), NOW)
    assert result.code == "VALIDATION_EXPIRED"


def test_a_warning_passes_and_is_shown() -> None:
    warned = a_validation(status=ValidationStatus.WARNING, codes=("PRICE_MOVED", "STOP_MISSING"))
    result = guard_validation(a_request(), warned, NOW)
    assert (result.passed, result.remedy) == (True, None)
    assert result.message == (
        "The plan passed its validation with warnings: PRICE_MOVED, STOP_MISSING"
    )
    assert result.details == {
        "validation_id": "validation-1",
        "status": "WARNING",
        "made_at": "2026-03-02T05:55:00.000000Z",
        "expires_at": "2026-03-02T06:10:00.000000Z",
        "codes": "PRICE_MOVED, STOP_MISSING",
    }


def test_a_failed_validation_names_what_failed() -> None:
    failed = a_validation(status=ValidationStatus.FAIL, codes=("RISK_DENY",))
    result = guard_validation(a_request(), failed, NOW)
    assert result.message == "The plan failed its validation: RISK_DENY"


def test_a_request_has_no_field_that_vouches_for_a_validation() -> None:
    with pytest.raises(ValidationError, match="validated"):
        a_request(validated=True)


# Acknowledgement


@pytest.mark.parametrize(
    ("acknowledged", "code"), [(True, None), (False, "ACKNOWLEDGEMENT_MISSING")]
)
def test_live_needs_the_risk_acknowledged(acknowledged: bool, code: str | None) -> None:
    result = guard_acknowledgement(a_request(acknowledged_risk=acknowledged))
    assert (result.passed, result.code) == (acknowledged, code)


@pytest.mark.parametrize("word", ["yes", "true", 1, None])
def test_only_a_true_acknowledges(word: object) -> None:
    with pytest.raises(ValidationError, match="acknowledged_risk"):
        a_request(acknowledged_risk=word)


# Limits


def test_every_missing_limit_is_named() -> None:
    result = guard_limits(a_request(), NO_LIMITS, day_totals())
    assert result.codes == ("LIMITS_MISSING",)
    assert result.message == (
        "The policy sets no max_orders_per_day, max_notional_per_day, max_loss_per_day"
    )


@pytest.mark.parametrize("name", ["max_orders_per_day", "max_notional_per_day", "max_loss_per_day"])
def test_one_missing_limit_blocks_and_only_it_is_named(name: str) -> None:
    result = limited(limits={name: None})
    assert result.codes == ("LIMITS_MISSING",)
    assert result.message == f"The policy sets no {name}"


@pytest.mark.parametrize(
    ("name", "what"),
    [("orders_sent", "orders"), ("notional_sent", "notional"), ("realised_loss", "loss")],
)
def test_one_unknown_total_blocks_and_only_it_is_named(name: str, what: str) -> None:
    result = limited(totals={name: None})
    assert result.codes == ("DAY_TOTALS_UNKNOWN",)
    assert result.message == f"What the day came to is not known: {what}"


@pytest.mark.parametrize(
    ("sent", "proposed", "passed"),
    [(9, 1, True), (10, 1, False), (9, 2, False), (0, 10, True), (0, 11, False), (11, 0, False)],
)
def test_the_day_may_come_to_just_its_orders(sent: int, proposed: int, passed: bool) -> None:
    result = limited({"proposed_orders": proposed}, totals={"orders_sent": sent})
    assert (result.passed, result.codes) == (passed, () if passed else ("ORDERS_PER_DAY",))


@pytest.mark.parametrize(
    ("sent", "proposed", "passed"),
    [
        ("90000", "10000", True),
        ("90000", "10000.01", False),
        ("90000.01", "10000", False),
        ("0", "100000", True),
        ("100000", "0.01", False),
        ("100000", "0.000000000000000001", False),
    ],
)
def test_the_day_may_come_to_just_its_notional(sent: str, proposed: str, passed: bool) -> None:
    result = limited({"proposed_notional": proposed}, totals={"notional_sent": sent})
    assert (result.passed, result.codes) == (passed, () if passed else ("NOTIONAL_PER_DAY",))


@pytest.mark.parametrize(
    ("lost", "at_stop", "passed"),
    [
        ("999.99", None, True),
        ("1000", None, False),
        ("1000", "0", False),
        ("1000.01", None, False),
        ("900", "100", True),
        ("900", "100.01", False),
        ("0", "1000", True),
        ("0", "1000.01", False),
        ("-500", "1500", True),
        ("-500", "1500.01", False),
    ],
)
def test_a_loss_at_its_limit_ends_the_day_and_a_stop_may_only_come_to_it(
    lost: str, at_stop: str | None, passed: bool
) -> None:
    result = limited({"loss_at_stop": at_stop}, totals={"realised_loss": lost})
    assert (result.passed, result.codes) == (passed, () if passed else ("LOSS_PER_DAY",))


def test_the_proposal_itself_counts_on_a_day_without_orders() -> None:
    result = limited(
        {"proposed_notional": "5e10"},
        {"max_notional_per_day": 100},
        {"orders_sent": 0, "notional_sent": 0, "realised_loss": 0},
    )
    assert result.code == "NOTIONAL_PER_DAY"
    assert result.message == (
        "The day's notional: 0 so far and 50000000000 proposed, the limit is 100"
    )


def test_a_paisa_above_a_limit_of_many_digits_is_not_rounded_away() -> None:
    large = "9" * 28
    result = limited(
        {"proposed_notional": "0.01"}, {"max_notional_per_day": large}, {"notional_sent": large}
    )
    assert result.codes == ("NOTIONAL_PER_DAY",)


def test_everything_that_is_wrong_with_the_limits_is_told_at_once() -> None:
    result = limited(
        {"proposed_notional": 70_001}, {"max_orders_per_day": None}, {"realised_loss": 1_000}
    )
    assert result.code == "LIMITS_MISSING"
    assert result.also == ("NOTIONAL_PER_DAY", "LOSS_PER_DAY")
    assert result.details == {
        "orders_today": "3",
        "orders_proposed": "1",
        "max_orders_per_day": None,
        "notional_today": "30000",
        "notional_proposed": "70001",
        "max_notional_per_day": "100000",
        "loss_today": "1000",
        "loss_proposed": "100",
        "max_loss_per_day": "1000",
    }


def test_a_limit_of_hundreds_of_digits_is_told_and_not_stumbled_over() -> None:
    result = limited({"proposed_orders": 11}, {"max_notional_per_day": Decimal("1e400")})
    assert result.codes == ("ORDERS_PER_DAY",)


def test_an_exit_is_not_held_to_the_days_limits_but_to_everything_else() -> None:
    report = run_guards(
        a_request(only_reduces=True, acknowledged_risk=False), None, NO_LIMITS, NOTHING_KNOWN, NOW
    )
    assert report.codes == ("VALIDATION_MISSING", "ACKNOWLEDGEMENT_MISSING")
    assert report.results[-1].passed
