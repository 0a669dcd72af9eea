"""Execute a stored plan once a mode, and report truthfully what that came to."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from adapters.errors import BrokerUnavailable, MarketDataUnavailable
from adapters.ports import Clock, IdFactory
from app.approvals.rules import Approver, Refusal
from app.audit.log import Entry, append
from app.errors import Unprocessable
from app.execution.engine import ExecutionEngine
from app.gate.reducing import legs_that_reduce
from app.gate.service import Gate, Judgement, World
from app.persistence import accounts, cards, orders, plans, validations
from app.persistence.cards import CardRecord
from app.persistence.database import Database, Row, Session
from app.persistence.orders import OrderRecord
from app.persistence.validations import StoredReport
from app.pipeline.arming import LIVE_OFF, Guarded, Guards, Wish
from app.pipeline.own_word import own_word_counts
from app.pipeline.submission import NOT_APPROVED
from app.pipeline.validating import require_plan
from app.pipeline.views import AccountViews, require_account, submitted_order
from app.pipeline.world import Worlds
from app.validation.execution import (
    Block,
    RunReport,
    RunStatus,
    headline_of,
    status_of_orders,
)
from app.validation.paper_run import PaperRun, paper_run
from riskgate.contracts.cards import CardStatus
from riskgate.contracts.decisions import Verdict
from riskgate.contracts.orders import ExecutionMode, OrderState
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.traces import SubmittedOrder
from riskgate.guards import GuardName
from riskgate.hashing import canonical_json

DRY_RUN_STAGE = "DRY_RUN"
UNSETTLED = frozenset({OrderState.PLANNED, OrderState.SENDING})
# Approves the card as the person who asks, and carries it out; returns why it could not.
ApproveCard: TypeAlias = Callable[[str], Awaitable[Refusal | None]]


@dataclass(frozen=True, kw_only=True)
class Executed:
    """A report, whether it is an earlier one, and the plan's orders as they stand now."""

    report: RunReport
    already_executed: bool = False
    orders: tuple[SubmittedOrder, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One plan, as asked for, with what the guards found of it."""

    plan: TradePlan
    wish: Wish
    by: Approver
    guarded: Guarded
    at: datetime
    card: CardRecord | None = None
    known: Sequence[OrderRecord] = ()
    own_word: bool = False
    first: Row | None = field(default=None)


class Executions:
    """Executes plans for people and programs; an approval is always what sends."""

    def __init__(
        self,
        *,
        database: Database,
        worlds: Worlds,
        views: AccountViews,
        gate: Gate,
        guards: Guards,
        engine: ExecutionEngine,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._database = database
        self._worlds = worlds
        self._views = views
        self._gate = gate
        self._guards = guards
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def execute(
        self, tenant_id: str, plan_id: str, wish: Wish, *, by: Approver, approve: ApproveCard
    ) -> Executed:
        """Execute a plan in the mode asked for; a second time shows the first result.

        DRY_RUN judges afresh, simulates and sends nothing. PAPER and LIVE send the orders of an
        approved plan; a plan that waits is approved by `approve` where the person's own word is
        enough, and BLOCKED otherwise. BLOCKED is audited, not kept: it may be asked for again.
        Raises NotFound and PolicyMissing.
        """
        case = await self._gather(tenant_id, plan_id, wish, by)
        foreign = not _guard_passed(case, GuardName.TENANT)
        if case.first is not None and not foreign:
            return await self._first_result(tenant_id, case, case.first)
        if foreign:
            return await self._blocked(tenant_id, case)
        if wish.mode is ExecutionMode.DRY_RUN:
            return await self._dry_run(tenant_id, case)
        return await self._run(tenant_id, case, approve)

    async def _gather(self, tenant_id: str, plan_id: str, wish: Wish, by: Approver) -> _Case:
        async with self._database.tenant(tenant_id) as session:
            plan = await require_plan(session, plan_id)
            await accounts.lock_account(session, plan.account_id)
            now = self._clock.now()
            account = await require_account(session, plan.account_id)
            judged = await plans.latest_decision(session, plan)
            reducing = frozenset() if judged is None else await legs_that_reduce(session, judged)
            guarded = await self._guards.run(
                session,
                plan,
                account,
                wish,
                only_reduces=reducing == {leg.leg for leg in plan.legs},
                at=now,
            )
            card = await cards.plan_card(session, plan_id)
            return _Case(
                plan=plan,
                wish=wish,
                by=by,
                guarded=guarded,
                at=now,
                card=card,
                known=await orders.plan_orders(session, plan_id),
                own_word=card is not None
                and await own_word_counts(session, plan, by, initiator=card.user_id),
                first=await validations.find_execution(session, plan_id, wish.mode.value),
            )

    async def _first_result(self, tenant_id: str, case: _Case, first: Row) -> Executed:
        async with self._database.tenant(tenant_id) as session:
            now = await orders.plan_orders(session, case.plan.plan_id)
        dry = case.wish.mode is ExecutionMode.DRY_RUN
        return Executed(
            report=RunReport.model_validate(first),
            already_executed=True,
            orders=() if dry else _shown(now),
        )

    async def _run(self, tenant_id: str, case: _Case, approve: ApproveCard) -> Executed:
        same_mode = case.plan.mode is case.wish.mode
        done_before = (
            same_mode
            and bool(case.known)
            and all(order.state is not OrderState.PLANNED for order in case.known)
        )
        if not done_before:
            blocks = _why_not(case)
            if blocks or not case.guarded.report.passed:
                return await self._blocked(tenant_id, case, *blocks)
            if case.card is not None and case.card.card.status is CardStatus.PENDING:
                refusal = await approve(case.card.card.id)
                if refusal is not None:
                    return await self._blocked(tenant_id, case, _block(refusal))
        done = _shown(await self._engine.execute(tenant_id, case.plan.plan_id))
        status = status_of_orders(done)
        report = self._report(case, status, orders=done)
        if any(order.state in UNSETTLED for order in done):
            # Another process is at it; what it comes to is not known yet, so nothing is kept.
            return Executed(report=report, already_executed=done_before, orders=done)
        kept = await self._keep(tenant_id, report)
        if kept is not None:
            return Executed(report=kept, already_executed=True, orders=done)
        return Executed(report=report, already_executed=done_before, orders=done)

    async def _dry_run(self, tenant_id: str, case: _Case) -> Executed:
        world = await self._look(tenant_id, case.plan)
        if isinstance(world, Block):
            return await self._blocked(tenant_id, case, world)
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, case.plan.account_id)
            judged = await self._judge(session, case.plan, world)
        if isinstance(judged, Block):
            return await self._blocked(tenant_id, case, judged)
        if judged.decision.verdict is not Verdict.ALLOW:
            return await self._blocked(tenant_id, case, *_of_gate(judged), judged=judged)
        run = paper_run(case.plan, world.quotes)
        report = self._report(case, RunStatus.SUCCESS, judged=judged, run=run)
        kept = await self._keep(tenant_id, report)
        return Executed(report=kept or report, already_executed=kept is not None)

    async def _look(self, tenant_id: str, plan: TradePlan) -> World | Block:
        try:
            return await self._worlds.fresh(tenant_id, plan)
        except BrokerUnavailable as down:
            return Block(code="BROKER_UNAVAILABLE", message=down.message, remedy=LATER)
        except MarketDataUnavailable as down:
            return Block(code="MARKET_DATA_UNAVAILABLE", message=down.message, remedy=LATER)

    async def _judge(self, session: Session, plan: TradePlan, world: World) -> Judgement | Block:
        account = await require_account(session, plan.account_id)
        await plans.add_snapshot(session, world.snapshot)
        try:
            return await self._gate.judge(
                session,
                account=account,
                plan=plan,
                world=world,
                ledger=await self._views.ledger(session, plan.account_id),
                stage=DRY_RUN_STAGE,
                at=self._clock.now(),
            )
        except Unprocessable as refused:
            return Block(code=refused.code, message=refused.message, remedy=refused.remedy)

    async def _blocked(
        self, tenant_id: str, case: _Case, *blocks: Block, judged: Judgement | None = None
    ) -> Executed:
        report = self._report(case, RunStatus.BLOCKED, judged=judged, blocks=blocks)
        async with self._database.tenant(tenant_id) as session:
            await append(session, _entry(report), at=report.executed_at)
        return Executed(report=report)

    async def _keep(self, tenant_id: str, report: RunReport) -> RunReport | None:
        """Store and audit a result; where there is an earlier one, return that instead."""
        row = StoredReport(
            report_id=report.execution_id,
            plan_id=report.plan_id,
            plan_hash=report.plan_hash,
            status=report.status.value,
            body=canonical_json(report),
            made_by=report.executed_by,
            made_at=report.executed_at,
        )
        mode = report.mode.value
        async with self._database.tenant(tenant_id) as session:
            if await validations.add_execution(session, row, mode=mode):
                await append(session, _entry(report), at=report.executed_at)
                return None
            first = await validations.find_execution(session, report.plan_id, mode)
        return None if first is None else RunReport.model_validate(first)

    def _report(
        self,
        case: _Case,
        status: RunStatus,
        *,
        judged: Judgement | None = None,
        blocks: Sequence[Block] = (),
        orders: tuple[SubmittedOrder, ...] = (),
        run: PaperRun | None = None,
    ) -> RunReport:
        plan, mode = case.plan, case.wish.mode
        return RunReport(
            execution_id=self._ids.new("exe"),
            plan_id=plan.plan_id,
            plan_hash=plan.plan_hash,
            tenant_id=plan.tenant_id,
            account_id=plan.account_id,
            mode=mode,
            status=status,
            headline=headline_of(mode, status, orders, run),
            guards=case.guarded.report,
            blocks=tuple(blocks),
            verdict=None if judged is None else judged.decision.verdict,
            decision_hash=None if judged is None else judged.decision_hash,
            orders=orders,
            paper_run=run,
            executed_by=case.by.user_id,
            executed_at=case.at,
        )


LATER = "Nothing was sent; try again when it is back."


def _why_not(case: _Case) -> tuple[Block, ...]:
    """Return every reason besides the guards why the plan's orders may not be sent."""
    found: list[Block] = []
    if case.plan.mode is not case.wish.mode:
        found.append(
            Block(
                code="MODE_MISMATCH",
                message=f"the plan was made for {case.plan.mode}, not for {case.wish.mode}",
                remedy=f"Execute it as {case.plan.mode}, or ask for the trade again.",
            )
        )
    if not case.guarded.switch_on:
        found.append(LIVE_OFF)
    waiting = _of_card(case)
    return tuple(found) if waiting is None else (*found, waiting)


def _of_card(case: _Case) -> Block | None:
    record = case.card
    if record is None:
        return Block(
            code="APPROVAL_REQUIRED",
            message="the plan has no card to approve: the risk gate did not allow it",
            remedy="Ask for the trade again.",
        )
    card = record.card
    if card.status is CardStatus.APPROVED:
        return None
    if card.status is not CardStatus.PENDING:
        code, message = NOT_APPROVED[card.status]
        return Block(code=code, message=message, remedy="Ask for the trade again.")
    if card.expires_at is not None and case.at >= card.expires_at:
        code, message = NOT_APPROVED[CardStatus.EXPIRED]
        return Block(code=code, message=message, remedy="Ask for the trade again.")
    if case.own_word:
        return None
    return Block(
        code="APPROVAL_REQUIRED",
        message=f"card {card.id} waits for a person",
        remedy=f"Approve it in the page or with POST /api/v1/cards/{card.id}/approve.",
    )


def _of_gate(judged: Judgement) -> tuple[Block, ...]:
    return tuple(
        Block(code=v.rule_id, message=v.message, remedy=v.remedy)
        for v in judged.decision.violations
    ) or (
        Block(
            code=f"RISK_{judged.decision.verdict}",
            message="the risk gate does not allow the plan as it is",
            remedy="Ask for a smaller trade.",
        ),
    )


def _block(refusal: Refusal) -> Block:
    return Block(code=refusal.code, message=refusal.message, remedy=refusal.remedy)


def _guard_passed(case: _Case, name: GuardName) -> bool:
    return all(r.passed for r in case.guarded.report.results if r.name is name)


def _shown(records: Sequence[OrderRecord]) -> tuple[SubmittedOrder, ...]:
    return tuple(submitted_order(order) for order in records)


def _entry(report: RunReport) -> Entry:
    return Entry(
        actor=report.executed_by,
        action=f"execution.{report.status.value.lower()}",
        entity="plan",
        entity_id=report.plan_id,
        body={
            "execution_id": report.execution_id,
            "mode": report.mode.value,
            "plan_hash": report.plan_hash,
            "codes": list(report.codes),
            "orders": [order.order_id for order in report.orders],
        },
    )
