"""What went to brokers, order by order: what rates and repeated orders are counted from."""

from datetime import datetime

from app.persistence.database import Row, Session
from riskgate.contracts.orders import OrderIntent, OrderState
from riskgate.inputs import MessageKind, SentMessage

# Every order is asked for by a person until there are strategies.
STRATEGY = "manual"


async def add_message(
    session: Session, intent: OrderIntent, kind: MessageKind, *, at: datetime
) -> None:
    """Write a message down in the transaction before it goes out."""
    await session.execute(
        "INSERT INTO broker_messages (tenant_id, account_id, order_id, kind, strategy_id, at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (session.tenant_id, intent.account_id, intent.order_id, kind, STRATEGY, at),
    )


async def messages_since(
    session: Session, account_id: str, *, since: datetime, but_of_plan: str
) -> list[SentMessage]:
    """Return the account's messages after a moment, oldest first, without those of one plan.

    An order that surely never reached the broker is none, and asking again for one that the broker
    refused is no repeat.
    """
    rows = await session.fetch_all(
        "SELECT m.at, m.kind, m.strategy_id, o.terms, o.state FROM broker_messages m"
        " JOIN orders o USING (tenant_id, order_id)"
        " WHERE m.tenant_id = %s AND m.account_id = %s AND m.at > %s AND o.plan_id <> %s"
        " AND o.state <> %s ORDER BY m.at, m.message_id",
        (session.tenant_id, account_id, since, but_of_plan, OrderState.NOT_SENT),
    )
    return [_message(row) for row in rows]


async def messages_to_come(
    session: Session, account_id: str, *, at: datetime, but_of_plan: str
) -> list[SentMessage]:
    """Return the orders that are approved and not sent yet, as if they went out now."""
    rows = await session.fetch_all(
        "SELECT terms, state FROM orders WHERE tenant_id = %s AND account_id = %s AND state = %s"
        " AND send_by >= %s AND plan_id <> %s ORDER BY created_at, leg, slice",
        (session.tenant_id, account_id, OrderState.PLANNED, at, but_of_plan),
    )
    extra = {"at": at, "kind": MessageKind.ORDER, "strategy_id": STRATEGY}
    return [_message({**row, **extra}) for row in rows]


async def count_orders_since(
    session: Session, account_id: str, *, since: datetime, but_of_plan: str
) -> int:
    """Return how many orders went out at or after a moment."""
    row = await session.fetch_one(
        "SELECT count(*) AS orders FROM broker_messages m JOIN orders o USING (tenant_id, order_id)"
        " WHERE m.tenant_id = %s AND m.account_id = %s AND m.at >= %s AND m.kind = %s"
        " AND o.plan_id <> %s AND o.state <> %s",
        (
            session.tenant_id,
            account_id,
            since,
            MessageKind.ORDER,
            but_of_plan,
            OrderState.NOT_SENT,
        ),
    )
    return int(row["orders"]) if row else 0


def _message(row: Row) -> SentMessage:
    intent = OrderIntent.model_validate(row["terms"])
    return SentMessage(
        at=row["at"],
        kind=MessageKind(row["kind"]),
        strategy_id=row["strategy_id"],
        instrument=intent.instrument,
        side=intent.side,
        product=intent.product,
        quantity=None if row["state"] == OrderState.REJECTED else intent.quantity,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
    )
