"""The execution engine: the only place that sends an order."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from decimal import Decimal

from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from adapters.ports import BrokerAdapter, Brokers, Clock, IdFactory
from app.audit.log import Entry, append
from app.errors import Conflict, NotFound, Unavailable
from app.execution import transitions
from app.execution.claims import TOO_LATE, LegsThatReduce, why_not
from app.execution.derive import derive_orders
from app.ledger.book import book_fill
from app.persistence import accounts, orders, plans
from app.persistence.broker_messages import add_message
from app.persistence.database import Database, RowRefused, Session
from app.persistence.orders import OrderChange, OrderRecord
from app.telemetry import log, orders_total
from riskgate.contracts.decisions import ApprovedPlan, Verdict
from riskgate.contracts.orders import BrokerOrder, BrokerTrade, ExecutionMode, OrderState
from riskgate.inputs import MessageKind

ACTOR = "execution"
POLL_S = 0.1
UNKNOWN_REASON = "the broker's reply was lost; the order is looked up by its tag, never resent"


class PlanNotExecutable(Conflict):
    """The approved plan does not match what was stored, or its time is over."""

    code = "PLAN_NOT_EXECUTABLE"
    remedy = "Ask for the trade again; a new plan will be made and judged."


class OrderNotOpen(Conflict):
    """The order has nothing open that could be cancelled."""

    code = "ORDER_NOT_OPEN"
    remedy = "Look at the order again; what was filled cannot be cancelled."


class CancelUnknown(Unavailable):
    """The cancel was asked and nothing says yet whether it worked."""

    code = "CANCEL_UNKNOWN"
    remedy = "Look at the order again; cancelling it once more is safe."


class ExecutionEngine:
    """Sends approved orders once and follows them; every step is stored before the next."""

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        clock: Clock,
        ids: IdFactory,
        sleep: Callable[[float], Awaitable[None]],
        fill_wait_s: float,
        legs_that_reduce: LegsThatReduce,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._ids = ids
        self._sleep = sleep
        self._fill_wait_s = fill_wait_s
        self._legs_that_reduce = legs_that_reduce

    async def prepare(self, session: Session, approved: ApprovedPlan) -> None:
        """Write the plan's orders down as PLANNED, in the transaction of its approval.

        Raises PlanNotExecutable when the plan or its decision are not the stored ones.
        """
        await _require_stored(session, approved)
        at = self._clock.now()
        send_by = min(approved.expires_at, approved.plan.validity_window.end)
        for intent in derive_orders(approved.plan, new_id=lambda: self._ids.new("ord")):
            await orders.add_order(
                session, intent, approval_id=approved.approval_id, send_by=send_by, at=at
            )

    async def execute(self, tenant_id: str, plan_id: str) -> list[OrderRecord]:
        """Send what of the plan is still PLANNED, wait a little for fills, return its orders.

        Repeating it, at once or later, sends nothing twice: each order leaves PLANNED once.
        """
        mode = await self._mode(tenant_id, plan_id)
        for order in await self._plan(tenant_id, plan_id):
            if order.state is not OrderState.PLANNED:
                continue
            if mode is ExecutionMode.DRY_RUN:
                await self._apply(tenant_id, order, transitions.simulated(order))
            else:
                await self._send(tenant_id, order, mode)
        await self._follow(tenant_id, plan_id)
        return await self._plan(tenant_id, plan_id)

    async def refresh(self, tenant_id: str, account_id: str) -> None:
        """End what is overdue and book the broker's news of our open orders.

        An order that the database refuses to book is logged and left to reconciliation; the
        others go on. Raises BrokerUnavailable.
        """
        async with self._database.tenant(tenant_id) as session:
            pending = await orders.unfinished_orders(session, account_id)
        await self._expire_overdue(tenant_id, pending)
        at_broker = [order for order in pending if order.state in transitions.MAY_BE_AT_BROKER]
        if not at_broker:
            return
        broker = self._brokers.for_account(tenant_id, account_id)
        seen = await broker.get_orders(account_id)
        trades = await broker.get_trades(account_id)
        for order in at_broker:
            match = _match(order, seen)
            if match is None:
                continue
            try:
                await self._book(tenant_id, order, match, trades)
            except RowRefused:
                log.error("order_not_booked", order_id=order.intent.order_id)

    async def _expire_overdue(self, tenant_id: str, pending: Sequence[OrderRecord]) -> None:
        now = self._clock.now()
        for order in pending:
            if order.state is OrderState.PLANNED and now > order.send_by:
                await self._apply(tenant_id, order, transitions.expired(order, TOO_LATE))

    async def cancel(self, tenant_id: str, order_id: str, *, by: str) -> OrderRecord:
        """Take back an order not sent yet, or ask the broker to cancel what is open of it.

        What filled before stands. Always permitted, whatever the kill switch says. Raises
        NotFound for a foreign order, OrderNotOpen for one that is final or that the broker does
        not show yet, BrokerUnavailable when nothing was asked, and CancelUnknown when it was
        asked and nothing says whether it worked.
        """
        order = await self._open_order(tenant_id, order_id)
        if order.state is OrderState.PLANNED and await self._withdraw(tenant_id, order, by):
            return await self._found(tenant_id, order_id)
        account_id = order.intent.account_id
        if order.broker_order_id is None:
            await self._looked(tenant_id, account_id)
            order = await self._open_order(tenant_id, order_id)
        if order.broker_order_id is None:
            raise OrderNotOpen(f"order {order_id} is {order.state}, not known at the broker yet")
        async with self._database.tenant(tenant_id) as session:
            await self._audit_cancel(session, order, by)
            await add_message(session, order.intent, MessageKind.CANCEL, at=self._clock.now())
        broker = self._brokers.for_account(tenant_id, account_id)
        taken = False
        # A refusal means it ended meanwhile and a lost reply is no news: look either way.
        with contextlib.suppress(OrderRejected, OutcomeUnknown):
            await broker.cancel_order(account_id, order.broker_order_id)
            taken = True
        looked = await self._looked(tenant_id, account_id)
        order = await self._found(tenant_id, order_id)
        if not order.state.final and not (taken and looked):
            raise CancelUnknown(f"order {order_id} is {order.state}; its cancel is not confirmed")
        return order

    async def _withdraw(self, tenant_id: str, order: OrderRecord, by: str) -> bool:
        """End a planned order; False when it was claimed or ended first."""
        change = transitions.withdrawn(order, f"cancelled before it was sent by {by}")
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            won = await orders.change_order(session, order.intent.order_id, change, at=now)
            if won:
                await self._audit_cancel(session, order, by)
                await self._audit(session, order, change)
        return won

    async def _audit_cancel(self, session: Session, order: OrderRecord, by: str) -> None:
        entry = Entry(
            actor=by,
            action="order.cancel_asked",
            entity="order",
            entity_id=order.intent.order_id,
            body={"broker_order_id": order.broker_order_id},
        )
        await append(session, entry, at=self._clock.now())

    async def _looked(self, tenant_id: str, account_id: str) -> bool:
        """Refresh; False when the broker did not answer."""
        try:
            await self.refresh(tenant_id, account_id)
        except BrokerUnavailable:
            return False
        return True

    async def _found(self, tenant_id: str, order_id: str) -> OrderRecord:
        async with self._database.tenant(tenant_id) as session:
            order = await orders.find_order(session, order_id)
        if order is None:
            raise NotFound(f"there is no order {order_id}")
        return order

    async def _open_order(self, tenant_id: str, order_id: str) -> OrderRecord:
        order = await self._found(tenant_id, order_id)
        if order.state.final:
            raise OrderNotOpen(f"order {order_id} is {order.state}")
        return order

    async def recover(self, tenant_id: str) -> list[str]:
        """After a start: look up what was being sent, expire what was never sent.

        Nothing is resent. An order the broker does not show stays UNKNOWN for a person. Returns
        the accounts that had something to settle.
        """
        async with self._database.tenant(tenant_id) as session:
            pending = await orders.unfinished_orders(session)
        for order in pending:
            if order.state is OrderState.PLANNED:
                reason = "approved, but the server stopped before it was sent; nothing was sent"
                await self._apply(tenant_id, order, transitions.expired(order, reason))
            elif order.state is OrderState.SENDING:
                unknown = transitions.outcome_unknown(order, UNKNOWN_REASON)
                await self._apply(tenant_id, order, unknown)
        account_ids = sorted({order.intent.account_id for order in pending})
        for account_id in account_ids:
            with contextlib.suppress(BrokerUnavailable):
                await self.refresh(tenant_id, account_id)
        return account_ids

    async def _send(self, tenant_id: str, order: OrderRecord, mode: ExecutionMode) -> None:
        broker = self._brokers.for_account(tenant_id, order.intent.account_id)
        if broker.capabilities.mode is not mode:
            reason = f"the plan is for {mode}, the broker is {broker.capabilities.mode}"
            await self._apply(tenant_id, order, transitions.not_sent(order, reason))
            return
        refusal = await self._claim(tenant_id, order)
        if refusal is not None:
            return
        change = await self._call(broker, order)
        await self._apply(tenant_id, order, change)
        if change.state is OrderState.UNKNOWN:
            await self._look_up(tenant_id, broker, order)

    async def _claim(self, tenant_id: str, order: OrderRecord) -> str | None:
        """Move the order to SENDING, durably, or say why it may not be sent.

        The account is held, so a kill switch or a policy that was answered stands before this look.
        """
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, order.intent.account_id)
            now = self._clock.now()
            refusal = await why_not(session, order, self._legs_that_reduce, at=now)
            change = transitions.start_sending(order, at=now)
            if refusal is not None:
                change = transitions.expired(order, refusal)
            won = await orders.change_order(session, order.intent.order_id, change, at=now)
            if won:
                await self._audit(session, order, change)
            if won and refusal is None:
                await add_message(session, order.intent, MessageKind.ORDER, at=now)
        return refusal if won else "another worker has it"

    async def _call(self, broker: BrokerAdapter, order: OrderRecord) -> OrderChange:
        try:
            ack = await broker.place_order(order.intent)
        except OrderRejected as rejected:
            return transitions.refused(order, rejected.message)
        except BrokerUnavailable as unavailable:
            return transitions.not_sent(order, unavailable.message)
        except OutcomeUnknown as unknown:
            return transitions.outcome_unknown(order, f"{UNKNOWN_REASON} ({unknown.message})")
        except Exception as error:  # noqa: BLE001 # edge: it may have failed after the send
            log.exception("place_order_failed", order_id=order.intent.order_id)
            return transitions.outcome_unknown(order, f"{UNKNOWN_REASON} ({type(error).__name__})")
        return transitions.accepted(order, ack.broker_order_id)

    async def _look_up(self, tenant_id: str, broker: BrokerAdapter, order: OrderRecord) -> None:
        try:
            found = await broker.find_orders_by_tag(order.intent.account_id, order.intent.tag)
        except BrokerUnavailable:
            return
        if len(found) == 1:
            await self._apply(
                tenant_id, order, transitions.accepted(order, found[0].broker_order_id)
            )

    async def _follow(self, tenant_id: str, plan_id: str) -> None:
        """Poll until every order is final or the waiting time is over."""
        until = self._clock.now() + timedelta(seconds=self._fill_wait_s)
        while True:
            pending = [o for o in await self._plan(tenant_id, plan_id) if not o.state.final]
            if not pending:
                return
            try:
                await self.refresh(tenant_id, pending[0].intent.account_id)
            except BrokerUnavailable:
                return
            if self._clock.now() >= until or all(
                order.state.final for order in await self._plan(tenant_id, plan_id)
            ):
                return
            await self._sleep(POLL_S)

    async def _book(
        self,
        tenant_id: str,
        order: OrderRecord,
        seen: BrokerOrder,
        trades: Sequence[BrokerTrade],
    ) -> None:
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, order.intent.account_id)
            current = await orders.find_order(session, order.intent.order_id)
            if current is None:
                return
            own = [trade for trade in trades if trade.broker_order_id == seen.broker_order_id]
            fills = await self._book_fills(session, current, own)
            change = transitions.observed(current, seen, fills)
            if change is not None:
                won = await orders.change_order(session, order.intent.order_id, change, at=now)
                if won:
                    await self._audit(session, current, change)

    async def _book_fills(
        self, session: Session, order: OrderRecord, trades: Sequence[BrokerTrade]
    ) -> list[BrokerTrade]:
        """Book each new fill and return all of the order's.

        One that would fill more than was ordered is left out: it cannot be this order's, and the
        next reconciliation shows the difference to a person.
        """
        fills = await orders.order_fills(session, order.intent.order_id)
        known = {fill.trade_id for fill in fills}
        room = order.intent.quantity - sum((fill.quantity for fill in fills), Decimal(0))
        for trade in trades:
            if trade.trade_id in known:
                continue
            if trade.quantity > room:
                log.error("fill_over_ordered", order_id=order.intent.order_id)
                continue
            await book_fill(session, order, trade, at=self._clock.now())
            known.add(trade.trade_id)
            fills.append(trade)
            room -= trade.quantity
        return fills

    async def _apply(self, tenant_id: str, order: OrderRecord, change: OrderChange) -> None:
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            if await orders.change_order(session, order.intent.order_id, change, at=now):
                await self._audit(session, order, change)

    async def _audit(self, session: Session, order: OrderRecord, change: OrderChange) -> None:
        orders_total.labels(change.state.value).inc()
        entry = Entry(
            actor=ACTOR,
            action=f"order.{change.state.value.lower()}",
            entity="order",
            entity_id=order.intent.order_id,
            body={
                "plan_id": order.intent.plan_id,
                "tag": order.intent.tag,
                "payload_hash": order.payload_hash,
                "broker_order_id": change.broker_order_id,
                "filled_quantity": str(change.filled_quantity),
                "reason": change.reason,
            },
        )
        await append(session, entry, at=self._clock.now())

    async def _mode(self, tenant_id: str, plan_id: str) -> ExecutionMode:
        async with self._database.tenant(tenant_id) as session:
            plan = await plans.find_plan(session, plan_id)
        if plan is None:
            raise PlanNotExecutable(f"there is no plan {plan_id}")
        return plan.mode

    async def _plan(self, tenant_id: str, plan_id: str) -> list[OrderRecord]:
        async with self._database.tenant(tenant_id) as session:
            return await orders.plan_orders(session, plan_id)


def _match(order: OrderRecord, seen: Sequence[BrokerOrder]) -> BrokerOrder | None:
    """Find our order in the broker's book by its id, else by its tag when only one carries it."""
    for candidate in seen:
        if order.broker_order_id and candidate.broker_order_id == order.broker_order_id:
            return candidate
    tagged = [candidate for candidate in seen if candidate.tag == order.intent.tag]
    return tagged[0] if len(tagged) == 1 and order.broker_order_id is None else None


async def _require_stored(session: Session, approved: ApprovedPlan) -> None:
    stored = await plans.find_plan(session, approved.plan.plan_id)
    decision = await plans.find_decision(session, approved.decision_hash)
    if stored is None or stored.plan_hash != approved.plan_hash:
        raise PlanNotExecutable("the approved plan is not the stored one")
    if approved.plan.plan_hash != approved.plan_hash:
        raise PlanNotExecutable("the approved plan was changed after it was approved")
    if decision is None or decision.decision.plan_hash != approved.plan_hash:
        raise PlanNotExecutable("the approved plan has no stored decision")
    if decision.decision.verdict is not Verdict.ALLOW:
        raise PlanNotExecutable("the stored decision does not allow the plan")
    if approved.plan.mode is ExecutionMode.LIVE:
        raise PlanNotExecutable("LIVE needs a stored validation, which this release has not")
