"""The report of an execution: what was checked, and what really was sent and filled."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.validation.paper_run import PaperRun
from riskgate.contracts.base import Code, Contract, Identifier, Sha256, UtcTime, decimal_text
from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import ExecutionMode, OrderState
from riskgate.contracts.traces import SubmittedOrder
from riskgate.guards import GuardReport

IN_DOUBT: Final = frozenset({OrderState.UNKNOWN, OrderState.SENDING, OrderState.PLANNED})
WITH_BROKER: Final = frozenset(
    {OrderState.ACKED, OrderState.OPEN, OrderState.PARTIALLY_FILLED, OrderState.FILLED}
)


class RunStatus(StrEnum):
    """What an execution came to. BLOCKED sent nothing; UNKNOWN may have."""

    SUCCESS = "SUCCESS"
    PARTIAL = "PARTIAL"
    BLOCKED = "BLOCKED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Block(Contract):
    """One reason, besides the guards, why nothing was sent."""

    code: Code
    message: str
    remedy: str


class RunReport(Contract):
    """One execution as a person and a program read it; `orders` are those at or for a broker.

    A dry run has a `paper_run` and no orders. `blocks` and failed guards are why it was BLOCKED.
    """

    schema_id: str = "execution_report/1"
    execution_id: Identifier
    plan_id: Identifier
    plan_hash: Sha256
    tenant_id: Identifier
    account_id: Identifier
    mode: ExecutionMode
    status: RunStatus
    headline: str
    guards: GuardReport
    blocks: tuple[Block, ...] = ()
    verdict: Verdict | None = None
    decision_hash: Sha256 | None = None
    orders: tuple[SubmittedOrder, ...] = ()
    paper_run: PaperRun | None = None
    executed_by: Identifier
    executed_at: UtcTime

    @property
    def codes(self) -> tuple[str, ...]:
        """Why it was blocked, the guards first."""
        return (*self.guards.codes, *(block.code for block in self.blocks))


def status_of_orders(orders: Sequence[SubmittedOrder]) -> RunStatus:
    """Name what became of all orders together; doubt about one is doubt about the whole."""
    states = {order.state for order in orders}
    if states & IN_DOUBT:
        return RunStatus.UNKNOWN
    if states and states <= WITH_BROKER:
        return RunStatus.SUCCESS
    if states == {OrderState.SIMULATED}:
        return RunStatus.SUCCESS
    something = bool(states & WITH_BROKER) or any(order.filled_quantity for order in orders)
    return RunStatus.PARTIAL if something else RunStatus.FAILED


def headline_of(
    mode: ExecutionMode,
    status: RunStatus,
    orders: Sequence[SubmittedOrder] = (),
    run: PaperRun | None = None,
) -> str:
    """Say in one sentence what happened, and nothing that did not."""
    if status is RunStatus.BLOCKED:
        return "Nothing was sent."
    if mode is ExecutionMode.DRY_RUN:
        return _simulated(run)
    whole = len(orders)
    went = sum(order.state in WITH_BROKER for order in orders)
    filled = _sum(order.filled_quantity for order in orders)
    asked = _sum(order.quantity for order in orders)
    figures = f"{filled} of {asked} filled so far"
    match status:
        case RunStatus.UNKNOWN:
            doubtful = sum(order.state in IN_DOUBT for order in orders)
            return (
                f"It is not known yet whether {doubtful} of {whole} orders reached the broker;"
                f" {figures}. They are looked up, never sent again."
            )
        case RunStatus.FAILED:
            return f"None of {whole} orders stands at the broker; nothing filled."
        case _:
            return f"{went} of {whole} orders taken by the {mode} broker; {figures}."


def _simulated(run: PaperRun | None) -> str:
    said = "Simulated only; nothing was sent to a broker."
    if run is None:
        return said
    whole = sum(fill.expected_quantity == fill.quantity for fill in run.fills)
    return (
        f"{said} {whole} of {len(run.fills)} orders would fill whole now, for "
        f"{decimal_text(run.notional)} before charges."
    )


def _sum(quantities: Iterator[Decimal]) -> str:
    return decimal_text(sum(quantities, Decimal(0)))


def report_lines(report: RunReport, *, already_executed: bool = False) -> list[str]:
    """Write a report for people."""
    lines = [
        f"EXECUTION {report.status}  plan {report.plan_id} ({report.mode})",
        report.headline,
    ]
    if already_executed:
        lines.append("This is the first result; nothing was done again.")
    for guard in report.guards.results:
        mark = "passed " if guard.passed else "BLOCKED"
        code = f" {guard.code}:" if guard.code else ""
        lines.append(f"  {mark} {guard.name}:{code} {guard.message}")
        if guard.remedy:
            lines.append(f"          {guard.remedy}")
    for block in report.blocks:
        lines += [f"  BLOCKED {block.code}: {block.message}", f"          {block.remedy}"]
    lines += [f"  {line}" for line in (*_order_lines(report), *_paper_lines(report.paper_run))]
    return lines


def _order_lines(report: RunReport) -> Iterator[str]:
    for order in report.orders:
        why = f" ({order.reason})" if order.reason else ""
        price = "" if order.average_price is None else f" at {decimal_text(order.average_price)}"
        yield (
            f"{order.side} {decimal_text(order.quantity)} {order.instrument}: {order.state},"
            f" {decimal_text(order.filled_quantity)} filled{price}{why}"
        )


def _paper_lines(run: PaperRun | None) -> Iterator[str]:
    for fill in () if run is None else run.fills:
        price = "" if fill.expected_price is None else f" at {decimal_text(fill.expected_price)}"
        yield (
            f"simulated {fill.side} {decimal_text(fill.quantity)} {fill.instrument}:"
            f" {decimal_text(fill.expected_quantity)} would fill{price}"
        )
