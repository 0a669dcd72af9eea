"""The ledger's book: fills in, expected state out."""

from datetime import datetime

from app.ledger.positions import apply_fill
from app.persistence import ledger as rows
from app.persistence import orders as order_rows
from app.persistence.database import Session
from app.persistence.orders import OrderRecord
from riskgate.contracts.orders import BrokerTrade
from riskgate.contracts.snapshots import ExpectedOrder, LedgerSnapshot


async def book_fill(
    session: Session, order: OrderRecord, trade: BrokerTrade, *, at: datetime
) -> bool:
    """Book a fill of one of our orders once; False when it was booked before.

    The fill and the position move in the caller's transaction, so neither is ever alone.
    """
    account_id = order.intent.account_id
    new = await order_rows.add_fill(
        session, trade, account_id=account_id, order_id=order.intent.order_id
    )
    if new:
        position = await rows.lock_position(
            session,
            account_id=account_id,
            instrument=trade.instrument,
            product=trade.product,
            at=at,
        )
        await rows.set_position(session, apply_fill(position, trade), account_id=account_id, at=at)
    return new


async def snapshot(
    session: Session, *, account_id: str, snapshot_id: str, at: datetime
) -> LedgerSnapshot:
    """Return what we expect the broker to hold and have open."""
    positions = await rows.positions(session, account_id)
    orders = await order_rows.unfinished_orders(session, account_id)
    return LedgerSnapshot(
        snapshot_id=snapshot_id,
        account_id=account_id,
        as_of=at,
        expected_positions=tuple(positions),
        expected_orders=tuple(expected_order(order) for order in orders),
    )


def expected_order(order: OrderRecord) -> ExpectedOrder:
    """Show one of our orders as the ledger believes it stands."""
    return ExpectedOrder(
        order_id=order.intent.order_id,
        broker_order_id=order.broker_order_id,
        tag=order.intent.tag,
        instrument=order.intent.instrument,
        open_quantity=order.open_quantity,
        filled_quantity=order.filled_quantity,
        state=order.state.value,
    )
