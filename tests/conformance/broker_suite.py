"""What every broker adapter must do, numbered. A broker's test class subclasses the suite."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from adapters.errors import OrderRejected, OutcomeUnknown
from adapters.ports import BrokerCapabilities, ReachBack
from riskgate.contracts.orders import BrokerOrderStatus, Side, Validity
from tests.conformance.bench import Bench as Bench
from tests.conformance.bench import refused, while_quotes_are_awaited
from tests.conformance.fault_cases import FaultCases
from tests.conformance.pair_cases import PairCases
from tests.fakes.instruments import INFY, NIFTY, UNKNOWN
from tests.fakes.orders import ACCOUNT, a_tag, an_order


class BrokerSuite(FaultCases, PairCases, ABC):
    """Subclass it, make a bench, and pass everything your capabilities claim.

    A case that the broker cannot have at all gets its reason in `cannot`.
    """

    @abstractmethod
    def make_bench(self) -> Bench:
        """Make a broker with an empty book; start nothing before `Bench.open`."""

    @classmethod
    def declared(cls) -> BrokerCapabilities:
        """Return what the broker says it can do."""
        return cls().make_bench().broker.capabilities

    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        bench = self.make_bench()
        await bench.open()
        try:
            bench.quote("1487.90", "1488.10")
            yield bench
        finally:
            await bench.close()

    async def test_bc01_a_market_order_fills_at_the_touch(self, bench: Bench) -> None:
        order = await bench.place(an_order())
        assert order.status is BrokerOrderStatus.COMPLETE
        assert (order.filled_quantity, order.average_price) == (Decimal(10), Decimal("1488.10"))

    async def test_bc02_the_ack_carries_our_tag_and_an_order_id(self, bench: Bench) -> None:
        ack = await bench.broker.place_order(an_order(tag=7))
        assert ack.tag == a_tag(7)
        assert (await bench.order(ack.broker_order_id)).tag == a_tag(7)

    async def test_bc03_a_limit_order_rests_and_fills_when_the_touch_crosses(
        self, bench: Bench
    ) -> None:
        resting = await bench.place(an_order(limit="1480.00"))
        assert (resting.status, resting.open_quantity) == (BrokerOrderStatus.OPEN, Decimal(10))
        bench.quote("1479.80", "1479.90")
        filled = await bench.order(resting.broker_order_id)
        assert (filled.status, filled.average_price) == (
            BrokerOrderStatus.COMPLETE,
            Decimal("1479.90"),
        )

    async def test_bc04_a_rejected_order_is_final_and_nothing_of_it_trades(
        self, bench: Bench
    ) -> None:
        with refused():
            await bench.broker.place_order(an_order(limit="1480.03"))
        bench.quote("1400.00", "1400.10")
        found = await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(1))
        assert all(order.status is BrokerOrderStatus.REJECTED for order in found)
        assert list(await bench.broker.get_trades(ACCOUNT)) == []

    async def test_bc05_an_unknown_instrument_is_refused(self, bench: Bench) -> None:
        with refused():
            await bench.broker.place_order(an_order(instrument=UNKNOWN))

    async def test_bc06_an_index_is_refused(self, bench: Bench) -> None:
        with refused():
            await bench.broker.place_order(an_order(instrument=NIFTY))

    async def test_bc07_a_price_off_the_tick_is_refused(self, bench: Bench) -> None:
        with refused():
            await bench.broker.place_order(an_order(limit="1480.05"))

    async def test_bc08_a_quantity_off_the_lot_is_refused(self, bench: Bench) -> None:
        if bench.broker.capabilities.takes_fractions:
            pytest.skip("takes fractions of a lot")
        with refused():
            await bench.broker.place_order(an_order(quantity="1.5"))

    async def test_bc09_a_quantity_over_the_freeze_limit_is_refused(self, bench: Bench) -> None:
        with refused():
            await bench.broker.place_order(an_order(quantity="100001", limit="0.10"))

    async def test_bc10_cancelling_ends_an_open_order_and_fills_nothing(self, bench: Bench) -> None:
        resting = await bench.place(an_order(limit="1480.00"))
        await bench.broker.cancel_order(ACCOUNT, resting.broker_order_id)
        bench.quote("1400.00", "1400.10")
        order = await bench.order(resting.broker_order_id)
        assert order.status is BrokerOrderStatus.CANCELLED
        assert (order.filled_quantity, order.cancelled_quantity) == (Decimal(0), Decimal(10))

    async def test_bc11_cancelling_a_finished_or_unknown_order_is_refused(
        self, bench: Bench
    ) -> None:
        order = await bench.place(an_order())
        with refused():
            await bench.broker.cancel_order(ACCOUNT, order.broker_order_id)
        with refused():
            await bench.broker.cancel_order(ACCOUNT, "no-such-order")

    async def test_bc12_a_tag_finds_its_orders_and_no_others(self, bench: Bench) -> None:
        if not bench.broker.capabilities.finds_orders_by_tag:
            pytest.skip("cannot find by tag")
        order = await bench.place(an_order(tag=1))
        await bench.place(an_order(tag=2))
        found = await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(1))
        assert [row.broker_order_id for row in found] == [order.broker_order_id]
        assert list(await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(3))) == []

    async def test_bc13_the_snapshot_is_the_whole_book(self, bench: Bench) -> None:
        await bench.place(an_order(tag=1))
        await bench.place(an_order(tag=2, limit="1400.00"))
        snapshot = await bench.broker.get_snapshot(ACCOUNT)
        assert snapshot.account_id == ACCOUNT
        assert snapshot.as_of == bench.clock.now()
        assert {order.tag for order in snapshot.orders} == {a_tag(1), a_tag(2)}
        assert [(p.instrument, p.quantity) for p in snapshot.positions] == [(INFY, Decimal(10))]
        assert snapshot.margins is not None

    async def test_bc14_trades_sum_to_each_orders_filled_quantity(self, bench: Bench) -> None:
        await bench.place(an_order(tag=1, quantity="30"))
        await bench.place(an_order(tag=2, quantity="12", side=Side.SELL))
        await bench.place(an_order(tag=3, limit="1400.00"))
        sums: Counter[str] = Counter()
        for trade in await bench.broker.get_trades(ACCOUNT):
            sums[trade.broker_order_id] += int(trade.quantity)
        orders = await bench.broker.get_orders(ACCOUNT)
        assert {o.broker_order_id: o.filled_quantity for o in orders} == {
            o.broker_order_id: sums[o.broker_order_id] for o in orders
        }

    async def test_bc15_filled_open_and_cancelled_sum_to_what_was_ordered(
        self, bench: Bench
    ) -> None:
        await bench.place(an_order(tag=1, quantity="100"))
        resting = await bench.place(an_order(tag=2, limit="1400.00"))
        await bench.place(an_order(tag=3, limit="1300.00"))
        await bench.broker.cancel_order(ACCOUNT, resting.broker_order_id)
        for order in await bench.broker.get_orders(ACCOUNT):
            parts = order.filled_quantity + order.open_quantity + order.cancelled_quantity
            assert parts == order.quantity

    async def test_bc16_an_ioc_order_leaves_nothing_resting(self, bench: Bench) -> None:
        order = await bench.place(an_order(limit="1480.00", validity=Validity.IOC))
        assert (order.status, order.open_quantity) == (BrokerOrderStatus.CANCELLED, Decimal(0))

    async def test_bc17_a_stop_waits_for_its_trigger(self, bench: Bench) -> None:
        await bench.place(an_order(tag=1))
        stop = await bench.place(an_order(tag=2, side=Side.SELL, trigger="1470.00"))
        assert stop.status is BrokerOrderStatus.TRIGGER_PENDING
        bench.quote("1475.00", "1475.20", last="1475.00")
        assert (await bench.order(stop.broker_order_id)).filled_quantity == 0
        bench.quote("1469.50", "1469.70", last="1469.60")
        filled = await bench.order(stop.broker_order_id)
        assert (filled.status, filled.average_price) == (
            BrokerOrderStatus.COMPLETE,
            Decimal("1469.50"),
        )

    async def test_bc18_a_stop_limit_rests_once_triggered_beyond_its_limit(
        self, bench: Bench
    ) -> None:
        await bench.place(an_order(tag=1))
        stop = await bench.place(
            an_order(tag=2, side=Side.SELL, trigger="1470.00", limit="1468.00")
        )
        bench.quote("1460.00", "1460.20", last="1460.00")
        assert (await bench.order(stop.broker_order_id)).filled_quantity == 0
        bench.quote("1468.20", "1468.40", last="1468.20")
        filled = await bench.order(stop.broker_order_id)
        assert filled.average_price == Decimal("1468.20")

    async def test_bc19_a_repeated_tag_is_not_taken_or_its_second_order_is_shown(
        self, bench: Bench
    ) -> None:
        await bench.place(an_order(tag=1))
        if bench.broker.capabilities.refuses_repeated_tags:
            with pytest.raises((OrderRejected, OutcomeUnknown)):
                await bench.broker.place_order(an_order(tag=1))
            assert len(await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(1))) == 1
            return
        await bench.place(an_order(tag=1))
        assert len(await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(1))) == 2

    async def test_bc20_accounts_do_not_see_each_other(self, bench: Bench) -> None:
        await bench.place(an_order())
        other = await bench.broker.get_snapshot("acct-2")
        assert (other.orders, other.positions, other.holdings) == ((), (), ())

    async def test_bc21_order_and_trade_ids_are_never_repeated(self, bench: Bench) -> None:
        for tag in range(1, 6):
            await bench.place(an_order(tag=tag))
        orders = await bench.broker.get_orders(ACCOUNT)
        trades = await bench.broker.get_trades(ACCOUNT)
        assert len({order.broker_order_id for order in orders}) == 5
        assert len({trade.trade_id for trade in trades}) == len(trades)

    async def test_bc38_an_order_of_an_earlier_day_is_shown_as_far_back_as_is_declared(
        self, bench: Bench
    ) -> None:
        await bench.place(an_order(tag=1))
        await bench.place(an_order(tag=2, limit="1400.00"))
        bench.next_day()
        orders = {order.tag: order for order in await bench.broker.get_orders(ACCOUNT)}
        snapshot = await bench.broker.get_snapshot(ACCOUNT)
        held = [*snapshot.positions, *snapshot.holdings]
        assert sum(item.quantity for item in held) == Decimal(10)
        alone = bench.broker.capabilities.orders_reach_back is ReachBack.SESSION
        assert set(orders) == (set() if alone else {a_tag(1), a_tag(2)})
        for number, filled in ((1, Decimal(10)), (2, Decimal(0))):
            found = await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(number))
            assert [each.filled_quantity for each in found] == ([] if alone else [filled])

    async def test_bc22_a_snapshot_is_not_stamped_later_than_its_book_was_read(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await bench.place(an_order(tag=1, limit="1400.00"))
        while_quotes_are_awaited(
            bench, monkeypatch, lambda: bench.elsewhere.place_order(an_order(tag=2))
        )
        snapshot = await bench.broker.get_snapshot(ACCOUNT)
        (filled,) = await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(2))
        shown = a_tag(2) in {order.tag for order in snapshot.orders}
        assert snapshot.as_of <= bench.clock.now()
        assert shown or snapshot.as_of <= filled.updated_at
