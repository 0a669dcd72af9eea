"""Write a change of an order down, with its audit row, in one transaction."""

from adapters.ports import Clock
from app.audit.log import Entry, append
from app.persistence import orders
from app.persistence.database import Database, Session
from app.persistence.orders import OrderChange, OrderRecord
from app.telemetry import orders_total

ACTOR = "execution"


class Recorder:
    """Stores what became of orders; every change is compare-and-set and audited."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def apply(self, tenant_id: str, order: OrderRecord, change: OrderChange) -> bool:
        """Store the change in a transaction of its own; False when the order had moved on."""
        async with self._database.tenant(tenant_id) as session:
            return await self.apply_in(session, order, change)

    async def apply_in(self, session: Session, order: OrderRecord, change: OrderChange) -> bool:
        """Store the change in the caller's transaction; False when the order had moved on."""
        at = self._clock.now()
        won = await orders.change_order(session, order.intent.order_id, change, at=at)
        if won:
            orders_total.labels(change.state.value).inc()
            await append(session, _entry(order, change), at=at)
        return won


def _entry(order: OrderRecord, change: OrderChange) -> Entry:
    return Entry(
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
