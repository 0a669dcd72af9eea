"""Alpaca's words to contracts and back. Pure; what cannot be read raises ValueError.

Source: Alpaca's Trading API v2. Its amounts are strings; a binary number is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final, TypeAlias

from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerOrderStatus,
    BrokerTrade,
    OrderIntent,
    OrderType,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.snapshots import Margins, Position

Row: TypeAlias = Mapping[str, object]
RefOf: TypeAlias = Callable[[str], InstrumentRef]

OUR_TAG: Final = re.compile(r"[A-Za-z0-9]{20}")
PLACES: Final = Decimal("0.000000001")
TYPES: Final = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.SL: "stop_limit",
    OrderType.SL_M: "stop",
}
# What ends an order for good. `done_for_day`, `calculated` and any word not known here are open.
ENDS: Final = {
    "filled": BrokerOrderStatus.COMPLETE,
    "canceled": BrokerOrderStatus.CANCELLED,
    "expired": BrokerOrderStatus.CANCELLED,
    "replaced": BrokerOrderStatus.CANCELLED,
    "rejected": BrokerOrderStatus.REJECTED,
}
UNQUANTIFIED: Final = Decimal(1)


def order_body(intent: OrderIntent) -> dict[str, str]:
    """Return the order as Alpaca takes it, each amount as a decimal string."""
    body = {
        "symbol": intent.instrument.tradingsymbol,
        "qty": decimal_text(intent.quantity),
        "side": intent.side.lower(),
        "type": TYPES[intent.order_type],
        "time_in_force": intent.validity.lower(),
        "client_order_id": intent.tag,
    }
    if intent.limit_price is not None:
        body["limit_price"] = decimal_text(intent.limit_price)
    if intent.trigger_price is not None:
        body["stop_price"] = decimal_text(intent.trigger_price)
    return body


def ack_of(reply: object, intent: OrderIntent, received_at: datetime) -> BrokerOrderAck:
    """Return Alpaca's word that it took this very order."""
    row = as_row(reply)
    if row.get("client_order_id") != intent.tag:
        raise ValueError("the answer is about another order")
    submitted = row.get("submitted_at")
    return BrokerOrderAck(
        broker_order_id=text(row, "id"),
        tag=intent.tag,
        accepted_at=time_of(submitted) if submitted else received_at,
    )


def with_legs(rows: Sequence[object]) -> Iterator[Row]:
    """Yield each order and the orders nested in it; a frame around legs is no order itself."""
    for item in rows:
        row = as_row(item)
        legs = as_rows(row.get("legs") or ())
        if row.get("symbol") or not legs:
            yield row
        yield from with_legs(legs)


def order_of(row: Row, ref_of: RefOf) -> BrokerOrder:
    """Return one order of the book.

    The type follows from the prices that are there, so that types we never send can be shown. An
    order for an amount of money counts as what it filled, one share until then.
    """
    filled = amount(row, "filled_qty", default="0")
    quantity = optional(row, "qty") or filled or UNQUANTIFIED
    limit, stop = optional(row, "limit_price"), optional(row, "stop_price")
    status = status_of(row, filled=filled, waits=stop is not None)
    ended = status in {BrokerOrderStatus.CANCELLED, BrokerOrderStatus.REJECTED}
    tag = str(row.get("client_order_id") or "")
    placed = time_of(row.get("submitted_at") or row.get("created_at"))
    return BrokerOrder(
        instrument=ref_of(text(row, "symbol")),
        side=side_of(row),
        quantity=quantity,
        product=Product.CNC,
        order_type=_type_of(limit, stop),
        validity=Validity.IOC if row.get("time_in_force") in {"ioc", "fok"} else Validity.DAY,
        limit_price=limit,
        trigger_price=stop,
        broker_order_id=text(row, "id"),
        tag=tag if OUR_TAG.fullmatch(tag) else None,
        status=status,
        filled_quantity=filled,
        cancelled_quantity=max(quantity - filled, Decimal(0)) if ended else Decimal(0),
        average_price=optional(row, "filled_avg_price"),
        reason=f"Alpaca: {row.get('status')}"[:500] if ended else None,
        placed_at=placed,
        updated_at=time_of(row["updated_at"]) if row.get("updated_at") else placed,
    )


