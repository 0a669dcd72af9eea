"""Our orders, written before they are sent, their history and their fills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.persistence.database import Row, Session
from riskgate.contracts.orders import BrokerTrade, OrderIntent, OrderState
from riskgate.hashing import canonical_json, content_hash


@dataclass(frozen=True, kw_only=True)
class OrderRecord:
    """One order: the exact terms, the tag that names it, and how far it got."""

    intent: OrderIntent
    approval_id: str
    payload_hash: str
    state: OrderState
    broker_order_id: str | None
    filled_quantity: Decimal
    cancelled_quantity: Decimal
    average_price: Decimal | None
    reason: str | None
    send_by: datetime
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime

    @property
    def open_quantity(self) -> Decimal:
        """What may still fill at the broker, or may yet be sent to it."""
        if self.state.final:
            return Decimal(0)
        return self.intent.quantity - self.filled_quantity - self.cancelled_quantity


@dataclass(frozen=True, kw_only=True)
class OrderChange:
    """A new state of an order, allowed only from one of `expected`."""

    expected: frozenset[OrderState]
    state: OrderState
    filled_quantity: Decimal
    cancelled_quantity: Decimal
    broker_order_id: str | None = None
    average_price: Decimal | None = None
    reason: str | None = None
    sent_at: datetime | None = None
    fence: int | None = None


async def add_order(
    session: Session, intent: OrderIntent, *, approval_id: str, send_by: datetime, at: datetime
) -> None:
    """Write an order down before anything is sent. A second order for the same leg and slice,
    or with the same tag, is refused by the database."""
    await session.execute(
        "INSERT INTO orders (tenant_id, order_id, account_id, plan_id, leg, slice, approval_id,"
        " tag, payload_hash, terms, state, quantity, filled_quantity, cancelled_quantity,"
        " send_by, created_at, updated_at)"
        " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb,'PLANNED',%s,0,0,%s,%s,%s)",
        (
            session.tenant_id,
            intent.order_id,
            intent.account_id,
            intent.plan_id,
            intent.leg,
            intent.slice,
            approval_id,
            intent.tag,
            content_hash(intent),
            canonical_json(intent),
            intent.quantity,
            send_by,
            at,
            at,
        ),
    )
    await _log(session, intent.order_id, OrderState.PLANNED, "{}", at)


async def change_order(
    session: Session, order_id: str, change: OrderChange, *, at: datetime
) -> bool:
    """Compare-and-set an order's state; False when it was in none of the expected states."""
    # What ends is cancelled by the stored quantity, so changed terms cannot keep it open.
    touched = await session.execute(
        "UPDATE orders SET state = %s, broker_order_id = coalesce(%s, broker_order_id),"
        " filled_quantity = %s,"
        " cancelled_quantity = CASE WHEN %s THEN quantity - %s ELSE %s END,"
        " average_price = coalesce(%s, average_price), reason = coalesce(%s, reason),"
        " sent_at = coalesce(%s, sent_at), fence = coalesce(%s, fence), updated_at = %s"
        " WHERE tenant_id = %s AND order_id = %s AND state = ANY(%s)"
        " AND filled_quantity <= %s AND cancelled_quantity <= %s",
        (
            change.state,
            change.broker_order_id,
            change.filled_quantity,
            change.state.final,
            change.filled_quantity,
            change.cancelled_quantity,
            change.average_price,
            change.reason,
            change.sent_at,
            change.fence,
            at,
            session.tenant_id,
            order_id,
            [state.value for state in change.expected],
            change.filled_quantity,
            change.cancelled_quantity,
        ),
    )
    if touched == 1:
        body = {
            "filled_quantity": str(change.filled_quantity),
            "broker_order_id": change.broker_order_id,
            "reason": change.reason,
        }
        await _log(session, order_id, change.state, canonical_json(dict(body)), at)
    return touched == 1


async def plan_orders(session: Session, plan_id: str) -> list[OrderRecord]:
    """Return a plan's orders in the order they are sent."""
    rows = await session.fetch_all(
        "SELECT * FROM orders WHERE tenant_id = %s AND plan_id = %s ORDER BY leg, slice",
        (session.tenant_id, plan_id),
    )
    return [_record(row) for row in rows]


async def find_order(session: Session, order_id: str) -> OrderRecord | None:
    row = await session.fetch_one(
        "SELECT * FROM orders WHERE tenant_id = %s AND order_id = %s",
        (session.tenant_id, order_id),
    )
    return _record(row) if row else None


async def account_of(session: Session, broker_order_id: str) -> str | None:
    """Return the account of our order that the broker knows by this id."""
    row = await session.fetch_one(
        "SELECT account_id FROM orders WHERE tenant_id = %s AND broker_order_id = %s LIMIT 1",
        (session.tenant_id, broker_order_id),
    )
    return None if row is None else str(row["account_id"])


