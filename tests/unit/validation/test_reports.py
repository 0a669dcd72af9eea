"""A report says what happened and nothing that did not."""

from decimal import Decimal

import pytest

from app.validation.execution import (
    Block,
    RunReport,
    RunStatus,
    headline_of,
    report_lines,
    status_of_orders,
)
from app.validation.paper_run import paper_run
from app.validation.report import Check, CheckName, failed, passed, status_of, warned
from riskgate.contracts.orders import ExecutionMode, OrderState
from riskgate.contracts.traces import SubmittedOrder
from riskgate.guards import DayTotals, ValidationStatus, run_guards
from tests.builders import a_submitted_order
from tests.unit.riskgate.builders import a_market_leg, a_plan, a_quote
from tests.unit.riskgate.test_guards import NO_LIMITS, NOW, PLAN_HASH, a_request

TENANT = CheckName.TENANT
FINE = passed(TENANT, "fine")
ODD = warned(TENANT, code="ODD", message="odd", remedy="look")
BAD = failed(TENANT, code="BAD", message="bad", remedy="mend")


@pytest.mark.parametrize(
    ("checks", "status"),
    [((FINE,), "PASS"), ((FINE, ODD), "WARNING"), ((ODD, BAD, FINE), "FAIL"), ((), "FAIL")],
)
def test_the_worst_check_decides_and_nothing_checked_fails(
    checks: tuple[Check, ...], status: str
) -> None:
    assert status_of(checks) is ValidationStatus(status)


@pytest.mark.parametrize(
    ("states", "filled", "status"),
    [
        ((OrderState.FILLED, OrderState.OPEN), 0, "SUCCESS"),
        ((OrderState.SIMULATED,), 0, "SUCCESS"),
        ((OrderState.FILLED, OrderState.REJECTED), 0, "PARTIAL"),
        ((OrderState.CANCELLED,), 4, "PARTIAL"),
        ((OrderState.REJECTED, OrderState.NOT_SENT), 0, "FAILED"),
        ((), 0, "FAILED"),
        ((OrderState.FILLED, OrderState.UNKNOWN), 10, "UNKNOWN"),
        ((OrderState.FILLED, OrderState.PLANNED), 10, "UNKNOWN"),
    ],
)
def test_orders_together_come_to_one_status_and_doubt_wins(
    states: tuple[OrderState, ...], filled: int, status: str
) -> None:
    orders = [a_submitted_order(state, filled) for state in states]
    assert status_of_orders(orders) is RunStatus(status)


def a_report(mode: ExecutionMode, status: RunStatus, *orders: SubmittedOrder) -> RunReport:
    request = a_request(mode=mode, acknowledged_risk=False)
    run = None
    if mode is ExecutionMode.DRY_RUN:
        run = paper_run(a_plan(a_market_leg()), [a_quote(ask=1000)])
    blocked = status is RunStatus.BLOCKED
    return RunReport(
        execution_id="exe_1",
        plan_id="plan-1",
        plan_hash=PLAN_HASH,
        tenant_id="main",
        account_id="acc",
        mode=mode,
        status=status,
        headline=headline_of(mode, status, orders, run),
        guards=run_guards(request, None, NO_LIMITS, DayTotals(), NOW),
        blocks=(Block(code="ODD", message="odd", remedy="look"),) if blocked else (),
        orders=orders,
        paper_run=run,
        executed_by="usr_1",
        executed_at=NOW,
    )


@pytest.mark.parametrize("mode", list(ExecutionMode))
def test_a_blocked_report_says_that_nothing_was_sent_and_why(mode: ExecutionMode) -> None:
    text = "\n".join(report_lines(a_report(mode, RunStatus.BLOCKED)))
    assert "Nothing was sent." in text
    assert "BLOCKED ODD: odd" in text
    for word in ("taken by", "orders executed", "placed"):
        assert word not in text


def test_a_dry_run_never_says_that_anything_was_placed() -> None:
    text = "\n".join(report_lines(a_report(ExecutionMode.DRY_RUN, RunStatus.SUCCESS)))
    assert "Simulated only; nothing was sent to a broker" in text
    assert "would fill" in text
    for word in ("placed", "taken by", "sent to the"):
        assert word not in text


def test_what_was_taken_and_filled_is_counted_from_the_orders() -> None:
    orders = (
        a_submitted_order(OrderState.FILLED, 10),
        a_submitted_order(OrderState.REJECTED, 0, reason="no funds"),
    )
    text = "\n".join(report_lines(a_report(ExecutionMode.PAPER, RunStatus.PARTIAL, *orders)))
    assert "1 of 2 orders taken by the PAPER broker; 10 of 20 filled so far." in text
    assert "REJECTED, 0 filled (no funds)" in text


def test_a_failed_report_claims_no_order() -> None:
    order = a_submitted_order(OrderState.REJECTED, 0)
    assert headline_of(ExecutionMode.LIVE, RunStatus.FAILED, (order,)) == (
        "None of 1 orders stands at the broker; nothing filled."
    )


def test_an_unknown_report_says_how_much_is_in_doubt() -> None:
    order = a_submitted_order(OrderState.UNKNOWN, 0)
    said = headline_of(ExecutionMode.LIVE, RunStatus.UNKNOWN, (order,))
    assert said.startswith("It is not known yet whether 1 of 1 orders reached the broker")
    assert "never sent again" in said


def test_a_repeated_report_says_that_nothing_was_done_again() -> None:
    report = a_report(ExecutionMode.DRY_RUN, RunStatus.SUCCESS)
    assert "nothing was done again" in "\n".join(report_lines(report, already_executed=True))


def test_a_report_is_read_back_as_it_was_written() -> None:
    order = a_submitted_order(average_price=Decimal("1000.5"))
    report = a_report(ExecutionMode.PAPER, RunStatus.SUCCESS, order)
    assert RunReport.model_validate_json(report.model_dump_json()) == report
