"""Make, judge and write down one protective order, in the transaction it was decided in."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from adapters.ports import Brokers, offers_oco
from app.errors import AppError
from app.execution.engine import ExecutionEngine
from app.gate.collars import price_collar
from app.gate.service import Gate, World, seal_approval
from app.persistence import cards, plans, protections
from app.persistence.accounts import AccountRecord
from app.persistence.database import Session
from app.persistence.orders import OrderRecord
from app.persistence.plans import PROTECTION_STAGE
from app.persistence.protections import PAIR, ProtectivePlan
from app.pipeline.views import AccountViews
from app.planning.notes import PAIR_NOTE
from app.protection.compose import (
    ExitTerms,
    PlanFrame,
    exit_plan,
    protection_id,
)
from app.protection.desired import Kind, Place
from app.protection.prices import worse
from app.protection.seeing import Line, instrument_of, quote_of
from riskgate.contracts.decisions import RiskDecision, Verdict
from riskgate.contracts.instruments import Instrument, on_step
from riskgate.contracts.orders import OrderType
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import Quote

# How long after it was judged an exit may still be sent.
SEND_WITHIN: Final = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A plan whose orders are written down and may be executed."""

    plan_id: str


@dataclass(frozen=True, kw_only=True)
class Denied:
    """Nothing was written down to be sent, and why."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Under whose word a plan goes out, and at which stage it is judged."""

    approval_id: str
    approved_by: str
    run_id: str
    stage: str


