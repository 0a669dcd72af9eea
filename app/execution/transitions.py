"""How an order's state may change: pure, monotonic, and true whatever order news arrives in."""

from datetime import datetime
from decimal import Decimal

from app.persistence.orders import OrderChange, OrderRecord
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, BrokerTrade, OrderState

MAY_BE_AT_BROKER = frozenset(
    {
        OrderState.SENDING,
        OrderState.ACKED,
        OrderState.UNKNOWN,
        OrderState.OPEN,
        OrderState.PARTIALLY_FILLED,
    }
)
# While one process calls, another may already have given the outcome up as unknown.
CALLING = frozenset({OrderState.SENDING, OrderState.UNKNOWN})
AT_BROKER = frozenset({OrderState.ACKED, OrderState.OPEN, OrderState.PARTIALLY_FILLED})
ENDED_UNFILLED = frozenset({BrokerOrderStatus.CANCELLED, BrokerOrderStatus.REJECTED})
AVERAGE_PLACES = Decimal("0.000001")


def start_sending(order: OrderRecord, *, at: datetime, fence: int) -> OrderChange:
    """The write-ahead step: only a planned order may be sent, and only once.

    `fence` is the token of the lease that it leaves under.
    """
    expected = frozenset({OrderState.PLANNED})
    return _change(order, expected, OrderState.SENDING, sent_at=at, fence=fence)


def accepted(order: OrderRecord, broker_order_id: str) -> OrderChange:
    """The broker gave the order a number; its book has not shown it yet."""
    return _change(
        order,
        frozenset({OrderState.SENDING, OrderState.UNKNOWN}),
        OrderState.ACKED,
        broker_order_id=broker_order_id,
    )


def refused(order: OrderRecord, reason: str) -> OrderChange:
    """The broker's final no to the one who called it: nothing rests there."""
    return _closed(order, CALLING, OrderState.REJECTED, reason)


def not_sent(order: OrderRecord, reason: str) -> OrderChange:
    """A planned order that will not be sent."""
    return _closed(order, frozenset({OrderState.PLANNED}), OrderState.NOT_SENT, reason)


def never_left(order: OrderRecord, reason: str) -> OrderChange:
    """The only one who could have sent it knows that it never reached the broker."""
    return _closed(order, CALLING, OrderState.NOT_SENT, reason)


def ruled_absent(order: OrderRecord, reason: str) -> OrderChange:
    """A person has looked at the broker, after the settle window, and it is not there."""
    return _closed(order, frozenset({OrderState.UNKNOWN}), OrderState.NOT_SENT, reason)


def ruled_ended(order: OrderRecord, filled: Decimal, reason: str) -> OrderChange:
    """A person has ruled that it is over at the broker; `filled` is all that is booked of it."""
    ended = OrderState.FILLED if filled >= order.intent.quantity else OrderState.CANCELLED
    return OrderChange(
        expected=AT_BROKER,
        state=ended,
        filled_quantity=filled,
        cancelled_quantity=order.intent.quantity - filled,
        reason=reason,
    )


def expired(order: OrderRecord, reason: str) -> OrderChange:
    """A planned order whose time passed before it was sent."""
    return _closed(order, frozenset({OrderState.PLANNED}), OrderState.EXPIRED, reason)


def withdrawn(order: OrderRecord, reason: str) -> OrderChange:
    """A planned order that a person took back before it was sent."""
    return _closed(order, frozenset({OrderState.PLANNED}), OrderState.CANCELLED, reason)


def simulated(order: OrderRecord) -> OrderChange:
    """A dry run: recorded, never sent."""
    return _closed(
        order, frozenset({OrderState.PLANNED}), OrderState.SIMULATED, "dry run: nothing was sent"
    )


def outcome_unknown(order: OrderRecord, reason: str) -> OrderChange:
    """The order may be at the broker; only the broker can say."""
    return _change(order, frozenset({OrderState.SENDING}), OrderState.UNKNOWN, reason=reason)


def observed(order: OrderRecord, seen: BrokerOrder, fills: list[BrokerTrade]) -> OrderChange | None:
    """Return the change that the broker's view and the booked fills call for; None for no news.

    INVARIANT: filled + open + cancelled = ordered. The filled quantity is the sum of fills
    booked by trade id; an order is final only when those account for all the broker says.
    """
    filled = sum((fill.quantity for fill in fills), Decimal(0))
    if filled < order.filled_quantity:
        return None
    state, cancelled = _state_of(order, seen, filled)
    if (state, filled, seen.broker_order_id) == (
        order.state,
        order.filled_quantity,
        order.broker_order_id,
    ):
        return None
    return OrderChange(
        expected=MAY_BE_AT_BROKER,
        state=state,
        filled_quantity=filled,
        cancelled_quantity=cancelled,
        broker_order_id=seen.broker_order_id,
        average_price=_average(fills) if fills else None,
        reason=seen.reason,
    )


def _state_of(order: OrderRecord, seen: BrokerOrder, filled: Decimal) -> tuple[OrderState, Decimal]:
    ordered = order.intent.quantity
    if filled >= ordered:
        return OrderState.FILLED, Decimal(0)
    all_fills_booked = filled == seen.filled_quantity
    if all_fills_booked and seen.status in ENDED_UNFILLED:
        refused = seen.status is BrokerOrderStatus.REJECTED and filled == 0
        return (OrderState.REJECTED if refused else OrderState.CANCELLED), ordered - filled
    return (OrderState.PARTIALLY_FILLED if filled else OrderState.OPEN), Decimal(0)


def _average(fills: list[BrokerTrade]) -> Decimal:
    worth = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
    return (worth / sum(fill.quantity for fill in fills)).quantize(AVERAGE_PLACES)


def _closed(
    order: OrderRecord, expected: frozenset[OrderState], state: OrderState, reason: str
) -> OrderChange:
    return OrderChange(
        expected=expected,
        state=state,
        filled_quantity=order.filled_quantity,
        cancelled_quantity=order.intent.quantity - order.filled_quantity,
        reason=reason,
    )


def _change(
    order: OrderRecord,
    expected: frozenset[OrderState],
    state: OrderState,
    *,
    broker_order_id: str | None = None,
    reason: str | None = None,
    sent_at: datetime | None = None,
    fence: int | None = None,
) -> OrderChange:
    return OrderChange(
        expected=expected,
        state=state,
        filled_quantity=order.filled_quantity,
        cancelled_quantity=order.cancelled_quantity,
        broker_order_id=broker_order_id,
        reason=reason,
        sent_at=sent_at,
        fence=fence,
    )
