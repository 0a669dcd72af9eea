"""Take an order back: before it is sent by ourselves, after it by asking the broker."""

import contextlib

from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from adapters.ports import Brokers, Clock
from app.audit.log import Entry, append
from app.errors import Conflict, NotFound, Unavailable
from app.execution import transitions
from app.execution.follower import Follower
from app.execution.recording import Recorder
from app.persistence import orders
from app.persistence.broker_messages import add_message
from app.persistence.database import Database, Session
from app.persistence.orders import OrderRecord
from riskgate.contracts.orders import OrderState
from riskgate.inputs import MessageKind


class OrderNotOpen(Conflict):
    """The order has nothing open that could be cancelled."""

    code = "ORDER_NOT_OPEN"
    remedy = "Look at the order again; what was filled cannot be cancelled."


class CancelUnknown(Unavailable):
    """The cancel was asked and nothing says yet whether it worked."""

    code = "CANCEL_UNKNOWN"
    remedy = "Look at the order again; cancelling it once more is safe."


class Canceller:
    """Cancels orders. Always permitted, whatever the kill switch says."""

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        clock: Clock,
        follower: Follower,
        recorder: Recorder,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._follower = follower
        self._recorder = recorder

    async def cancel(self, tenant_id: str, order_id: str, *, by: str) -> OrderRecord:
        """Take back an order not sent yet, or ask the broker to cancel what is open of it.

        What filled before stands. Raises NotFound for a foreign order, OrderNotOpen for one that
        is final or that the broker does not show yet, BrokerUnavailable when nothing was asked,
        and CancelUnknown when it was asked and nothing says whether it worked.
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
        async with self._database.tenant(tenant_id) as session:
            won = await self._recorder.apply_in(session, order, change)
            if won:
                await self._audit_cancel(session, order, by)
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
            await self._follower.refresh(tenant_id, account_id)
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
