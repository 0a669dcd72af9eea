"""Every change of an order's state: from where it is allowed and what it leaves behind."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from app.execution import transitions
from app.persistence.orders import OrderChange, OrderRecord
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, BrokerTrade, OrderState
from tests.builders import a_trade, an_order_record
from tests.unit.riskgate.builders import NOW, an_open_order

PLANNED, SENDING = OrderState.PLANNED, OrderState.SENDING
NOTHING = Decimal(0)
ALL = Decimal(10)
CALLING = frozenset({SENDING, OrderState.UNKNOWN})
AT_BROKER = CALLING | {OrderState.ACKED, OrderState.OPEN, OrderState.PARTIALLY_FILLED}


def seen(
    status: BrokerOrderStatus = BrokerOrderStatus.OPEN, filled: int = 0, **changes: Any
) -> BrokerOrder:
    """Return our order of 10 as the broker shows it."""
    return an_open_order(status=status, filled_quantity=Decimal(filled), **changes)


def fills(*quantities: int, price: str = "1000") -> list[BrokerTrade]:
    return [
        a_trade(quantity=quantity, price=price, trade_id=f"t-{number}")
        for number, quantity in enumerate(quantities)
    ]


# Our own steps

Step = Callable[[OrderRecord], OrderChange]
STEPS: list[tuple[str, Step, OrderChange]] = [
    (
        "start_sending",
        lambda order: transitions.start_sending(order, at=NOW, fence=3),
        OrderChange(
            expected=frozenset({PLANNED}),
            state=SENDING,
            filled_quantity=NOTHING,
            cancelled_quantity=NOTHING,
            sent_at=NOW,
            fence=3,
        ),
    ),
    (
        "accepted",
        lambda order: transitions.accepted(order, "b-1"),
        OrderChange(
            expected=CALLING,
            state=OrderState.ACKED,
            filled_quantity=NOTHING,
            cancelled_quantity=NOTHING,
            broker_order_id="b-1",
        ),
    ),
    (
        "refused",
        lambda order: transitions.refused(order, "no margin"),
        OrderChange(
            expected=CALLING,
            state=OrderState.REJECTED,
            filled_quantity=NOTHING,
            cancelled_quantity=ALL,
            reason="no margin",
        ),
    ),
    (
        "not_sent",
        lambda order: transitions.not_sent(order, "leg 0 failed"),
        OrderChange(
            expected=frozenset({PLANNED}),
            state=OrderState.NOT_SENT,
            filled_quantity=NOTHING,
            cancelled_quantity=ALL,
            reason="leg 0 failed",
        ),
    ),
    (
        "never_left",
        lambda order: transitions.never_left(order, "down"),
        OrderChange(
            expected=CALLING,
            state=OrderState.NOT_SENT,
            filled_quantity=NOTHING,
            cancelled_quantity=ALL,
            reason="down",
        ),
    ),
    (
        "ruled_absent",
        lambda order: transitions.ruled_absent(order, "not in the broker's app"),
        OrderChange(
            expected=frozenset({OrderState.UNKNOWN}),
            state=OrderState.NOT_SENT,
            filled_quantity=NOTHING,
            cancelled_quantity=ALL,
            reason="not in the broker's app",
        ),
    ),
    (
        "expired",
        lambda order: transitions.expired(order, "too late"),
        OrderChange(
            expected=frozenset({PLANNED}),
            state=OrderState.EXPIRED,
            filled_quantity=NOTHING,
            cancelled_quantity=ALL,
            reason="too late",
        ),
    ),
    (
        "withdrawn",
        lambda order: transitions.withdrawn(order, "by a person"),
        OrderChange(
            expected=frozenset({PLANNED}),
            state=OrderState.CANCELLED,
            filled_quantity=NOTHING,
            cancelled_quantity=ALL,
            reason="by a person",
        ),
    ),
    (
        "simulated",
        transitions.simulated,
        OrderChange(
            expected=frozenset({PLANNED}),
            state=OrderState.SIMULATED,
            filled_quantity=NOTHING,
            cancelled_quantity=ALL,
            reason="dry run: nothing was sent",
        ),
    ),
    (
        "outcome_unknown",
        lambda order: transitions.outcome_unknown(order, "reply lost"),
        OrderChange(
            expected=frozenset({SENDING}),
            state=OrderState.UNKNOWN,
            filled_quantity=NOTHING,
            cancelled_quantity=NOTHING,
            reason="reply lost",
        ),
    ),
]


@pytest.mark.parametrize(
    ("step", "change"), [row[1:] for row in STEPS], ids=[row[0] for row in STEPS]
)
def test_a_step_names_the_states_it_may_leave_and_what_it_makes_of_them(
    step: Step, change: OrderChange
) -> None:
    assert step(an_order_record()) == change


@pytest.mark.parametrize("step", [row[1] for row in STEPS], ids=[row[0] for row in STEPS])
def test_no_step_leaves_a_final_state_or_one_the_broker_has_answered_for(step: Step) -> None:
    change = step(an_order_record())
    answered = {OrderState.ACKED, OrderState.OPEN, OrderState.PARTIALLY_FILLED}
    assert not any(state.final or state in answered for state in change.expected)


def test_only_the_first_step_leads_to_the_broker() -> None:
    senders = [name for name, step, _ in STEPS if step(an_order_record()).state is SENDING]
    assert senders == ["start_sending"]
    assert STEPS[0][2].expected == {PLANNED}


# What the broker shows


@pytest.mark.parametrize(
    ("status", "at_broker", "booked", "state", "cancelled"),
    [
        (BrokerOrderStatus.OPEN, 0, [], OrderState.OPEN, 0),
        (BrokerOrderStatus.TRIGGER_PENDING, 0, [], OrderState.OPEN, 0),
        (BrokerOrderStatus.OPEN, 4, [4], OrderState.PARTIALLY_FILLED, 0),
        (BrokerOrderStatus.COMPLETE, 10, [4, 6], OrderState.FILLED, 0),
        (BrokerOrderStatus.OPEN, 4, [4, 6], OrderState.FILLED, 0),
        (BrokerOrderStatus.COMPLETE, 10, [4], OrderState.PARTIALLY_FILLED, 0),
        (BrokerOrderStatus.COMPLETE, 10, [], OrderState.OPEN, 0),
        (BrokerOrderStatus.CANCELLED, 0, [], OrderState.CANCELLED, 10),
        (BrokerOrderStatus.CANCELLED, 4, [4], OrderState.CANCELLED, 6),
        (BrokerOrderStatus.CANCELLED, 4, [3], OrderState.PARTIALLY_FILLED, 0),
        (BrokerOrderStatus.CANCELLED, 4, [], OrderState.OPEN, 0),
        (BrokerOrderStatus.REJECTED, 0, [], OrderState.REJECTED, 10),
        (BrokerOrderStatus.REJECTED, 4, [4], OrderState.CANCELLED, 6),
        (BrokerOrderStatus.REJECTED, 4, [], OrderState.OPEN, 0),
    ],
)
def test_the_brokers_view_and_the_booked_fills_decide_the_state(
    status: BrokerOrderStatus, at_broker: int, booked: list[int], state: OrderState, cancelled: int
) -> None:
    news = transitions.observed(
        an_order_record(), seen(status, at_broker, reason="why"), fills(*booked)
    )
    assert news == OrderChange(
        expected=AT_BROKER,
        state=state,
        filled_quantity=Decimal(sum(booked)),
        cancelled_quantity=Decimal(cancelled),
        broker_order_id="b-1",
        average_price=Decimal(1000) if booked else None,
        reason="why",
    )


def test_the_average_price_is_weighted_by_quantity_to_six_places() -> None:
    booked = [a_trade(quantity=1, price="10"), a_trade(quantity=2, price="11", trade_id="t-2")]
    news = transitions.observed(an_order_record(), seen(filled=3), booked)
    assert news is not None
    assert news.average_price == Decimal("10.666667")


@pytest.mark.parametrize(
    ("known", "shown", "booked"),
    [
        ({"state": OrderState.OPEN, "broker_order_id": "b-1"}, seen(), []),
        (
            {
                "state": OrderState.PARTIALLY_FILLED,
                "broker_order_id": "b-1",
                "filled_quantity": Decimal(4),
            },
            seen(filled=4),
            fills(4),
        ),
        (
            {
                "state": OrderState.PARTIALLY_FILLED,
                "broker_order_id": "b-1",
                "filled_quantity": Decimal(4),
            },
            seen(),
            [],
        ),
    ],
    ids=["still open", "the same fill again", "older than what is booked"],
)
def test_no_news_changes_nothing(
    known: dict[str, Any], shown: BrokerOrder, booked: list[BrokerTrade]
) -> None:
    assert transitions.observed(an_order_record(**known), shown, booked) is None


def test_the_brokers_id_of_an_order_is_news() -> None:
    unknown = an_order_record(state=OrderState.UNKNOWN)
    news = transitions.observed(unknown, seen(), [])
    assert news is not None
    assert (news.state, news.broker_order_id) == (OrderState.OPEN, "b-1")


def test_what_is_open_is_what_may_still_fill_and_nothing_of_a_final_order() -> None:
    partly = an_order_record(state=OrderState.PARTIALLY_FILLED, filled_quantity=Decimal(4))
    done = an_order_record(state=OrderState.REJECTED)
    assert [partly.open_quantity, done.open_quantity] == [Decimal(6), Decimal(0)]
