"""What an account's LIVE plans sent and filled: what the limits of a live day are held against."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.persistence.database import Session
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import BrokerTrade, OrderState, Product
from riskgate.contracts.traces import DeltaCause


@dataclass(frozen=True, kw_only=True)
class LiveOrder:
    """An order with what its leg was planned to be worth; None where the plan cannot be read."""

    quantity: Decimal
    filled_quantity: Decimal
    average_price: Decimal | None
    leg_quantity: Decimal | None
    leg_notional: Decimal | None
    multiplier: Decimal | None


@dataclass(frozen=True, kw_only=True)
class LiveFill:
    """A fill with what one unit of price is worth; None where the plan cannot be read."""

    trade: BrokerTrade
    multiplier: Decimal | None


@dataclass(frozen=True, kw_only=True)
class LiveAdjustment:
    """What a person took over from the broker: a signed quantity, and what it then cost."""

    at: datetime
    instrument: InstrumentRef
    product: Product
    quantity: Decimal
    average_price: Decimal
    keeps_cost: bool = False


async def orders_since(
    session: Session, account_id: str, *, since: datetime, at: datetime, but_of_plan: str
) -> list[LiveOrder]:
    """Return what went out since a moment, or is approved and may yet; without one plan's own."""
    rows = await session.fetch_all(
        "SELECT o.quantity, o.filled_quantity, o.average_price,"
        " (p.body->'legs'->o.leg->>'quantity')::numeric AS leg_quantity,"
        " (p.body->'legs'->o.leg->>'notional')::numeric AS leg_notional,"
        " (p.body->'legs'->o.leg->'instrument'->>'multiplier')::numeric AS multiplier"
        " FROM orders o JOIN plans p USING (tenant_id, plan_id)"
        " WHERE o.tenant_id = %s AND o.account_id = %s AND o.plan_id <> %s"
        " AND p.body->>'mode' = 'LIVE'"
        " AND (o.sent_at >= %s AND o.state <> %s OR o.state = %s AND o.send_by >= %s)",
        (
            session.tenant_id,
            account_id,
            but_of_plan,
            since,
            OrderState.NOT_SENT,
            OrderState.PLANNED,
            at,
        ),
    )
    return [LiveOrder(**row) for row in rows]


async def fills(
    session: Session, account_id: str, *, of_every_mode: bool = False
) -> list[LiveFill]:
    """Return every fill of the account's LIVE plans, or of all its plans, oldest first; of one
    moment, as sent."""
    rows = await session.fetch_all(
        "SELECT f.body, (p.body->'legs'->o.leg->'instrument'->>'multiplier')::numeric AS multiplier"
        " FROM fills f JOIN orders o USING (tenant_id, order_id)"
        " JOIN plans p USING (tenant_id, plan_id)"
        " WHERE f.tenant_id = %s AND f.account_id = %s AND (%s OR p.body->>'mode' = 'LIVE')"
        " ORDER BY f.traded_at, (SELECT min(m.message_id) FROM broker_messages m"
        " WHERE m.tenant_id = f.tenant_id AND m.order_id = f.order_id), f.trade_id",
        (session.tenant_id, account_id, of_every_mode),
    )
    return [
        LiveFill(trade=BrokerTrade.model_validate(row["body"]), multiplier=row["multiplier"])
        for row in rows
    ]


async def adjustments(session: Session, account_id: str) -> list[LiveAdjustment]:
    """Return everything that people took over into the account's ledger, oldest first."""
    rows = await session.fetch_all(
        "SELECT created_at, exchange, tradingsymbol, product, quantity, average_price, cause"
        " FROM ledger_adjustments WHERE tenant_id = %s AND account_id = %s AND quantity <> 0"
        " ORDER BY created_at, adjustment_id",
        (session.tenant_id, account_id),
    )
    return [
        LiveAdjustment(
            at=row["created_at"],
            instrument=InstrumentRef(
                exchange=Exchange(row["exchange"]), tradingsymbol=row["tradingsymbol"]
            ),
            product=Product(row["product"]),
            quantity=row["quantity"],
            average_price=row["average_price"],
            keeps_cost=row["cause"] == DeltaCause.CORPORATE_ACTION,
        )
        for row in rows
    ]
