"""Tradier's words to contracts and back. Pure; what cannot be read raises ValueError.

Source: Tradier's Brokerage API v1. It writes one row as an object and not a list of one, and no
row as the text "null". Its numbers are JSON numbers, here exact decimals.
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
NO_ROWS: Final = (None, "null", "")
TYPES: Final = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.SL: "stop_limit",
    OrderType.SL_M: "stop",
}
# What ends an order for good; `pending`, `calculated`, `held` and any word not known are open.
ENDS: Final = {
    "filled": BrokerOrderStatus.COMPLETE,
    "canceled": BrokerOrderStatus.CANCELLED,
    "expired": BrokerOrderStatus.CANCELLED,
    "rejected": BrokerOrderStatus.REJECTED,
    "error": BrokerOrderStatus.REJECTED,
}
ALSO_OF_LEGS: Final = ("create_date", "transaction_date", "status", "quantity")
REFUSED: Final = frozenset({"rejected", "error"})


def order_form(intent: OrderIntent, symbol: str) -> dict[str, str]:
    """Return the order as Tradier's form takes it."""
    form = {
        "class": "equity",
        "symbol": symbol,
        "side": intent.side.lower(),
        "quantity": decimal_text(intent.quantity),
        "type": TYPES[intent.order_type],
        "duration": intent.validity.lower(),
        "tag": intent.tag,
    }
    if intent.limit_price is not None:
        form["price"] = decimal_text(intent.limit_price)
    if intent.trigger_price is not None:
        form["stop"] = decimal_text(intent.trigger_price)
    return form


def ack_of(reply: object, intent: OrderIntent, received_at: datetime) -> BrokerOrderAck:
    """Return Tradier's word that it took the order; it tells no time, so ours is kept."""
    row = as_row(as_row(reply).get("order"))
    return BrokerOrderAck(broker_order_id=id_of(row, "id"), tag=intent.tag, accepted_at=received_at)


def refusal_in(reply: object) -> str | None:
    """Return why an answered order was refused at once, or None for one that was taken."""
    order = as_row(reply).get("order")
    if not isinstance(order, dict) or order.get("status") not in REFUSED:
        return None
    return str(order.get("reason_description") or order["status"])


def rows_in(body: object, several: str, one: str) -> list[Row]:
    """Return the rows of `{several: {one: ...}}`: a list, a single object, or none."""
    outer = as_row(body)
    if several not in outer:
        raise ValueError(f"{several} is missing")
    inner = outer[several]
    if inner in NO_ROWS:
        return []
    rows = as_row(inner).get(one)
    if rows in NO_ROWS:
        return []
    return [as_row(row) for row in (rows if isinstance(rows, list) else [rows])]


