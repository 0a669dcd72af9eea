"""Orders at the broker that are not ours: seen, shown and counted, never touched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.persistence.database import Row, Session
from riskgate.contracts.orders import BrokerOrder
from riskgate.hashing import canonical_json


@dataclass(frozen=True, kw_only=True)
class ForeignOrder:
    """One order of others as the broker last showed it."""

    account_id: str
    order: BrokerOrder
    is_open: bool
    first_seen_at: datetime
    last_seen_at: datetime


async def adopt(
    session: Session, orders: Sequence[BrokerOrder], *, account_id: str, at: datetime
) -> None:
    """Store orders of others, or how they stand now."""
    for order in orders:
        await session.execute(
            "INSERT INTO foreign_orders (tenant_id, account_id, broker_order_id, is_open, body,"
            " first_seen_at, last_seen_at) VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s)"
            " ON CONFLICT (tenant_id, account_id, broker_order_id) DO UPDATE"
            " SET is_open = excluded.is_open, body = excluded.body,"
            " last_seen_at = excluded.last_seen_at",
            (
                session.tenant_id,
                account_id,
                order.broker_order_id,
                order.open_quantity > 0,
                canonical_json(order),
                at,
                at,
            ),
        )


async def list_foreign(
    session: Session, *, account_id: str | None, limit: int, offset: int
) -> list[ForeignOrder]:
    """Return the orders of others, the last seen first."""
    rows = await session.fetch_all(
        "SELECT account_id, is_open, body, first_seen_at, last_seen_at FROM foreign_orders"
        " WHERE tenant_id = %s AND (%s::text IS NULL OR account_id = %s)"
        " ORDER BY last_seen_at DESC, broker_order_id LIMIT %s OFFSET %s",
        (session.tenant_id, account_id, account_id, limit, offset),
    )
    return [_record(row) for row in rows]


def _record(row: Row) -> ForeignOrder:
    return ForeignOrder(
        account_id=row["account_id"],
        order=BrokerOrder.model_validate(row["body"]),
        is_open=row["is_open"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
    )
