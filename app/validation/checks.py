"""The checks of a validation: facts in, findings out, each with a stable code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from app.validation.paper_run import PaperRun
from app.validation.report import Check, CheckName, failed, passed, warned
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.decisions import KillSwitchLevel, RiskDecision, Verdict
from riskgate.contracts.instruments import Instrument
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.plans import TradePlan
from riskgate.guards import GuardResult

OBSERVE = "OBSERVE"
SLIPPAGE_WARN_PCT = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that kept a fact from being known."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class RiskFacts:
    """The account's policy, as far as a validation looks at it; `findings` are the linter's."""

    trouble: Trouble | None = None
    missing_live: tuple[str, ...] = ()
    findings: tuple[Trouble, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OperationFacts:
    """What may happen in the account and at its broker now. None is not known; a broker whose
    `order_types` are not known is taken for one that takes them all."""

    at: datetime
    account_mode: str
    kill_switch: KillSwitchLevel
    broker_mode: ExecutionMode
    trouble: Trouble | None = None
    market_open: bool | None = None
    unpriced: tuple[str, ...] = ()
    known: tuple[Instrument, ...] = field(default=())
    order_types: frozenset[str] | None = None


def tenant_check(guard: GuardResult) -> Check:
    """Say what the tenant guard says."""
    if guard.passed or guard.code is None:
        return passed(CheckName.TENANT, guard.message)
    return failed(
        CheckName.TENANT, code=guard.code, message=guard.message, remedy=guard.remedy or ""
    )


def risk_checks(plan: TradePlan, facts: RiskFacts, *, live_broker: bool) -> Iterator[Check]:
    """Check that there is a policy, that a live one has its limits, and what is odd about it."""
    name = CheckName.RISK_CONFIGURATION
    if facts.trouble is not None:
        yield failed(
            name,
            code=facts.trouble.code,
            message=facts.trouble.message,
            remedy=facts.trouble.remedy,
        )
        return
    found = [
        *_live_limits(plan, facts.missing_live, live_broker=live_broker),
        *(warned(name, code=f.code, message=f.message, remedy=f.remedy) for f in facts.findings),
    ]
    if all(leg.risk_model.stop_price is None and not leg.reduce_only for leg in plan.legs):
        found.append(
            warned(
                name,
                code="STOP_LOSS_MISSING",
                message="the plan names no stop, so what it may lose is not bounded",
                remedy="Ask for the trade again with a stop.",
            )
        )
    yield from found or [passed(name, "The account has a policy with its limits")]


def _live_limits(plan: TradePlan, missing: Sequence[str], *, live_broker: bool) -> Iterator[Check]:
    if not (missing and live_broker):
        return
    make = failed if plan.mode is ExecutionMode.LIVE else warned
    yield make(
        CheckName.RISK_CONFIGURATION,
        code="LIMITS_MISSING",
        message=f"the policy sets no {', '.join(missing)}, which a live order needs",
        remedy="Set them under live in the account's policy.",
    )


def operation_checks(plan: TradePlan, facts: OperationFacts) -> Iterator[Check]:
    """Check whether orders of this plan could go out now at all."""
    found = [
        *_of_account(facts),
        *_of_time(plan, facts),
        *_of_broker(plan, facts),
        *_of_instruments(plan, facts),
    ]
    yield from found or [passed(CheckName.OPERATION, "Account, market and broker are ready")]


def _of_account(facts: OperationFacts) -> Iterator[Check]:
    name = CheckName.OPERATION
    if facts.account_mode == OBSERVE:
        yield failed(
            name,
            code="ACCOUNT_OBSERVES",
            message="the account is in OBSERVE mode and takes no trades",
            remedy="An admin may set it to PROPOSE.",
        )
    if facts.kill_switch is KillSwitchLevel.HALTED:
        yield failed(
            name,
            code="KILL_SWITCH_HALTED",
            message="the kill switch is HALTED; only cancels pass",
            remedy="A risk admin may turn it off.",
        )
    elif facts.kill_switch is KillSwitchLevel.REDUCE_ONLY:
        yield warned(
            name,
            code="KILL_SWITCH_REDUCE_ONLY",
            message="the kill switch lets only orders pass that lower exposure",
            remedy="A risk admin may turn it off.",
        )


def _of_time(plan: TradePlan, facts: OperationFacts) -> Iterator[Check]:
    window = plan.validity_window
    if facts.at > window.end:
        yield failed(
            CheckName.OPERATION,
            code="PLAN_EXPIRED",
            message=f"the plan could be sent until {time_text(window.end)}",
            remedy="Ask for the trade again.",
        )
    elif facts.at < window.start:
        yield warned(
            CheckName.OPERATION,
            code="PLAN_NOT_YET",
            message=f"the plan may be sent from {time_text(window.start)}",
            remedy="Wait until then.",
        )
    if facts.market_open is False:
        yield warned(
            CheckName.OPERATION,
            code="MARKET_CLOSED",
            message="the market is closed",
            remedy="Wait for its next session.",
        )


def _of_broker(plan: TradePlan, facts: OperationFacts) -> Iterator[Check]:
    if facts.trouble is not None:
        yield failed(
            CheckName.OPERATION,
            code=facts.trouble.code,
            message=facts.trouble.message,
            remedy=facts.trouble.remedy,
        )
    if plan.mode is not ExecutionMode.DRY_RUN and plan.mode is not facts.broker_mode:
        yield failed(
            CheckName.OPERATION,
            code="MODE_MISMATCH",
            message=f"the plan is for {plan.mode}, its broker is {facts.broker_mode}",
            remedy="Ask for the trade again.",
        )
    kind = plan.order_skeleton.order_type
    if facts.order_types is not None and kind not in facts.order_types:
        yield failed(
            CheckName.OPERATION,
            code="ORDER_TYPE_UNAVAILABLE",
            message=f"the account's broker takes no {kind} order",
            remedy="Ask for the trade again; it is planned as the broker takes it.",
        )


def _of_instruments(plan: TradePlan, facts: OperationFacts) -> Iterator[Check]:
    known = {instrument.ref: instrument for instrument in facts.known}
    for leg in plan.legs:
        now = known.get(leg.instrument.ref)
        if now is None or not now.tradable or now != leg.instrument:
            yield failed(
                CheckName.OPERATION,
                code="NOT_TRADABLE",
                message=f"{leg.instrument.ref} is not tradable as the plan has it",
                remedy="Ask for the trade again; the instrument list changed.",
            )
    if facts.unpriced:
        yield failed(
            CheckName.OPERATION,
            code="QUOTE_MISSING",
            message=f"there is no price of {', '.join(facts.unpriced)}",
            remedy="Try again when it trades.",
        )


def gate_check(decision: RiskDecision | None) -> Check:
    """Say what the risk gate says now."""
    if decision is None:
        return failed(
            CheckName.GATE,
            code="GATE_NOT_ASKED",
            message="the risk gate could not judge without book, prices and policy",
            remedy="Mend what the other checks name and validate again.",
        )
    if decision.verdict is Verdict.ALLOW:
        return passed(CheckName.GATE, "The risk gate allows the plan now")
    said = "; ".join(f"{v.rule_id}: {v.message}" for v in decision.violations)
    remedies = dict.fromkeys(v.remedy for v in decision.violations)
    code = "RISK_MODIFY" if decision.verdict is Verdict.MODIFY else "RISK_DENY"
    return failed(CheckName.GATE, code=code, message=said, remedy=" ".join(remedies))


def paper_checks(plan: TradePlan, run: PaperRun | None) -> Iterator[Check]:
    """Say what the orders would do to the displayed book."""
    name = CheckName.PAPER_RUN
    if run is None:
        yield failed(
            name,
            code="PAPER_RUN_IMPOSSIBLE",
            message="without prices nothing can be simulated",
            remedy="Validate again when there are prices.",
        )
        return
    short = [fill for fill in run.fills if fill.expected_quantity < fill.quantity]
    found = [
        warned(
            name,
            code="PAPER_RUN_PARTIAL",
            message=(
                f"{fill.instrument}: {decimal_text(fill.expected_quantity)} of "
                f"{decimal_text(fill.quantity)} would fill now; {fill.note}"
            ),
            remedy="Expect it to fill later or not at all, or ask for less.",
        )
        for fill in short
    ]
    worst, allowed = run.worst_slippage_pct, plan.intent.max_slippage_pct or SLIPPAGE_WARN_PCT
    if worst is not None and worst > allowed:
        found.append(
            warned(
                name,
                code="PAPER_RUN_SLIPPAGE",
                message=f"the fill would be {decimal_text(worst)} % worse than planned",
                remedy="Use a limit price or a smaller size.",
            )
        )
    yield from found or [
        passed(name, f"Would fill whole now, for {decimal_text(run.notional)}, before charges")
    ]
