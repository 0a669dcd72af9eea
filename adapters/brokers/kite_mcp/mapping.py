"""Kite's orders, trades, positions, holdings and margins in our words. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from pydantic import ValidationError

from adapters.brokers.kite_mcp.fields import (
    NOISE,
    PAISA,
    Row,
    Unreadable,
    flag,
    moment,
    number,
    on_tick,
    part,
    text,
    texts,
    whole,
    without_noise,
)
from adapters.brokers.kite_mcp.selling import (
    ALL_OF_IT,
    Selling,
    held_quantity,
    leaving_of,
    selling_of,
)
from riskgate.contracts.instruments import Currency, Exchange, InstrumentRef
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    BrokerTrade,
    OrderIntent,
    OrderType,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.snapshots import Margins, Position

# Every other word is on its way to one of these: nothing else ends an order.
STATUSES: Final = {
    "COMPLETE": BrokerOrderStatus.COMPLETE,
    "CANCELLED": BrokerOrderStatus.CANCELLED,
    "REJECTED": BrokerOrderStatus.REJECTED,
    "TRIGGER PENDING": BrokerOrderStatus.TRIGGER_PENDING,
}
FINAL: Final = frozenset({"COMPLETE", "CANCELLED", "REJECTED"})
REASON_LENGTH: Final = 500
_OUR_TAG: Final = re.compile(r"[A-Za-z0-9]{20}", re.ASCII)

Word = TypeVar("Word", bound=StrEnum)
Tick = Callable[[InstrumentRef], Decimal | None]


class Stranger(Exception):
    """A row that is sound and that our contracts have no words for, a currency future perhaps."""


@dataclass(frozen=True)
class OrderBook:
    """The day's orders. `strangers` are the open ones that have no form here."""

    orders: tuple[BrokerOrder, ...]
    strangers: tuple[str, ...]


def orders_of(rows: Iterable[Row], *, read_at: datetime, tick: Tick) -> OrderBook:
    """Return the book; raises Unreadable for an unsound row, and for one of ours without a form.

    Strangers that are final are left out: nothing of them rests.
    """
    orders, strangers = [], []
    for row in rows:
        try:
            orders.append(order_of(row, read_at=read_at, tick=tick))
        except Stranger as stranger:
            if any(_OUR_TAG.fullmatch(tag) for tag in tags_of(row)):
                raise Unreadable(f"order {text(row, 'order_id')} of ours: {stranger}") from None
            if text(row, "status") not in FINAL:
                strangers.append(str(stranger))
    return OrderBook(tuple(orders), tuple(strangers))


def order_of(row: Row, *, read_at: datetime, tick: Tick) -> BrokerOrder:
    """Return one order; raises Stranger or Unreadable.

    `read_at` stands in where Kite gives no time. Kite's own pending and cancelled figures differ
    by variety, so what is not filled is open, or, once the order ended, cancelled.
    """
    ref, status = ref_of(row), STATUSES.get(text(row, "status"), BrokerOrderStatus.OPEN)
    quantity, filled = whole(row, "quantity"), whole(row, "filled_quantity")
    if filled < 0 or filled > quantity:
        raise Unreadable(f"filled_quantity must be 0 to {quantity}, was {filled}")
    order_type, placed_at = word_of(OrderType, row, "order_type"), moment(row, "order_timestamp")
    # Kite fills these two in for every order type; a price of 0 is no price.
    limit = _price(row, "price", tick(ref)) if order_type.has_limit_price else None
    trigger = _price(row, "trigger_price", tick(ref)) if order_type.has_trigger_price else None
    average = without_noise(number(row, "average_price"), NOISE)
    ended = status in {BrokerOrderStatus.COMPLETE, BrokerOrderStatus.CANCELLED}
    updated = moment(row, "exchange_update_timestamp", "exchange_timestamp")
    placed_at = placed_at or updated or read_at
    return _built(
        BrokerOrder,
        instrument=ref,
        side=word_of(Side, row, "transaction_type"),
        quantity=quantity,
        product=word_of(Product, row, "product"),
        order_type=order_type,
        # TTL and the words to come end within the day.
        validity=Validity.IOC if text(row, "validity") == Validity.IOC else Validity.DAY,
        limit_price=limit,
        trigger_price=trigger,
        broker_order_id=_identity(row, "order_id"),
        tag=next(iter(tags_of(row)), None),
        status=status,
        filled_quantity=filled,
        cancelled_quantity=quantity - filled if ended else Decimal(0),
        average_price=average if average > 0 else None,
        reason=_reason(row),
        placed_at=placed_at,
        updated_at=max(updated or placed_at, placed_at),
    )


def tags_of(row: Row) -> tuple[str, ...]:
    """Return the order's tags, the one it was placed with first."""
    own = text(row, "tag")
    others = sorted(texts(row, "tags"), key=lambda tag: _OUR_TAG.fullmatch(tag) is None)
    return tuple(dict.fromkeys(tag for tag in (own, *others) if tag))


def trades_of(rows: Iterable[Row], *, read_at: datetime, tick: Tick) -> tuple[BrokerTrade, ...]:
    """Return the day's fills; those of strangers are left out, as their orders are.

    The exchange numbers its trades and not our side of them: an order of ours may meet another of
    ours. So a fill is named by its order and its trade.
    """
    trades = []
    for row in rows:
        try:
            ref = ref_of(row)
            trades.append(
                _built(
                    BrokerTrade,
                    trade_id=f"{_identity(row, 'order_id')}:{_identity(row, 'trade_id')}",
                    broker_order_id=_identity(row, "order_id"),
                    instrument=ref,
                    side=word_of(Side, row, "transaction_type"),
                    product=word_of(Product, row, "product"),
                    quantity=whole(row, "quantity"),
                    price=on_tick(number(row, "average_price"), tick(ref)),
                    traded_at=moment(row, "fill_timestamp", "exchange_timestamp") or read_at,
                )
            )
        except Stranger:
            continue
    return tuple(trades)


