"""The execution engine: approved plans in, orders at the broker out, each at most once."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Final

from adapters.errors import BrokerUnavailable
from adapters.ports import Brokers, Clock, IdFactory
from app.execution import transitions
from app.execution.baskets import half_sent
from app.execution.canceller import Canceller
from app.execution.claims import LegsThatReduce
from app.execution.derive import derive_orders
from app.execution.follower import Follower
from app.execution.live import LiveEvidence, PlanNotExecutable, require_armed
from app.execution.recording import Recorder
from app.execution.sender import LEASE_TTL, UNKNOWN_REASON, Sender
from app.persistence import jobs, leases, orders, plans
from app.persistence.database import Database, Session
from app.persistence.orders import OrderRecord
from app.persistence.plans import DecisionRecord
from riskgate.contracts.decisions import ApprovedPlan, Verdict
from riskgate.contracts.orders import ExecutionMode, OrderState
from riskgate.contracts.plans import TradePlan

# Whoever prepares a plan sends it at once; from then on it is looked after without them.
LOOK_AFTER: Final = timedelta(seconds=2)
STOPPED_BEFORE: Final = "approved, but the server stopped before it was sent; nothing was sent"


class ExecutionEngine:
    """Sends approved orders once and follows them; every step is stored before the next."""

    def __init__(  # noqa: PLR0913  # each is a port or a setting
        self,
        *,
        database: Database,
        brokers: Brokers,
        clock: Clock,
        monotonic: Callable[[], float],
        ids: IdFactory,
        sleep: Callable[[float], Awaitable[None]],
        fill_wait_s: float,
        legs_that_reduce: LegsThatReduce,
        live: bool = False,
    ) -> None:
        self._database = database
        self._clock = clock
        self._live = live
        self._ids = ids
        self._holder = ids.new("proc")
        self._recorder = Recorder(database=database, clock=clock)
        self._sender = Sender(
            database=database,
            brokers=brokers,
            clock=clock,
            monotonic=monotonic,
            recorder=self._recorder,
            legs_that_reduce=legs_that_reduce,
            live=live,
        )
        self._follower = Follower(
            database=database,
            brokers=brokers,
            clock=clock,
            monotonic=monotonic,
            sleep=sleep,
            fill_wait_s=fill_wait_s,
            recorder=self._recorder,
        )
        self._canceller = Canceller(
            database=database,
            brokers=brokers,
            clock=clock,
            follower=self._follower,
            recorder=self._recorder,
        )

    async def prepare(
        self, session: Session, approved: ApprovedPlan, *, armed: LiveEvidence | None = None
    ) -> None:
        """Write the plan's orders down as PLANNED, in the transaction of its approval, with the
        job that follows them.

        Raises PlanNotExecutable when the plan or its decision are not the stored ones, and for a
        LIVE plan that the server or what it was `armed` with does not permit.
        """
        judged = await _require_stored(session, approved)
        at = self._clock.now()
        if approved.plan.mode is ExecutionMode.LIVE:
            await require_armed(session, approved, judged, armed, switch_on=self._live, at=at)
        send_by = min(approved.expires_at, approved.plan.validity_window.end)
        for intent in derive_orders(approved.plan, new_id=lambda: self._ids.new("ord")):
            await orders.add_order(
                session, intent, approval_id=approved.approval_id, send_by=send_by, at=at
            )
        follow = jobs.follow_account(session.tenant_id, approved.plan.account_id)
        await jobs.defer(session, follow, after=LOOK_AFTER)

    async def execute(
        self, tenant_id: str, plan_id: str, *, follow: bool = True
    ) -> list[OrderRecord]:
        """Send what of the plan is still PLANNED, wait a little for fills, return its orders.

        Without `follow` it does not wait: what rests is followed by the next refresh.

        Repeating it, at once or later, here or in another process, sends nothing twice: one
        process at a time holds the plan, and each order leaves PLANNED once.
        """
        async with self._database.tenant(tenant_id) as session:
            plan = await plans.find_plan(session, plan_id)
            if plan is None:
                raise PlanNotExecutable(f"there is no plan {plan_id}")
            lease = await leases.take(
                session, plan_id, holder=self._holder, at=self._clock.now(), ttl=LEASE_TTL
            )
        if lease is not None:
            await self._sender.send(tenant_id, plan, lease)
            async with self._database.tenant(tenant_id) as session:
                await leases.release(session, lease, at=self._clock.now())
        if follow:
            await self._follower.follow(tenant_id, plan_id)
        async with self._database.tenant(tenant_id) as session:
            return await orders.plan_orders(session, plan_id)

    async def refresh(self, tenant_id: str, account_id: str) -> None:
        """End what is overdue and book the broker's news. Raises BrokerUnavailable."""
        await self._follower.refresh(tenant_id, account_id)

    async def cancel(self, tenant_id: str, order_id: str, *, by: str) -> OrderRecord:
        """Take an order back; see Canceller.cancel for what it raises."""
        return await self._canceller.cancel(tenant_id, order_id, by=by)

    async def recover(
        self, tenant_id: str, *, account_id: str | None = None, alone: bool = False
    ) -> list[str]:
        """Settle what a stopped process left: look up what was being sent, end what never was.

        Nothing is resent. An order that the broker does not show stays UNKNOWN. Of a plan that
        was sent in part the rest goes on while its judgement is fresh. `alone` says that no
        other process can be sending, as at a start. Returns the accounts, of all or of the one
        asked for, that had something to settle.
        """
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            if alone:
                await leases.void_all(session, at=now)
            # In this order: who takes a lease in between has not been seen sending.
            pending = await orders.unfinished_orders(session, account_id)
            being_sent = await leases.being_sent(session, at=now, ttl=LEASE_TTL)
        left = [order for order in pending if order.intent.plan_id not in being_sent]
        for order in left:
            if order.state is OrderState.SENDING:
                change = transitions.outcome_unknown(order, UNKNOWN_REASON)
                await self._recorder.apply(tenant_id, order, change)
        settled = sorted({order.intent.account_id for order in left})
        for each in settled:
            with contextlib.suppress(BrokerUnavailable):
                await self._follower.refresh(tenant_id, each)
        waiting = [order for order in left if order.state is OrderState.PLANNED]
        for plan_id, group in groupby(waiting, key=lambda order: order.intent.plan_id):
            await self._go_on_or_end(tenant_id, plan_id, list(group), alone=alone)
        return settled

    async def _go_on_or_end(
        self, tenant_id: str, plan_id: str, waiting: Sequence[OrderRecord], *, alone: bool
    ) -> None:
        async with self._database.tenant(tenant_id) as session:
            known = await orders.plan_orders(session, plan_id)
        if half_sent(known):
            await self.execute(tenant_id, plan_id)
        elif alone:
            for order in waiting:
                change = transitions.expired(order, STOPPED_BEFORE)
                await self._recorder.apply(tenant_id, order, change)


async def _require_stored(session: Session, approved: ApprovedPlan) -> DecisionRecord:
    """Return the stored decision of the approved plan, which allows it."""
    plan: TradePlan = approved.plan
    stored = await plans.find_plan(session, plan.plan_id)
    decision = await plans.find_decision(session, approved.decision_hash)
    if stored is None or stored.plan_hash != approved.plan_hash:
        raise PlanNotExecutable("the approved plan is not the stored one")
    if plan.plan_hash != approved.plan_hash:
        raise PlanNotExecutable("the approved plan was changed after it was approved")
    if decision is None or decision.decision.plan_hash != approved.plan_hash:
        raise PlanNotExecutable("the approved plan has no stored decision")
    if decision.decision.verdict is not Verdict.ALLOW:
        raise PlanNotExecutable("the stored decision does not allow the plan")
    return decision