def with_legs(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield each order; of a combination its legs, which are orders of their own."""
    for row in rows:
        legs = row.get("leg")
        if legs in NO_ROWS:
            yield row
            continue
        of_the_whole = {name: row[name] for name in ALSO_OF_LEGS if name in row}
        for leg in legs if isinstance(legs, list) else [legs]:
            yield from with_legs([{**of_the_whole, **as_row(leg)}])


def order_of(row: Row, ref_of: RefOf) -> BrokerOrder:
    """Return one order of the book.

    The type follows from the prices that are there, so that types we never send can be shown.
    """
    filled, quantity = amount(row, "exec_quantity", default=True), amount(row, "quantity")
    limit, stop = price(row, "price"), price(row, "stop_price") or price(row, "stop")
    status = status_of(row, filled=filled, waits=stop is not None)
    ended = status in {BrokerOrderStatus.CANCELLED, BrokerOrderStatus.REJECTED}
    tag = str(row.get("tag") or "")
    reason = row.get("reason_description")
    placed = time_of(row.get("create_date"))
    return BrokerOrder(
        instrument=ref_of(str(row.get("option_symbol") or text(row, "symbol"))),
        side=Side.BUY if text(row, "side").startswith("buy") else Side.SELL,
        quantity=quantity,
        product=Product.CNC,
        order_type=_type_of(limit, stop),
        validity=Validity.DAY,
        limit_price=limit,
        trigger_price=stop,
        broker_order_id=id_of(row, "id"),
        tag=tag if OUR_TAG.fullmatch(tag) else None,
        status=status,
        filled_quantity=filled,
        cancelled_quantity=max(quantity - filled, Decimal(0)) if ended else Decimal(0),
        average_price=price(row, "avg_fill_price") if filled else None,
        reason=str(reason or row.get("status"))[:500] if ended else None,
        placed_at=placed,
        updated_at=time_of(row["transaction_date"]) if row.get("transaction_date") else placed,
    )


def status_of(row: Row, *, filled: Decimal, waits: bool) -> BrokerOrderStatus:
    """Return where an order stands; a word not known is an open order, never an ended one.

    Tradier does not tell a stop that was triggered from one that waits, until some of it fills.
    """
    end = ENDS.get(str(row.get("status")))
    if end is not None:
        return end
    return BrokerOrderStatus.TRIGGER_PENDING if waits and not filled else BrokerOrderStatus.OPEN


def position_of(row: Row, ref_of: RefOf) -> Position:
    """Return one position; Tradier tells its cost, and not which part of it is of today."""
    quantity, cost = amount(row, "quantity"), amount(row, "cost_basis", default=True)
    average = abs(cost / quantity) if quantity else Decimal(0)
    return Position(
        instrument=ref_of(text(row, "symbol")),
        product=Product.CNC,
        quantity=quantity,
        average_price=_plain(average),
    )


def margins_of(body: object, account_number: str) -> Margins:
    """Return the account's money. Borrowed money is never counted as available."""
    row = as_row(as_row(body).get("balances"))
    if row.get("account_number") != account_number:
        raise ValueError("the balances are of another account")
    cash = amount(row, "total_cash")
    powers = [
        amount(as_row(row[kind]), name)
        for kind, name in (
            ("cash", "cash_available"),
            ("margin", "stock_buying_power"),
            ("pdt", "stock_buying_power"),
        )
        if isinstance(row.get(kind), dict)
    ]
    available = min(cash, *powers)
    return Margins(
        currency=Currency.USD,
        available=available,
        used=max(cash - available, Decimal(0)),
        equity=amount(row, "total_equity"),
    )


def as_row(value: object) -> Row:
    """Return what must be an object."""
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, was {type(value).__name__}")
    return value


def text(row: Row, name: str) -> str:
    """Return a field that must be there and say something."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing")
    return value


def id_of(row: Row, name: str) -> str:
    """Return an id, which is a whole number at Tradier."""
    value = row.get(name)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return decimal_text(value)
    raise ValueError(f"{name} is not an id")


def amount(row: Row, name: str, *, default: bool = False) -> Decimal:
    """Return an amount to nine places; with `default` an absent one is zero."""
    value = row.get(name)
    if value is None and default:
        return Decimal(0)
    if not isinstance(value, Decimal):
        raise ValueError(f"{name} must be a number, was {type(value).__name__}")
    return _plain(value)


def price(row: Row, name: str) -> Decimal | None:
    """Return a price; zero and absence both mean that there is none."""
    return amount(row, name, default=True) or None


def time_of(value: object) -> datetime:
    """Return an aware time, as in 2018-06-01T12:02:29.682Z."""
    if not isinstance(value, str):
        raise ValueError("a time is missing")
    return datetime.fromisoformat(value)


def _plain(value: Decimal) -> Decimal:
    try:
        return Decimal(decimal_text(value.quantize(PLACES, ROUND_HALF_EVEN)))
    except InvalidOperation:
        raise ValueError("an amount has more digits than any market uses") from None


def _type_of(limit: Decimal | None, stop: Decimal | None) -> OrderType:
    if limit is not None:
        return OrderType.LIMIT if stop is None else OrderType.SL
    return OrderType.MARKET if stop is None else OrderType.SL_M