class Placer:
    """Puts plans that only close through the gate and into the engine's book."""

    def __init__(
        self, *, brokers: Brokers, views: AccountViews, gate: Gate, engine: ExecutionEngine
    ) -> None:
        self._brokers = brokers
        self._views = views
        self._gate = gate
        self._engine = engine

    def stop_type(self, tenant_id: str, account_id: str) -> OrderType | None:
        """Return the stop order that the account's broker takes; None when it takes none."""
        takes = self._brokers.for_account(tenant_id, account_id).capabilities.order_types
        return next((kind for kind in (OrderType.SL, OrderType.SL_M) if kind in takes), None)

    def pairs(self, tenant_id: str, account_id: str) -> bool:
        """Say whether the account's broker takes a stop and a target as a pair."""
        return offers_oco(self._brokers.for_account(tenant_id, account_id))

    async def place(
        self,
        session: Session,
        account: AccountRecord,
        line: Line,
        action: Place,
        world: World,
        *,
        at: datetime,
    ) -> Placed | Denied:
        """Write a protective order down, to be sent under the approval of its entry.

        The caller holds the account.
        """
        entry = line.order(action.entry_id)
        instrument, quote = instrument_of(world, line.instrument), quote_of(world, line.instrument)
        if instrument is None or quote is None:
            return Denied(why="there is no price now")
        source = await plans.find_plan(session, entry.intent.plan_id)
        if source is None:
            return Denied(why="the plan of the entry is not stored")
        target = self._target_of_pair(action, instrument, quote, source)
        kind = action.kind.value if target is None else PAIR
        made = [p.generation for p in line.plans if p.entry_order_id == action.entry_id]
        generation = max(made, default=0) + 1
        plan_id = protection_id(action.entry_id, kind, generation)
        try:
            collar = await price_collar(session, account, line.instrument)
            terms = self._terms(session, account, line, action, instrument, quote, collar)
            if target is not None:
                note = f"stop and target of order {action.entry_id}"
                terms = replace(terms, target_price=target, note=note)
            frame = self.frame(session, account, source, world, plan_id, at)
            plan = exit_plan(frame, terms, source.intent)
        except (AppError, ValueError) as impossible:
            return Denied(why=str(impossible))
        approval = await _of_entry(session, entry)
        outcome = await self.judged(session, account, plan, world, approval, at=at)
        await protections.add_protective_plan(
            session,
            ProtectivePlan(
                plan_id=plan_id,
                entry_order_id=action.entry_id,
                kind=kind,
                generation=generation,
                taken_back=None,
                created_at=at,
            ),
        )
        return outcome

    def frame(
        self,
        session: Session,
        account: AccountRecord,
        source: TradePlan | None,
        world: World,
        plan_id: str,
        at: datetime,
    ) -> PlanFrame:
        """Return what a plan of the account is framed by; the mode is the source's or broker's."""
        broker = self._brokers.for_account(session.tenant_id, account.account_id)
        return PlanFrame(
            plan_id=plan_id,
            tenant_id=session.tenant_id,
            account_id=account.account_id,
            mode=broker.capabilities.mode if source is None else source.mode,
            currency=account.currency,
            snapshot_id=world.snapshot.snapshot_id,
            now=at,
        )

    async def judged(
        self,
        session: Session,
        account: AccountRecord,
        plan: TradePlan,
        world: World,
        approval: Approval,
        *,
        at: datetime,
    ) -> Placed | Denied:
        """Store a plan, judge it, and write its orders down where the gate allows it."""
        await plans.add_snapshot(session, world.snapshot)
        await plans.add_plan(session, plan, run_id=approval.run_id)
        try:
            judgement = await self._gate.judge(
                session,
                account=account,
                plan=plan,
                world=world,
                ledger=await self._views.ledger(session, account.account_id),
                stage=approval.stage,
                at=at,
            )
        except AppError as impossible:
            return Denied(why=impossible.message)
        if judgement.decision.verdict is not Verdict.ALLOW:
            return Denied(why=reasons(judgement.decision))
        sealed = seal_approval(
            judgement,
            approval_id=approval.approval_id,
            approved_by=approval.approved_by,
            approved_at=at,
            expires_at=at + SEND_WITHIN,
        )
        try:
            await self._engine.prepare(session, sealed)
        except AppError as impossible:
            return Denied(why=impossible.message)
        return Placed(plan_id=plan.plan_id)

    def _target_of_pair(
        self, action: Place, instrument: Instrument, quote: Quote, source: TradePlan
    ) -> Decimal | None:
        """Return the target that is to rest with the stop; None where it is held by us.

        The entry's card must have said so. What the broker would refuse is held: a stop must not
        fail because of its target.
        """
        target, tick = action.target, instrument.tick_size
        if target is None or action.at_once or PAIR_NOTE not in source.notes or tick is None:
            return None
        low, high = quote.lower_circuit, quote.upper_circuit
        inside = (low is None or target >= low) and (high is None or target <= high)
        freeze = instrument.freeze_quantity
        one_order = freeze is None or action.quantity <= freeze
        return target if inside and one_order and on_step(target, tick) else None

    def _terms(
        self,
        session: Session,
        account: AccountRecord,
        line: Line,
        action: Place,
        instrument: Instrument,
        quote: Quote,
        collar: Decimal | None,
    ) -> ExitTerms:
        side = line.side.opposite
        order_type, trigger = OrderType.LIMIT, None
        limit: Decimal | None = action.price
        if action.kind is Kind.STOP:
            limit = worse(action.price, side, instrument, collar=collar, quote=quote)
            if not action.at_once:
                stop_type = self.stop_type(session.tenant_id, account.account_id)
                order_type, trigger = stop_type or OrderType.LIMIT, action.price
                limit = limit if order_type.has_limit_price else None
        return ExitTerms(
            instrument=instrument,
            side=side,
            product=line.product,
            quantity=action.quantity,
            order_type=order_type,
            limit_price=limit,
            trigger_price=trigger,
            quote=quote,
            note=f"{action.kind.value.lower()} of order {action.entry_id}",
        )


def reasons(decision: RiskDecision) -> str:
    """Say in one line why the gate refused."""
    said = [f"{v.rule_id}: {v.message}" for v in decision.violations]
    return "; ".join(said)[:480] or f"the gate said {decision.verdict}"


async def _of_entry(session: Session, entry: OrderRecord) -> Approval:
    record = await cards.find_card(session, entry.approval_id)
    return Approval(
        approval_id=entry.approval_id,
        approved_by=entry.approval_id
        if record is None or record.decided_by is None
        else record.decided_by,
        run_id=entry.intent.plan_id if record is None else record.card.run_id,
        stage=PROTECTION_STAGE,
    )