async def unfinished_orders(session: Session, account_id: str | None = None) -> list[OrderRecord]:
    """Return every order that is not in a final state, oldest first."""
    rows = await session.fetch_all(
        "SELECT * FROM orders WHERE tenant_id = %s AND (%s::text IS NULL OR account_id = %s)"
        " AND state = ANY(%s) ORDER BY created_at, leg, slice",
        (
            session.tenant_id,
            account_id,
            account_id,
            [state.value for state in OrderState if not state.final],
        ),
    )
    return [_record(row) for row in rows]


async def last_sent(
    session: Session, *, thread_id: str, user_id: str, account_id: str
) -> tuple[str, ...]:
    """Return what is open of the last plan that a user had sent in a thread, by order id."""
    rows = await session.fetch_all(
        "SELECT order_id FROM orders WHERE tenant_id = %s AND state = ANY(%s)"
        " AND plan_id = (SELECT o.plan_id FROM cards c JOIN orders o USING (tenant_id, plan_id)"
        " WHERE c.tenant_id = %s AND c.thread_id = %s AND c.user_id = %s AND c.account_id = %s"
        " AND c.status = 'APPROVED' ORDER BY o.created_at DESC LIMIT 1) ORDER BY leg, slice",
        (
            session.tenant_id,
            [state.value for state in OrderState if not state.final],
            session.tenant_id,
            thread_id,
            user_id,
            account_id,
        ),
    )
    return tuple(str(row["order_id"]) for row in rows)


async def orders_in_play(
    session: Session, account_id: str, *, tags: Sequence[str], broker_order_ids: Sequence[str]
) -> list[OrderRecord]:
    """Return the account's orders that are not final, and those of these tags or broker ids."""
    rows = await session.fetch_all(
        "SELECT * FROM orders WHERE tenant_id = %s AND account_id = %s"
        " AND (state = ANY(%s) OR tag = ANY(%s) OR broker_order_id = ANY(%s))"
        " ORDER BY created_at, leg, slice",
        (
            session.tenant_id,
            account_id,
            [state.value for state in OrderState if not state.final],
            list(tags),
            list(broker_order_ids),
        ),
    )
    return [_record(row) for row in rows]


async def unsettled_orders(
    session: Session, account_id: str, *, since: datetime
) -> list[OrderRecord]:
    """Return the account's orders that are not final or changed at or after a moment."""
    rows = await session.fetch_all(
        "SELECT * FROM orders WHERE tenant_id = %s AND account_id = %s"
        " AND (state = ANY(%s) OR updated_at >= %s) ORDER BY created_at, leg, slice",
        (
            session.tenant_id,
            account_id,
            [state.value for state in OrderState if not state.final],
            since,
        ),
    )
    return [_record(row) for row in rows]


async def list_orders(
    session: Session, *, account_id: str | None, limit: int, offset: int
) -> list[OrderRecord]:
    rows = await session.fetch_all(
        "SELECT * FROM orders WHERE tenant_id = %s AND (%s::text IS NULL OR account_id = %s)"
        " ORDER BY created_at DESC, leg, slice LIMIT %s OFFSET %s",
        (session.tenant_id, account_id, account_id, limit, offset),
    )
    return [_record(row) for row in rows]


async def add_fill(session: Session, trade: BrokerTrade, *, account_id: str, order_id: str) -> bool:
    """Store a fill of an order once by the broker's trade id; False when it was known already."""
    touched = await session.execute(
        "INSERT INTO fills (tenant_id, account_id, trade_id, order_id, body, traded_at)"
        " VALUES (%s, %s, %s, %s, %s::jsonb, %s) ON CONFLICT DO NOTHING",
        (
            session.tenant_id,
            account_id,
            trade.trade_id,
            order_id,
            canonical_json(trade),
            trade.traded_at,
        ),
    )
    return touched == 1


async def order_fills(session: Session, order_id: str) -> list[BrokerTrade]:
    rows = await session.fetch_all(
        "SELECT body FROM fills WHERE tenant_id = %s AND order_id = %s"
        " ORDER BY traded_at, trade_id",
        (session.tenant_id, order_id),
    )
    return [BrokerTrade.model_validate(row["body"]) for row in rows]


async def _log(session: Session, order_id: str, state: str, body: str, at: datetime) -> None:
    await session.execute(
        "INSERT INTO order_events (tenant_id, order_id, seq, state, body, created_at)"
        " SELECT %s, %s, coalesce(max(seq), 0) + 1, %s, %s::jsonb, %s FROM order_events"
        " WHERE tenant_id = %s AND order_id = %s",
        (session.tenant_id, order_id, state, body, at, session.tenant_id, order_id),
    )


def _record(row: Row) -> OrderRecord:
    return OrderRecord(
        intent=OrderIntent.model_validate(row["terms"]),
        state=OrderState(row["state"]),
        **{
            name: row[name]
            for name in (
                "approval_id",
                "payload_hash",
                "broker_order_id",
                "filled_quantity",
                "cancelled_quantity",
                "average_price",
                "reason",
                "send_by",
                "created_at",
                "sent_at",
                "updated_at",
            )
        },
    )
