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


def ist_day(moment: datetime) -> date:
    """Return the day in India."""
    return moment.astimezone(IST).date()


def roll_day(state: PaperState, now: datetime, marks: Marks) -> PaperState:
    """Return the state as the new IST day finds it; the same state on the same day.

    CNC bought becomes holdings, open orders expire, and the trades and finished orders of
    earlier days leave the book; an order that expires now stays one day longer, so that its end
    can be seen. MIS left open stays a position: squaring off is a later issue. The clock going
    back rolls nothing.
    """
    today = ist_day(now)
    if today <= state.day:
        return state
    orders = tuple(_expire(row, now) for row in state.orders)
    rolled = state.model_copy(
        update={
            "day": today,
            "holdings": _settle(state.holdings, state.positions),
            "positions": tuple(
                row.model_copy(update={"day_quantity": Decimal(0)})
                for row in state.positions
                if row.product is not Product.CNC
            ),
            "orders": tuple(row for row in orders if ist_day(row.order.updated_at) >= today),
            "trades": (),
        }
    )
    return rolled.model_copy(update={"start_of_day_equity": equity(rolled, marks)})


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
