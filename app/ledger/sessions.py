"""When an order of an earlier session counts as ended though no book says so: pure.

Every order of ours is good for its day at most, so one of an earlier session cannot be open. What
it filled is another question, which only positions and trades can answer.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from adapters.ports import ReachBack
from app.persistence.orders import OrderRecord
from riskgate.contracts.instruments import Exchange
from riskgate.contracts.orders import BrokerOrder, OrderState
from riskgate.contracts.snapshots import BrokerSnapshot

A_WEEK: Final = timedelta(days=7)
INDIA: Final = ZoneInfo("Asia/Kolkata")
NEW_YORK: Final = ZoneInfo("America/New_York")
AMERICAN: Final = frozenset({Exchange.NASDAQ, Exchange.NYSE, Exchange.ARCA})


def forgotten(
    order: OrderRecord, seen: Iterable[BrokerOrder], reach_back: ReachBack | None, *, at: datetime
) -> bool:
    """Say whether an order of ours is from before what the book covers and no longer in it.

    `seen` are the orders of a book read at `at` that `shows_anything`: an empty answer proves
    nothing, and whether it counts is the caller's to say. True means that the order is not open.
    """
    if not was_sent(order):
        return False
    if (order.sent_at or order.created_at) >= covered_since(order, reach_back, at=at):
        return False
    return not any(
        one.tag == order.intent.tag
        or (order.broker_order_id is not None and one.broker_order_id == order.broker_order_id)
        for one in seen
    )


def was_sent(order: OrderRecord) -> bool:
    """Say whether an order may be at the broker: it left, and is not over."""
    return not order.state.final and order.state is not OrderState.PLANNED


def covered_since(order: OrderRecord, reach_back: ReachBack | None, *, at: datetime) -> datetime:
    """Return from when on the book must show an order: the day of its exchange, or a week."""
    if reach_back is not ReachBack.SESSION:
        return at - A_WEEK
    zone = NEW_YORK if order.intent.instrument.exchange in AMERICAN else INDIA
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def shows_anything(book: BrokerSnapshot) -> bool:
    """Say whether a book has any row: one that has none may be a broker that answers badly."""
    return bool(book.positions or book.holdings or book.orders)
