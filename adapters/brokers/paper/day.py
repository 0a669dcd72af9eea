"""What midnight in India does to the book. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from adapters.brokers.paper.margins import Marks, equity
from adapters.brokers.paper.state import PaperOrder, PaperPosition, PaperState
from riskgate.contracts.base import ShortText
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, Product

IST: Final = timezone(timedelta(hours=5, minutes=30), "IST")

# A client that was down over midnight, or over a long weekend, must still find its fills by tag.
KEEP_FINISHED: Final = timedelta(days=7)
# A moving price must not make every look write the book.
NOTE_EQUITY_EVERY: Final = timedelta(minutes=1)


def ist_day(moment: datetime) -> date:
    """Return the day in India."""
    return moment.astimezone(IST).date()


def roll_day(state: PaperState, now: datetime, marks: Marks) -> PaperState:
    """Return the state as the new IST day finds it; the same state on the same day.

    CNC bought becomes holdings and open orders expire. A finished order and its trades leave the
    book together, at the first roll more than `KEEP_FINISHED` after the order's last change. MIS
    left open stays a position: squaring off is a later issue. The day starts at the worth last
    known before it, so that a late first look hides no loss. The clock going back rolls nothing.
    """
    today = ist_day(now)
    if today <= state.day:
        return state
    expired = (_expire(row, now) for row in state.orders)
    kept = tuple(row for row in expired if now - row.order.updated_at <= KEEP_FINISHED)
    kept_ids = {row.order.broker_order_id for row in kept}
    rolled = state.model_copy(
        update={
            "day": today,
            "charges_today": Decimal(0),
            "dp_charged": (),
            "holdings": _settle(state.holdings, state.positions),
            "positions": tuple(
                row.model_copy(update={"day_quantity": Decimal(0)})
                for row in state.positions
                if row.product is not Product.CNC
            ),
            "orders": kept,
            "trades": tuple(row for row in state.trades if row.broker_order_id in kept_ids),
        }
    )
    start = equity(rolled, marks) if state.last_equity is None else state.last_equity
    return rolled.model_copy(update={"start_of_day_equity": start})


def note_equity(state: PaperState, now: datetime, marks: Marks) -> PaperState:
    """Return the state that knows its worth of now; unchanged when that is partly guessed.

    A day that began without a known worth begins with this one.
    """
    worth = equity(state, marks)
    if worth is None:
        return state
    start = worth if state.start_of_day_equity is None else state.start_of_day_equity
    return state.model_copy(
        update={"start_of_day_equity": start, "last_equity": worth, "last_equity_at": now}
    )


def is_equity_due(state: PaperState, now: datetime) -> bool:
    """Say whether a look that changes nothing else should note what the account is worth."""
    if state.start_of_day_equity is None or state.last_equity_at is None:
        return True
    return abs(now - state.last_equity_at) >= NOTE_EQUITY_EVERY


def cancel_rest(order: BrokerOrder, now: datetime, reason: ShortText | None) -> BrokerOrder:
    """Return the order with all that is open of it cancelled; fills stand."""
    return order.model_copy(
        update={
            "status": BrokerOrderStatus.CANCELLED,
            "cancelled_quantity": order.cancelled_quantity + order.open_quantity,
            "reason": reason,
            "updated_at": now,
        }
    )


def _expire(row: PaperOrder, now: datetime) -> PaperOrder:
    if row.order.open_quantity == 0:
        return row
    return row.model_copy(
        update={"order": cancel_rest(row.order, now, "expired at the end of the day")}
    )


def _settle(
    holdings: Sequence[PaperPosition], positions: Sequence[PaperPosition]
) -> tuple[PaperPosition, ...]:
    settled = {row.instrument: row for row in holdings}
    for row in positions:
        if row.product is not Product.CNC:
            continue
        old = settled.get(row.instrument)
        settled[row.instrument] = row.model_copy(
            update={
                "quantity": row.quantity + (old.quantity if old else 0),
                "cost": row.cost + (old.cost if old else 0),
                "day_quantity": Decimal(0),
            }
        )
    return tuple(settled.values())
