"""Orders, fills and positions as the Kite MCP server writes them."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from pydantic import JsonValue

from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.fakes.kite_oms import KiteOrder, KiteTrade

INDIA: Final = timezone(timedelta(hours=5, minutes=30))
NO_TIME: Final = "0001-01-01T00:00:00Z"
KNOWN_TOKENS: Final[Mapping[str, int]] = {"NSE:INFY": 408065, "NSE:SBIN": 779521}
SEGMENTS: Final = {
    exchange: number
    for number, exchange in enumerate((Exchange.NSE, Exchange.NFO, Exchange.BSE), start=1)
} | {Exchange.MCX: 5, Exchange.BFO: 8}
TOKENS: Final = 1 << 22
# Shown with each position and not read by us.
POSITION_FIGURES: Final = (
    *("close_price", "last_price", "value", "pnl", "m2m", "unrealised", "realised"),
    *("buy_quantity", "buy_price", "buy_value", "buy_m2m"),
    *("sell_quantity", "sell_price", "sell_value", "sell_m2m"),
    *("day_buy_quantity", "day_buy_price", "day_buy_value"),
    *("day_sell_quantity", "day_sell_price", "day_sell_value"),
)

UTILISED_BESIDES: Final = (
    *("exposure", "m2m_realised", "m2m_unrealised", "option_premium", "payout", "span"),
    *("holding_sales", "turnover", "liquid_collateral", "stock_collateral", "delivery"),
)


def instrument_token(ref: InstrumentRef) -> int:
    """Return the token of an instrument: the exchange's own number, then the segment's."""
    known = KNOWN_TOKENS.get(str(ref))
    if known is not None:
        return known
    drawn = int.from_bytes(hashlib.sha256(str(ref).encode()).digest()[:8], "big")
    return (drawn % TOKENS << 8) + SEGMENTS.get(ref.exchange, 0)


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
        "modified": order.changes > 0,
        "meta": {},
        "exchange": order.ref.exchange.value,
        "tradingsymbol": order.ref.tradingsymbol,
        "instrument_token": instrument_token(order.ref),
        "order_type": form["order_type"],
        "transaction_type": form["transaction_type"],
        "validity": form.get("validity", "DAY"),
        "validity_ttl": 0,
        "product": form["product"],
        "quantity": order.quantity,
        "disclosed_quantity": 0,
        "price": lean(float(form.get("price", "0"))),
        "trigger_price": lean(float(form.get("trigger_price", "0"))),
        "average_price": lean(average),
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
        "average_price": lean(trade.price),
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
        "instrument_token": instrument_token(trade.order.ref),
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
        "instrument_token": instrument_token(ref),
        "product": product,
        "quantity": quantity,
        "overnight_quantity": overnight,
        "multiplier": 1,
        "average_price": lean(average),
        **dict.fromkeys(POSITION_FIGURES, 0),
    }


def holding_row(
    ref: InstrumentRef,
    *,
    quantity: int,
    t1: int,
    pledged: int,
    sold: int,
    average: Decimal,
    last: Decimal,
    close: Decimal,
) -> JsonValue:
    """Write a holding as the server does."""
    change = float(last) - float(close)
    return {
        "tradingsymbol": ref.tradingsymbol,
        "exchange": ref.exchange.value,
        "instrument_token": instrument_token(ref),
        "isin": "",
        "product": "CNC",
        "price": 0,
        "used_quantity": sold,
        "quantity": quantity,
        "t1_quantity": t1,
        "realised_quantity": quantity,
        "authorised_quantity": 0,
        "authorised_date": NO_TIME,
        "opening_quantity": quantity,
        "collateral_quantity": pledged,
        "collateral_type": "",
        "discrepancy": False,
        "average_price": lean(average),
        "last_price": lean(last),
        "close_price": lean(close),
        "pnl": lean((float(last) - float(average)) * (quantity + t1)),
        "day_change": lean(change),
        "day_change_percentage": lean(change / float(close) * 100),
        "mtf": {
            "quantity": 0,
            "used_quantity": 0,
            "average_price": 0,
            "value": 0,
            "initial_margin": 0,
        },
    }


def segment_row(cash: Decimal, debits: Decimal) -> JsonValue:
    """Write one segment of the margins as the server does."""
    # In floats, as Kite adds up: the noise is part of what is recorded.
    net = float(cash) - float(debits)
    return {
        "enabled": True,
        "net": lean(net),
        "available": {
            "adhoc_margin": 0,
            "cash": lean(cash),
            "collateral": 0,
            "intraday_payin": 0,
            "live_balance": lean(net),
            "opening_balance": lean(cash),
        },
        "utilised": {"debits": lean(debits), **dict.fromkeys(UTILISED_BESIDES, 0)},
    }


def lean(number: float | Decimal) -> int | float:
    """Return a number as the server's language writes it: 470, never 470.0."""
    value = float(number)
    return int(value) if value.is_integer() else value


def stamp(time: datetime) -> str:
    """Write a time as Kite does: whole seconds in India."""
    return time.astimezone(INDIA).replace(microsecond=0).isoformat()
