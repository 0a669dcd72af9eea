"""What we expect the broker to hold: our own fills, and what people took over from the broker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.persistence.database import Row, Session
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import BrokerTrade, Product
from riskgate.contracts.snapshots import Position
from riskgate.hashing import canonical_json


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


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """What a person took over from the broker: a signed quantity, and the trades it stands for."""

    adjustment_id: str
    account_id: str
    exception_id: str
    instrument: InstrumentRef
    product: Product
    quantity: Decimal
    average_price: Decimal
    cause: str
    proof: str
    trades: tuple[BrokerTrade, ...]
    adjusted_by: str
    comment: str | None


async def add_adjustment(session: Session, adjustment: Adjustment, *, at: datetime) -> None:
    await session.execute(
        "INSERT INTO ledger_adjustments (tenant_id, adjustment_id, account_id, exception_id,"
        " exchange, tradingsymbol, product, quantity, average_price, cause, proof, trades,"
        " adjusted_by, comment, created_at)"
        " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb,%s::jsonb,%s,%s,%s)",
        (
            session.tenant_id,
            adjustment.adjustment_id,
            adjustment.account_id,
            adjustment.exception_id,
            adjustment.instrument.exchange,
            adjustment.instrument.tradingsymbol,
            adjustment.product,
            adjustment.quantity,
            adjustment.average_price,
            adjustment.cause,
            adjustment.proof,
            canonical_json([trade.model_dump(mode="json") for trade in adjustment.trades]),
            adjustment.adjusted_by,
            adjustment.comment,
            at,
        ),
    )


async def adopted_trades(session: Session, account_id: str) -> list[BrokerTrade]:
    """Return the trades that people took over into the account's ledger."""
    rows = await session.fetch_all(
        "SELECT trades FROM ledger_adjustments WHERE tenant_id = %s AND account_id = %s"
        " ORDER BY created_at, adjustment_id",
        (session.tenant_id, account_id),
    )
    return [BrokerTrade.model_validate(trade) for row in rows for trade in row["trades"]]


async def fills_of(
    session: Session, account_id: str, order_ids: Sequence[str], *, since: datetime
) -> list[BrokerTrade]:
    """Return the account's fills of some orders, and every one of it since a moment."""
    rows = await session.fetch_all(
        "SELECT body FROM fills WHERE tenant_id = %s AND account_id = %s"
        " AND (order_id = ANY(%s) OR traded_at >= %s) ORDER BY traded_at, order_id, trade_id",
        (session.tenant_id, account_id, list(order_ids), since),
    )
    return [BrokerTrade.model_validate(row["body"]) for row in rows]
