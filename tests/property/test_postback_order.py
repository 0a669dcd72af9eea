"""A broker's news late, early, twice or backwards: the order ends as it does on news in order."""

from decimal import Decimal
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.execution import transitions
from app.persistence.orders import OrderRecord
from riskgate.contracts.orders import BrokerOrderStatus, BrokerTrade, OrderState
from tests.builders import a_trade
from tests.property.test_transitions_properties import ORDERED, Desk, Report, a_report
from tests.unit.riskgate.builders import NOW

ENDED = {BrokerOrderStatus.COMPLETE, BrokerOrderStatus.CANCELLED, BrokerOrderStatus.REJECTED}
FINAL = {
    BrokerOrderStatus.COMPLETE: OrderState.FILLED,
    BrokerOrderStatus.CANCELLED: OrderState.CANCELLED,
    BrokerOrderStatus.REJECTED: OrderState.REJECTED,
}

# How often a trade is told together with the order's new total.
EARLY = 0.5


class Booking(Desk):
    """Our side of an order that is being sent; books each fill once and none beyond the order."""

    def __init__(self) -> None:
        super().__init__()
        assert self.apply(transitions.start_sending(self.order, at=NOW, fence=1))

    def hear(self, report: Report, stale: OrderRecord | None = None) -> None:
        room = Decimal(ORDERED) - sum((f.quantity for f in self.fills.values()), Decimal(0))
        for trade in report.trades:
            if trade.trade_id not in self.fills and trade.quantity <= room:
                self.fills[trade.trade_id] = trade
                room -= trade.quantity
        known = list(self.fills.values())
        self.apply(transitions.observed(stale or self.order, report.order, known))


class NewsInAnyOrder(RuleBasedStateMachine):
    """One order at a broker; one desk hears its news as it happens, the other in any order."""

    @initialize(seed=st.integers(0, 2**32), fills=st.lists(st.integers(1, 3), max_size=3))
    def an_order_is_sent_and_begins_to_fill(self, seed: int, fills: list[int]) -> None:
        self.chance = Random(seed)
        self.in_order, self.any_order = Booking(), Booking()
        self.was = self.read = self.any_order.order
        self.fills: list[int] = []
        self.status = BrokerOrderStatus.OPEN
        self.news: list[Report] = []
        self._say(told=0)
        for part in fills:
            self.it_fills(part, told=self.chance.random() < EARLY)

    # At the broker

    @precondition(lambda self: self.status is BrokerOrderStatus.OPEN)
    @rule(part=st.integers(1, ORDERED), told=st.booleans())
    def it_fills(self, part: int, told: bool) -> None:
        """Part of the order fills; its trade may be told later than the order's new total."""
        self.fills.append(min(part, ORDERED - sum(self.fills)))
        if sum(self.fills) == ORDERED:
            self.status = BrokerOrderStatus.COMPLETE
        self._say(told=len(self.fills) - (not told))

    @precondition(lambda self: self.status is BrokerOrderStatus.OPEN)
    @rule(told=st.booleans())
    def it_is_cancelled(self, told: bool) -> None:
        self.status = BrokerOrderStatus.CANCELLED
        self._say(told=len(self.fills) if told else 0)

    @precondition(lambda self: self.status is BrokerOrderStatus.OPEN and not self.fills)
    @rule()
    def it_is_rejected(self) -> None:
        self.status = BrokerOrderStatus.REJECTED
        self._say(told=0)

    @precondition(lambda self: self.fills)
    @rule()
    def a_trade_is_told_before_the_orders_total(self) -> None:
        """An early fill: the order still shows what it was before."""
        shown = len(self.fills) - 1
        self.news.append(a_report(self.fills, shown, BrokerOrderStatus.OPEN, told=len(self.fills)))
        self.in_order.hear(self.news[-1])

    # On the way to us

    @rule(data=st.data(), times=st.integers(1, 3))
    def news_comes_in_any_order_and_number(self, data: st.DataObject, times: int) -> None:
        report = data.draw(st.sampled_from(self.news))
        for _ in range(times):
            self.any_order.hear(report)

    @rule()
    def a_worker_reads_the_order(self) -> None:
        self.read = self.any_order.order

    @rule(data=st.data())
    def news_comes_to_a_worker_that_read_the_order_before(self, data: st.DataObject) -> None:
        self.any_order.hear(data.draw(st.sampled_from(self.news)), self.read)

    @rule()
    def the_answer_comes(self) -> None:
        for desk in (self.in_order, self.any_order):
            desk.apply(transitions.accepted(desk.order, "b-1"))

    @rule()
    def the_answer_is_lost(self) -> None:
        self.any_order.apply(transitions.outcome_unknown(self.any_order.order, "lost"))

    @rule(quantity=st.integers(ORDERED + 1, 2 * ORDERED))
    def a_fill_larger_than_the_order_is_told(self, quantity: int) -> None:
        foreign = a_trade(quantity=quantity, trade_id="not-ours")
        self.any_order.hear(Report(self.news[-1].order, (*self._trades(), foreign)))

    # What holds

    @invariant()
    def filled_open_and_cancelled_are_what_was_ordered(self) -> None:
        for desk in (self.in_order, self.any_order):
            order = desk.order
            parts = (order.filled_quantity, order.open_quantity, order.cancelled_quantity)
            assert sum(parts) == ORDERED
            assert min(parts) >= 0

    @invariant()
    def nothing_goes_back(self) -> None:
        before, now = self.was, self.any_order.order
        assert now.filled_quantity >= before.filled_quantity
        assert not before.state.final or now == before
        assert before.broker_order_id in {None, now.broker_order_id}
        assert now.filled_quantity <= sum(self.fills)
        self.was = now

    def teardown(self) -> None:
        """All of it heard, in an order of its own, and the book read once more: the same end."""
        if not hasattr(self, "news"):
            return
        rest = list(self.news)
        self.chance.shuffle(rest)
        book = a_report(self.fills, len(self.fills), self.status)
        for report in (*rest, book):
            self.any_order.hear(report)
        self.in_order.hear(book)
        assert self.any_order.end == self.in_order.end
        assert self.any_order.order.filled_quantity == sum(self.fills)
        assert self.any_order.order.state.final == (self.status in ENDED)
        if self.status in ENDED:
            assert self.any_order.order.state is FINAL[self.status]

    def _say(self, *, told: int) -> None:
        """Let the broker say how the order stands, with this many of its trades."""
        report = a_report(self.fills, len(self.fills), self.status, told=told)
        self.news.append(report)
        self.in_order.hear(report)

    def _trades(self) -> tuple[BrokerTrade, ...]:
        return a_report(self.fills, len(self.fills), self.status).trades


# At least these, and 10,000 when the profile is thorough.
EXAMPLES = max(300, settings().max_examples)
NewsInAnyOrder.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=30, deadline=None
)
TestNewsInAnyOrder = NewsInAnyOrder.TestCase
