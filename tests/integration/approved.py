"""Approved plans by the hundred: the talk is had once, the order path each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.approvals.seal import SealedTerms, seal
from app.audit.log import Entry, append
from app.bootstrap import seal_secret
from app.execution.engine import ExecutionEngine
from app.gate.reducing import legs_that_reduce
from app.identity.principal import OWNER_TENANT
from app.persistence import cards, orders, plans
from app.persistence.cards import CardRecord
from app.persistence.database import Session
from app.persistence.orders import OrderRecord
from app.persistence.plans import APPROVAL_STAGE, DecisionRecord
from riskgate.contracts.decisions import ApprovedPlan
from riskgate.contracts.plans import TradePlan, ValidityWindow
from riskgate.hashing import content_hash
from tests.fakes.brokers import OneBroker
from tests.fakes.ids import CountingIds
from tests.fakes.sleep import no_sleep
from tests.integration.benches import Bench
from tests.integration.conftest import Desk
from tests.integration.driving import BUY, propose
from tests.unit.contracts.samples import the_approval
from tests.unit.riskgate.builders import changed

PLAN_TIME = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A plan that a person was shown, with the gate's word on it and its card, to make more of."""

    desk: Desk
    bench: Bench
    plan: TradePlan
    judged: DecisionRecord
    card: CardRecord
    run_id: str

    def again(self, name: str) -> TradePlan:
        """Return the plan anew, made now."""
        now = self.bench.clock.now()
        window = ValidityWindow(start=now, end=now + PLAN_TIME)
        return changed(self.plan, plan_id=f"pln_{name}", created_at=now, validity_window=window)

    async def approved(self, name: str) -> str:
        """Store the plan anew, judged and approved, with its orders PLANNED; return its id."""
        plan, now = self.again(name), self.bench.clock.now()
        decision = changed(self.judged.decision, plan_id=plan.plan_id, plan_hash=plan.plan_hash)
        approval = changed(
            the_approval(),
            approval_id=f"crd_{name}",
            plan=plan,
            plan_hash=plan.plan_hash,
            decision_hash=content_hash(decision),
            expires_at=plan.validity_window.end,
        )
        async with self.desk.container.database.tenant(OWNER_TENANT) as session:
            await plans.add_plan(session, plan, run_id=self.run_id)
            await plans.add_decision(
                session, decision, stage=APPROVAL_STAGE, gate_input="{}", at=now
            )
            for entry in _entries(approval):
                await append(session, entry, at=now)
            await self.desk.container.engine.prepare(session, approval)
        return plan.plan_id

    async def shown(self, name: str, *, ttl_s: int = 300) -> str:
        """Store the plan anew with a sealed card that waits; return the card's id."""
        plan, now = self.again(name), self.bench.clock.now()
        card = changed(
            self.card.card,
            id=f"crd_{name}",
            plan_id=plan.plan_id,
            plan_hash=plan.plan_hash,
            created_at=now,
            expires_at=now + timedelta(seconds=ttl_s),
        )
        assert self.card.policy_hash is not None
        terms = SealedTerms(
            tenant_id=OWNER_TENANT,
            account_id=plan.account_id,
            card_id=card.id,
            plan_hash=plan.plan_hash,
            policy_hash=self.card.policy_hash,
            expires_at=now + timedelta(seconds=ttl_s),
        )
        secret = seal_secret(self.desk.container.settings.home)
        async with self.desk.container.database.tenant(OWNER_TENANT) as session:
            await plans.add_plan(session, plan, run_id=self.run_id)
            await cards.add_card(
                session,
                card,
                user_id=self.card.user_id,
                policy_hash=self.card.policy_hash,
                seal=seal(terms, secret=secret),
            )
        return card.id


async def pattern(bench: Bench, desk: Desk, message: str = BUY) -> Pattern:
    """Ask for a trade once, and leave its card waiting."""
    async with desk.client() as client:
        card_id = await propose(client, message)
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        card = await cards.find_card(session, card_id)
        assert card is not None
        plan = await _plan_of(session, card)
        judged = await plans.latest_decision(session, plan)
    assert judged is not None
    return Pattern(
        desk=desk, bench=bench, plan=plan, judged=judged, card=card, run_id=card.card.run_id
    )


async def orders_by_plan(desk: Desk, plan_ids: Sequence[str]) -> list[OrderRecord]:
    """Return the only order of each plan, in the plans' order."""
    found = []
    async with desk.container.database.tenant(OWNER_TENANT) as session:
        for plan_id in plan_ids:
            (order,) = await orders.plan_orders(session, plan_id)
            found.append(order)
    return found


def restarted_engine(desk: Desk, bench: Bench) -> ExecutionEngine:
    """Return the engine of the process that comes after one that ended."""
    return ExecutionEngine(
        database=desk.container.database,
        brokers=OneBroker(bench.broker),
        clock=bench.clock,
        monotonic=lambda: 0.0,
        ids=CountingIds(),
        sleep=no_sleep,
        fill_wait_s=0,
        legs_that_reduce=legs_that_reduce,
    )


async def _plan_of(session: Session, card: CardRecord) -> TradePlan:
    assert card.card.plan_id is not None
    plan = await plans.find_plan(session, card.card.plan_id)
    assert plan is not None
    return plan


def _entries(approval: ApprovedPlan) -> tuple[Entry, Entry]:
    """Return what the audit log says of a plan that was judged and approved."""
    allowed = Entry(
        actor="riskgate",
        action="gate.allow",
        entity="plan",
        entity_id=approval.plan.plan_id,
        body={"stage": APPROVAL_STAGE, "plan_hash": approval.plan_hash},
    )
    said = Entry(
        actor=approval.approved_by,
        action="card.approved",
        entity="card",
        entity_id=approval.approval_id,
        body={"plan_id": approval.plan.plan_id, "plan_hash": approval.plan_hash},
    )
    return allowed, said
