"""Orders, fills and positions as the Kite MCP server writes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from pydantic import JsonValue

from riskgate.contracts.instruments import InstrumentRef
from tests.fakes.kite_oms import KiteOrder, KiteTrade

INDIA: Final = timezone(timedelta(hours=5, minutes=30))
NO_TIME: Final = "0001-01-01T00:00:00Z"
# Shown with each position and not read by us.
POSITION_FIGURES: Final = (
    *("close_price", "last_price", "value", "pnl", "m2m", "unrealised", "realised"),
    *("buy_quantity", "buy_price", "buy_value", "buy_m2m"),
    *("sell_quantity", "sell_price", "sell_value", "sell_m2m"),
    *("day_buy_quantity", "day_buy_price", "day_buy_value"),
    *("day_sell_quantity", "day_sell_price", "day_sell_value"),
)


def order_row(order: KiteOrder) -> JsonValue:
    """Write an order as the server does."""
    form, rejected = order.form, order.status == "REJECTED"
    average = order.value / order.filled if order.filled else Decimal(0)
    cancelled = order.quantity - order.filled if order.status == "CANCELLED" else 0
    tag = form.get("tag", "")
    changed = NO_TIME if rejected else stamp(order.updated_at)
    return {
        "account_id": "",
        "placed_by": "XX0000",
        "order_id": order.order_id,
        "exchange_order_id": "" if rejected else f"1{order.order_id}",
        "parent_order_id": "",
        "status": order.status,
        "status_message": order.message,
        "status_message_raw": order.message,
        "order_timestamp": stamp(order.placed_at),
        "exchange_update_timestamp": changed,
        "exchange_timestamp": changed,
        "variety": order.variety,
        "modified": False,
        "meta": {},
        "exchange": order.ref.exchange.value,
        "tradingsymbol": order.ref.tradingsymbol,
        "instrument_token": 408065,
        "order_type": form["order_type"],
        "transaction_type": form["transaction_type"],
        "validity": form.get("validity", "DAY"),
        "validity_ttl": 0,
        "product": form["product"],
        "quantity": order.quantity,
        "disclosed_quantity": 0,
        "price": float(form.get("price", "0")),
        "trigger_price": float(form.get("trigger_price", "0")),
        "average_price": float(average),
        "filled_quantity": order.filled,
        # As recorded: a cancelled order still shows its rest as pending.
        "pending_quantity": 0 if rejected else order.quantity - order.filled,
        "cancelled_quantity": cancelled,
        "auction_number": "",
        "tag": tag,
        "tags": [tag] if tag else None,
    }


def trade_row(trade: KiteTrade) -> JsonValue:
    """Write a fill as the server does."""
    return {
        "average_price": float(trade.price),
        "quantity": trade.quantity,
        "trade_id": trade.trade_id,
        "product": trade.order.form["product"],
        "fill_timestamp": stamp(trade.at),
        "exchange_timestamp": stamp(trade.at),
        "exchange_order_id": f"1{trade.order.order_id}",
        "order_id": trade.order.order_id,
        "transaction_type": trade.order.form["transaction_type"],
        "tradingsymbol": trade.order.ref.tradingsymbol,
        "exchange": trade.order.ref.exchange.value,
        "instrument_token": 408065,
    }


def position_row(
    ref: InstrumentRef, product: str, quantity: int, overnight: int, trades: Sequence[KiteTrade]
) -> JsonValue:
    """Write a position as the server does, priced at the mean of its day's fills."""
    count = sum(trade.quantity for trade in trades)
    value = sum((trade.quantity * trade.price for trade in trades), Decimal(0))
    average = (value / count).quantize(Decimal("0.000001"), ROUND_HALF_EVEN) if count else value
    return {
        "tradingsymbol": ref.tradingsymbol,
        "exchange": ref.exchange.value,
        "instrument_token": 408065,
        "product": product,
        "quantity": quantity,
        "overnight_quantity": overnight,
        "multiplier": 1,
        "average_price": float(average),
        **dict.fromkeys(POSITION_FIGURES, 0),
    }


def stamp(time: datetime) -> str:
    """Write a time as Kite does: whole seconds in India."""
    return time.astimezone(INDIA).replace(microsecond=0).isoformat()
