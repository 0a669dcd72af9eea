"""What we expect the broker to hold, from our own fills."""

from datetime import datetime
from decimal import Decimal

from app.persistence.database import Row, Session
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import Product
from riskgate.contracts.snapshots import Position


async def positions(session: Session, account_id: str) -> list[Position]:
    rows = await session.fetch_all(
        "SELECT exchange, tradingsymbol, product, quantity, average_price FROM ledger_positions"
        " WHERE tenant_id = %s AND account_id = %s AND quantity <> 0"
        " ORDER BY exchange, tradingsymbol, product",
        (session.tenant_id, account_id),
    )
    return [_position(row) for row in rows]


async def lock_position(
    session: Session, *, account_id: str, instrument: InstrumentRef, product: Product, at: datetime
) -> Position:
    """Return one position held for this transaction; a new one is zero."""
    key = (session.tenant_id, account_id, instrument.exchange, instrument.tradingsymbol, product)
    await session.execute(
        "INSERT INTO ledger_positions (tenant_id, account_id, exchange, tradingsymbol, product,"
        " quantity, average_price, updated_at) VALUES (%s, %s, %s, %s, %s, 0, 0, %s)"
        " ON CONFLICT DO NOTHING",
        (*key, at),
    )
    row = await session.fetch_one(
        "SELECT exchange, tradingsymbol, product, quantity, average_price FROM ledger_positions"
        " WHERE tenant_id = %s AND account_id = %s AND exchange = %s AND tradingsymbol = %s"
        " AND product = %s FOR UPDATE",
        key,
    )
    if row is None:
        return Position(
            instrument=instrument, product=product, quantity=Decimal(0), average_price=Decimal(0)
        )
    return _position(row)


async def set_position(
    session: Session, position: Position, *, account_id: str, at: datetime
) -> None:
    await session.execute(
        "UPDATE ledger_positions SET quantity = %s, average_price = %s, updated_at = %s"
        " WHERE tenant_id = %s AND account_id = %s AND exchange = %s AND tradingsymbol = %s"
        " AND product = %s",
        (
            position.quantity,
            position.average_price,
            at,
            session.tenant_id,
            account_id,
            position.instrument.exchange,
            position.instrument.tradingsymbol,
            position.product,
        ),
    )


def _position(row: Row) -> Position:
    return Position(
        instrument=InstrumentRef(
            exchange=Exchange(row["exchange"]), tradingsymbol=row["tradingsymbol"]
        ),
        product=Product(row["product"]),
        quantity=row["quantity"],
        average_price=row["average_price"],
    )
