"""Whatever order the broker's news arrives in, an order ends the same and never unfills."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.execution import transitions
from app.execution.tags import order_tag
from app.persistence.orders import OrderChange, OrderRecord
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, BrokerTrade, OrderState
from tests.builders import a_trade, an_order_intent, an_order_record
from tests.unit.riskgate.builders import NOW, an_open_order

ORDERED = 10


@dataclass(frozen=True)
class Report:
    """One answer of the broker: the order as shown and the trades told with it."""

    order: BrokerOrder
    trades: tuple[BrokerTrade, ...]


class Desk:
    """Our side of one order: the compare-and-set of the database and fills kept by trade id."""

    def __init__(self) -> None:
        self.order = an_order_record(an_order_intent(quantity=ORDERED), state=OrderState.PLANNED)
        self.fills: dict[str, BrokerTrade] = {}

    def apply(self, change: OrderChange | None) -> bool:
        order = self.order
        if change is None or order.state not in change.expected:
            return False
        if change.filled_quantity < order.filled_quantity:
            return False
        if change.cancelled_quantity < order.cancelled_quantity:
            return False
        self.order = replace(
            order,
            state=change.state,
            filled_quantity=change.filled_quantity,
            cancelled_quantity=change.cancelled_quantity,
            broker_order_id=change.broker_order_id or order.broker_order_id,
            average_price=change.average_price or order.average_price,
        )
        return True

    def hear(self, report: Report, stale: OrderRecord | None = None) -> None:
        """Take a report in; `stale` is the order as another worker read it before."""
        self.fills |= {trade.trade_id: trade for trade in report.trades}
        order = stale or self.order
        self.apply(transitions.observed(order, report.order, list(self.fills.values())))

    @property
    def end(self) -> tuple[OrderState, Decimal, Decimal, Decimal | None]:
        order = self.order
        return order.state, order.filled_quantity, order.cancelled_quantity, order.average_price


def a_report(
    fills: list[int], shown: int, status: BrokerOrderStatus, *, told: int | None = None
) -> Report:
    """Report an order with the first `shown` fills in its total and `told` of them as trades."""
    trades = [
        a_trade(
            quantity=quantity,
            price=1000 + number,
            trade_id=f"t-{number}",
            traded_at=NOW + timedelta(seconds=number),
        )
        for number, quantity in enumerate(fills)
    ]
    return Report(
        an_open_order(quantity=ORDERED, filled_quantity=Decimal(sum(fills[:shown])), status=status),
        tuple(trades[: shown if told is None else told]),
    )


@st.composite
def broker_lives(draw: st.DrawFn) -> list[Report]:
    """All that a broker says of one order, in order; the last report says all."""
    fills: list[int] = []
    while sum(fills) < ORDERED and draw(st.booleans()):
        fills.append(draw(st.integers(1, ORDERED - sum(fills))))
    reports = [
        a_report(fills, shown, BrokerOrderStatus.OPEN, told=draw(st.integers(0, shown)))
        for shown in range(len(fills) + 1)
    ]
    last = BrokerOrderStatus.COMPLETE
    if sum(fills) < ORDERED:
        ends = [BrokerOrderStatus.CANCELLED]
        last = draw(st.sampled_from(ends if fills else [*ends, BrokerOrderStatus.REJECTED]))
    late = a_report(fills, len(fills), last, told=draw(st.integers(0, len(fills))))
    return [*reports, late, a_report(fills, len(fills), last)]


def sending() -> Desk:
    desk = Desk()
    assert desk.apply(transitions.start_sending(desk.order, at=NOW, fence=1))
    return desk


@settings(max_examples=300, deadline=None)
@given(broker_lives(), st.data())
def test_news_in_any_order_and_any_number_ends_like_news_in_order(
    life: list[Report], data: st.DataObject
) -> None:
    ordered, shuffled = sending(), sending()
    for report in life:
        ordered.hear(report)
    for report in data.draw(st.lists(st.sampled_from(life), max_size=12)):
        shuffled.hear(report)
    shuffled.hear(life[-1])
    assert shuffled.end == ordered.end
    assert shuffled.order.filled_quantity == life[-1].order.filled_quantity
    assert ordered.order.state.final


class OrderLife(RuleBasedStateMachine):
    """One order under two workers, lost replies, late and repeated news."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.sent = 0
        self.fills: list[int] = []
        self.status = BrokerOrderStatus.OPEN
        self.was = self.desk.order
        self.read = [self.desk.order]

    @rule()
    def another_worker_reads_the_order(self) -> None:
        self.read.append(self.desk.order)

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.read))
        self.sent += self.desk.apply(transitions.start_sending(order, at=NOW, fence=1))

    @precondition(lambda self: not self.sent)
    @rule(over=st.booleans())
    def end_before_it_is_sent(self, over: bool) -> None:
        order = self.desk.order
        self.desk.apply(
            transitions.expired(order, "late") if over else transitions.simulated(order)
        )

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def the_broker_answers(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.read))
        self.desk.apply(transitions.accepted(order, "b-1"))

    @precondition(lambda self: self.sent)
    @rule()
    def the_reply_is_lost(self) -> None:
        self.desk.apply(transitions.outcome_unknown(self.desk.order, "lost"))

    @precondition(lambda self: self.sent and not self.fills)
    @rule(sent=st.booleans())
    def the_broker_says_no(self, sent: bool) -> None:
        order = self.desk.order
        changed = self.desk.apply(
            transitions.refused(order, "no") if sent else transitions.never_left(order, "down")
        )
        if changed:
            self.status = BrokerOrderStatus.REJECTED

    @precondition(lambda self: self.sent and self.status is BrokerOrderStatus.OPEN)
    @rule(data=st.data())
    def it_fills_at_the_broker(self, data: st.DataObject) -> None:
        rest = ORDERED - sum(self.fills)
        self.fills.append(data.draw(st.integers(1, rest)))
        if sum(self.fills) == ORDERED:
            self.status = BrokerOrderStatus.COMPLETE

    @precondition(lambda self: self.sent and self.status is BrokerOrderStatus.OPEN)
    @rule()
    def it_is_cancelled_at_the_broker(self) -> None:
        self.status = BrokerOrderStatus.CANCELLED

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def news_comes_late_or_again(self, data: st.DataObject) -> None:
        shown = data.draw(st.integers(0, len(self.fills)))
        whole = shown == len(self.fills)
        status = self.status if whole else BrokerOrderStatus.OPEN
        told = data.draw(st.integers(0, shown))
        stale = data.draw(st.sampled_from([None, *self.read]))
        self.desk.hear(a_report(self.fills, shown, status, told=told), stale)

    @invariant()
    def filled_open_and_cancelled_are_what_was_ordered(self) -> None:
        order = self.desk.order
        total = order.filled_quantity + order.open_quantity + order.cancelled_quantity
        assert total == ORDERED
        assert min(order.filled_quantity, order.open_quantity, order.cancelled_quantity) >= 0

    @invariant()
    def it_is_sent_at_most_once_and_a_final_state_is_never_left(self) -> None:
        before, now = self.was, self.desk.order
        assert self.sent <= 1
        assert not before.state.final or now.state is before.state
        assert now.filled_quantity >= before.filled_quantity
        assert now.filled_quantity <= sum(self.fills)
        if now.state in {OrderState.CANCELLED, OrderState.FILLED}:
            assert now.filled_quantity == sum(self.fills)
        self.was = now


OrderLife.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestOrderLife = OrderLife.TestCase

identifiers = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}\Z")
legs = st.tuples(identifiers, st.integers(0, 30), st.integers(0, 20))


@given(legs, legs)
def test_two_tags_are_equal_exactly_when_plan_leg_and_slice_are(
    one: tuple[str, int, int], other: tuple[str, int, int]
) -> None:
    tags = [order_tag(plan_id=plan, leg=leg, slice_no=part) for plan, leg, part in (one, other)]
    assert (tags[0] == tags[1]) == (one == other)
    assert all(
        len(tag) == 20 and set(tag) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for tag in tags
    )