def positions_of(rows: Sequence[Row]) -> tuple[Position, ...]:
    """Return the net positions that are not flat, with the day's part of each.

    The server writes Kite's day list and then its net list as one: per instrument and product the
    last row is net, and the one before it, if any, is the day's. Raises Stranger for a holding
    that has no form here: a book without it is not the book.
    """
    by_key: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        key = (text(row, "exchange"), text(row, "tradingsymbol"), text(row, "product"))
        by_key.setdefault(key, []).append(row)
    found = []
    for key, same in by_key.items():
        if len(same) > 2:
            raise Unreadable(f"{len(same)} positions in {key}; day and net cannot be told apart")
        day = whole(same[0], "quantity") if len(same) == 2 else Decimal(0)
        position = _position(same[-1], whole(same[-1], "quantity"), day)
        found.append(position)
    return tuple(position for position in found if position is not None)


def holdings_of(
    rows: Iterable[Row], positions: Sequence[Row] = (), orders: Sequence[BrokerOrder] = ()
) -> tuple[Position, ...]:
    """Return what is held: delivered, on its way and pledged, which Kite's rows tell apart.

    What was sold today still counts here and is a short CNC position beside it, so that the two
    sum to what is held. The positions and orders of the day say what of it is being sold. Raises
    Stranger as `positions_of` does.
    """
    found = []
    for row in rows:
        selling = selling_of(row, leaving=leaving_of(row, positions, orders))
        found.append(_position(row, held_quantity(row), Decimal(0), selling))
    return tuple(position for position in found if position is not None)


def margins_of(margins: Row, holdings: Iterable[Row]) -> Margins | None:
    """Return the money in rupees; None when something held has no price.

    `available` and `used` are of the equity segment: an order there cannot spend the commodity
    segment's money. `equity` is the cash of both and the holdings at their last price; what
    pledged shares lend is not counted again.
    """
    worth = Decimal(0)
    for row in holdings:
        held, last = held_quantity(row), number(row, "last_price")
        if held != 0 and last <= 0:
            return None
        worth += held * last
    equity = part(margins, "equity")
    for segment in (equity, part(margins, "commodity")):
        if flag(segment, "enabled"):
            lent = number(part(segment, "available"), "collateral")
            worth += number(segment, "net") + _debits(segment) - lent
    return Margins(
        currency=Currency.INR,
        available=without_noise(number(equity, "net"), PAISA),
        used=max(without_noise(_debits(equity), PAISA), Decimal(0)),
        equity=without_noise(worth, PAISA),
    )


def differences(intent: OrderIntent, order: BrokerOrder) -> tuple[str, ...]:
    """Return how the order in the book is not the one that was meant; empty when it is."""
    compared: Mapping[str, tuple[object, object]] = {
        "instrument": (intent.instrument, order.instrument),
        "side": (intent.side, order.side),
        "quantity": (intent.quantity, order.quantity),
        "product": (intent.product, order.product),
        "order type": (intent.order_type, order.order_type),
        "price": (intent.limit_price, order.limit_price),
        "trigger price": (intent.trigger_price, order.trigger_price),
        "tag": (intent.tag, order.tag),
    }
    return tuple(
        f"{name} was sent as {meant} and is {seen}"
        for name, (meant, seen) in compared.items()
        if meant != seen
    )


def _position(
    row: Row, quantity: Decimal, day: Decimal, selling: Selling = ALL_OF_IT
) -> Position | None:
    if quantity == 0:
        return None
    return _built(
        Position,
        instrument=ref_of(row),
        product=word_of(Product, row, "product"),
        quantity=quantity,
        average_price=max(without_noise(number(row, "average_price"), NOISE), Decimal(0)),
        day_quantity=day,
        sellable_quantity=selling.quantity,
        sale_note=selling.note,
    )


def ref_of(row: Row) -> InstrumentRef:
    """Return what a row is of; raises Stranger for a market that has no form here."""
    exchange, symbol = word_of(Exchange, row, "exchange"), text(row, "tradingsymbol")
    try:
        return InstrumentRef(exchange=exchange, tradingsymbol=symbol)
    except ValidationError:
        raise Stranger(f"{_name(row)} is no symbol known here") from None


def word_of(words: type[Word], row: Row, name: str) -> Word:
    """Return the word of ours that a field has; raises Stranger for one we have not."""
    written = text(row, name)
    try:
        return words(written)
    except ValueError:
        raise Stranger(f"{_name(row)} has a {name} not known here") from None


Shape = TypeVar("Shape", BrokerOrder, BrokerTrade, Position)


def _built(shape: type[Shape], **fields: object) -> Shape:
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, item["loc"])) or item["msg"] for item in error.errors())
        raise Stranger(f"a {shape.__name__} of {fields['instrument']} with {wrong}") from None


def _name(row: Row) -> str:
    return ascii(f"{text(row, 'exchange')}:{text(row, 'tradingsymbol')}"[:60])


def _identity(row: Row, name: str) -> str:
    written = text(row, name)
    if not written.isascii() or not written.isdigit():
        raise Unreadable(f"{name} must be digits, was {written[:40]!r}")
    return written


def _price(row: Row, name: str, tick: Decimal | None) -> Decimal | None:
    price = number(row, name)
    return on_tick(price, tick) if price > 0 else None


def _reason(row: Row) -> str | None:
    printable = "".join(c if c.isprintable() else " " for c in text(row, "status_message"))
    return printable[:REASON_LENGTH].strip() or None


def _debits(segment: Row) -> Decimal:
    return number(part(segment, "utilised"), "debits")