def status_of(row: Row, *, filled: Decimal, waits: bool) -> BrokerOrderStatus:
    """Return where an order stands; a word not known is an open order, never an ended one.

    Alpaca does not tell a stop that was triggered from one that waits, until some of it fills.
    """
    end = ENDS.get(str(row.get("status")))
    if end is not None:
        return end
    return BrokerOrderStatus.TRIGGER_PENDING if waits and not filled else BrokerOrderStatus.OPEN


def trade_of(row: Row, ref_of: RefOf) -> BrokerTrade:
    """Return one fill, named by the id of its account activity."""
    return BrokerTrade(
        trade_id=text(row, "id"),
        broker_order_id=text(row, "order_id"),
        instrument=ref_of(text(row, "symbol")),
        side=side_of(row),
        product=Product.CNC,
        quantity=amount(row, "qty"),
        price=amount(row, "price"),
        traded_at=time_of(row.get("transaction_time")),
    )


def position_of(row: Row, ref_of: RefOf) -> Position:
    """Return one position; Alpaca does not tell which part of it is of today."""
    size = abs(amount(row, "qty"))
    return Position(
        instrument=ref_of(text(row, "symbol")),
        product=Product.CNC,
        quantity=-size if row.get("side") == "short" else size,
        average_price=abs(amount(row, "avg_entry_price")),
    )


def free_to_sell(row: Row) -> Decimal:
    """Return how many shares are held and promised to no other order; none for a short."""
    if row.get("side") == "short":
        return Decimal(0)
    free = optional(row, "qty_available")
    return amount(row, "qty") if free is None else free


def margins_of(row: Row) -> Margins:
    """Return the account's money. Borrowed money is never counted as available."""
    currency = Currency(text(row, "currency"))
    cash = amount(row, "cash")
    said = (optional(row, "buying_power"), optional(row, "non_marginable_buying_power"))
    available = min(cash, *(power for power in said if power is not None))
    return Margins(
        currency=currency,
        available=available,
        used=max(cash - available, Decimal(0)),
        equity=amount(row, "equity"),
        start_of_day_equity=optional(row, "last_equity"),
    )


def as_row(value: object) -> Row:
    """Return an answer that must be an object."""
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, was {type(value).__name__}")
    return value


def as_rows(value: object) -> Sequence[object]:
    """Return an answer that must be a list."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"expected a list, was {type(value).__name__}")
    return value


def text(row: Row, name: str) -> str:
    """Return a field that must be there and say something."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing")
    return value


def amount(row: Row, name: str, *, default: str | None = None) -> Decimal:
    """Return an amount, to nine places; Alpaca gives none finer than that but averages."""
    value = row.get(name)
    if value is None and default is not None:
        value = default
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{name} must be a decimal string, was {type(value).__name__}")
    try:
        exact = Decimal(value)
        rounded = exact.quantize(PLACES, ROUND_HALF_EVEN)
    except InvalidOperation:
        raise ValueError(f"{name} is not an amount") from None
    return Decimal(decimal_text(rounded))


def optional(row: Row, name: str) -> Decimal | None:
    """Return an amount that may be absent, null or empty."""
    return None if row.get(name) in {None, ""} else amount(row, name)


def side_of(row: Row) -> Side:
    """Return BUY or SELL; `sell_short` is a sell."""
    return Side.BUY if text(row, "side").startswith("buy") else Side.SELL


def time_of(value: object) -> datetime:
    """Return an aware time; Alpaca writes nanoseconds, we keep microseconds."""
    if not isinstance(value, str):
        raise ValueError("a time is missing")
    return datetime.fromisoformat(value)


def _type_of(limit: Decimal | None, stop: Decimal | None) -> OrderType:
    if limit is not None:
        return OrderType.LIMIT if stop is None else OrderType.SL
    return OrderType.MARKET if stop is None else OrderType.SL_M
