"""What holds for every request, validation, day and set of limits that the guards can be given."""

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from riskgate.contracts.orders import ExecutionMode
from riskgate.guards import (
    DayTotals,
    ExecutionRequest,
    GuardName,
    GuardStatus,
    StoredValidation,
    ValidationStatus,
    guard_limits,
    guard_validation,
    run_guards,
)
from riskgate.policy import LiveLimits
from tests.unit.riskgate.test_guards import (
    NOW,
    OTHER_HASH,
    PLAN_HASH,
    a_request,
    a_validation,
    day_totals,
    live_limits,
)

counts = st.integers(0, 30)
sums = st.integers(0, 3_000).map(lambda n: Decimal(n) / 100)
losses = st.integers(-1_000, 3_000).map(lambda n: Decimal(n) / 100)
tenants = st.sampled_from(["main", "other"])
hashes = st.sampled_from([PLAN_HASH, OTHER_HASH])
times = st.integers(-10, 10).map(lambda n: NOW + timedelta(seconds=n))

requests = st.builds(
    ExecutionRequest,
    tenant_id=st.none() | tenants | st.text(max_size=80),
    plan_tenant_id=tenants,
    plan_hash=hashes,
    mode=st.sampled_from(ExecutionMode),
    proposed_orders=counts,
    proposed_notional=sums,
    loss_at_stop=st.none() | sums,
    acknowledged_risk=st.booleans(),
    requested_at=times,
)
validations = st.none() | st.builds(
    StoredValidation,
    validation_id=st.just("validation-1"),
    plan_hash=hashes,
    tenant_id=tenants,
    status=st.sampled_from(ValidationStatus),
    made_at=times,
    expires_at=times,
    codes=st.lists(st.sampled_from(["PRICE_MOVED", "STOP_MISSING"]), max_size=3).map(tuple),
)
amounts = sums.filter(lambda amount: amount > 0)
limits_of_a_day = st.builds(
    LiveLimits,
    max_orders_per_day=st.none() | st.integers(1, 30),
    max_notional_per_day=st.none() | amounts,
    max_loss_per_day=st.none() | amounts,
)
totals_of_a_day = st.builds(
    DayTotals,
    orders_sent=st.none() | counts,
    notional_sent=st.none() | sums,
    realised_loss=st.none() | losses,
)


def tightened(limits: LiveLimits, by: int) -> LiveLimits:
    """Lower every limit that is there, down to what may still be written."""
    orders, notional, loss = (
        limits.max_orders_per_day,
        limits.max_notional_per_day,
        limits.max_loss_per_day,
    )
    return LiveLimits(
        max_orders_per_day=orders and max(orders - by, 1),
        max_notional_per_day=notional and max(notional - by, Decimal("0.01")),
        max_loss_per_day=loss and max(loss - by, Decimal("0.01")),
    )


@given(requests, validations, limits_of_a_day, totals_of_a_day, times)
def test_a_report_always_has_the_four_guards_in_order_and_one_failure_blocks(
    request: ExecutionRequest,
    validation: StoredValidation | None,
    limits: LiveLimits,
    totals: DayTotals,
    now: datetime,
) -> None:
    report = run_guards(request, validation, limits, totals, now)
    assert [result.name for result in report.results] == list(GuardName)
    assert report.passed == (not report.failed)
    assert (report.status is GuardStatus.BLOCKED) == bool(report.codes)
    assert all(result.code and result.message and result.remedy for result in report.failed)
    assert report == run_guards(request, validation, limits, totals, now)


@given(requests, validations, limits_of_a_day, totals_of_a_day)
def test_without_live_nothing_but_the_tenant_blocks(
    request: ExecutionRequest,
    validation: StoredValidation | None,
    limits: LiveLimits,
    totals: DayTotals,
) -> None:
    for mode in (ExecutionMode.DRY_RUN, ExecutionMode.PAPER):
        report = run_guards(
            request.model_copy(update={"mode": mode}), validation, limits, totals, NOW
        )
        assert {result.name for result in report.failed} <= {GuardName.TENANT}
        assert report.passed == (request.tenant_id == request.plan_tenant_id)


@settings(max_examples=500)
@given(
    st.builds(a_request, tenant_id=tenants, plan_tenant_id=tenants, plan_hash=hashes), validations
)
def test_a_validation_passes_live_exactly_when_it_is_this_plans_good_and_not_over(
    request: ExecutionRequest, validation: StoredValidation | None
) -> None:
    it_counts = (
        validation is not None
        and validation.plan_hash == request.plan_hash
        and request.tenant_id == request.plan_tenant_id == validation.tenant_id
        and validation.status is not ValidationStatus.FAIL
        and validation.expires_at > NOW
    )
    assert guard_validation(request, validation, NOW).passed == it_counts


@given(
    st.builds(
        a_request, proposed_orders=counts, proposed_notional=sums, loss_at_stop=st.none() | sums
    ),
    limits_of_a_day,
    totals_of_a_day,
    st.integers(0, 30),
)
def test_a_tighter_limit_never_unblocks(
    request: ExecutionRequest, limits: LiveLimits, totals: DayTotals, by: int
) -> None:
    loose = guard_limits(request, limits, totals)
    tight = guard_limits(request, tightened(limits, by), totals)
    assert set(loose.codes) <= set(tight.codes)


@given(counts, sums, losses, counts, sums, sums)
def test_the_day_after_what_passed_is_within_its_limits(
    sent: int, notional: Decimal, lost: Decimal, orders: int, proposed: Decimal, at_stop: Decimal
) -> None:
    limits = live_limits(max_orders_per_day=30, max_notional_per_day=30, max_loss_per_day=30)
    totals = day_totals(orders_sent=sent, notional_sent=notional, realised_loss=lost)
    request = a_request(proposed_orders=orders, proposed_notional=proposed, loss_at_stop=at_stop)
    after = sent + orders <= 30 and notional + proposed <= 30 and lost + at_stop <= 30
    assert guard_limits(request, limits, totals).passed == (after and lost < 30)


@given(st.integers(100, 10**20), sums)
def test_a_proposal_above_the_limit_is_blocked_however_empty_the_day(
    limit: int, above: Decimal
) -> None:
    request = a_request(proposed_notional=limit + above)
    empty = day_totals(orders_sent=0, notional_sent=0, realised_loss=0)
    report = run_guards(
        request, a_validation(), live_limits(max_notional_per_day=limit), empty, NOW
    )
    assert report.codes == (("NOTIONAL_PER_DAY",) if above else ())
