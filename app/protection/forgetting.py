"""Orders of an earlier session that the book does not show any more: neither cover nor exit."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.ports import ReachBack
from app.ledger.sessions import forgotten, shows_anything
from app.persistence import protections
from app.persistence.database import Session
from app.persistence.orders import OrderRecord
from app.protection.desired import Why
from app.protection.seeing import Line
from riskgate.contracts.orders import OrderState
from riskgate.contracts.snapshots import BrokerSnapshot


def forgotten_orders(
    orders: Sequence[OrderRecord], snapshot: BrokerSnapshot, reach_back: ReachBack | None
) -> frozenset[str]:
    """Return the ids of the orders that the book would show if they were open, and does not."""
    if not shows_anything(snapshot):
        return frozenset()
    return frozenset(
        order.intent.order_id
        for order in orders
        if forgotten(order, snapshot.orders, reach_back, at=snapshot.as_of)
    )


async def forget(
    session: Session, line: Line, snapshot: BrokerSnapshot, reach_back: ReachBack | None
) -> tuple[Line, tuple[str, ...]]:
    """Return the line with what the book forgot as ended, and the orders newly found so.

    What was once found forgotten stays so in an answer without any row, and is open again when
    the broker shows it. What a forgotten order filled only the positions tell.
    """
    marked = {p.plan_id for p in line.plans if p.taken_back == Why.FORGOTTEN}
    ended = forgotten_orders(line.ours, snapshot, reach_back)
    new: list[str] = []
    ours: list[OrderRecord] = []
    for order in line.ours:
        order_id, plan_id = order.intent.order_id, order.intent.plan_id
        gone = order_id in ended or (plan_id in marked and not _shown(order, snapshot))
        if order.state.final or not gone:
            if plan_id in marked and _shown(order, snapshot):
                await protections.remember(session, plan_id)
            ours.append(order)
            continue
        if plan_id not in marked and any(plan.plan_id == plan_id for plan in line.plans):
            await protections.forget(session, plan_id, why=Why.FORGOTTEN.value)
            new.append(order_id)
        ours.append(replace(order, state=OrderState.EXPIRED))
    return replace(line, ours=tuple(ours)), tuple(new)


def _shown(order: OrderRecord, snapshot: BrokerSnapshot) -> bool:
    known = order.broker_order_id
    return any(
        one.tag == order.intent.tag or (known is not None and one.broker_order_id == known)
        for one in snapshot.orders
    )
