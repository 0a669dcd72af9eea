"""What a broker that takes a stop and a target as a pair must do with them."""

from decimal import Decimal

import pytest

from adapters.errors import OrderRejected
from adapters.ports import OcoBroker, offers_oco
from riskgate.contracts.orders import BrokerOrder, BrokerOrderAck, BrokerOrderStatus, Side
from tests.conformance.bench import Bench
from tests.fakes.orders import ACCOUNT, a_tag, an_order

STOP, TARGET = 2, 3


class PairCases:
    """Cases 32 to 36, for brokers that declare `places_oco`."""

    async def test_bc32_both_of_a_pair_are_taken_and_each_is_found_by_its_tag(
        self, bench: Bench
    ) -> None:
        stop, target = await a_pair(bench)
        assert (stop.tag, target.tag) == (a_tag(STOP), a_tag(TARGET))
        assert stop.broker_order_id != target.broker_order_id
        for number, ack in ((STOP, stop), (TARGET, target)):
            found = await by_tag(bench, number)
            assert found.broker_order_id == ack.broker_order_id
            assert found.open_quantity == 10

    async def test_bc33_neither_of_a_pair_rests_when_one_is_refused(self, bench: Bench) -> None:
        broker = await holding(bench)
        stop = an_order(side=Side.SELL, trigger="1470.00", tag=STOP)
        off_the_tick = an_order(side=Side.SELL, limit="1500.03", tag=TARGET)
        with pytest.raises(OrderRejected):
            await broker.place_oco(stop, off_the_tick)
        for number in (STOP, TARGET):
            found = await broker.find_orders_by_tag(ACCOUNT, a_tag(number))
            assert all(order.open_quantity == 0 for order in found)

    async def test_bc34_a_target_that_fills_ends_its_stop_and_nothing_is_sold_twice(
        self, bench: Bench
    ) -> None:
        await a_pair(bench)
        bench.quote("1501.00", "1501.20")
        assert (await by_tag(bench, TARGET)).filled_quantity == 10
        assert (await by_tag(bench, STOP)).cancelled_quantity == 10
        bench.quote("1460.00", "1460.20")
        assert (await by_tag(bench, STOP)).status is BrokerOrderStatus.CANCELLED
        assert await sold(bench) == 10

    async def test_bc35_a_stop_that_fills_ends_its_target_and_nothing_is_sold_twice(
        self, bench: Bench
    ) -> None:
        await a_pair(bench)
        bench.quote("1469.00", "1469.20")
        assert (await by_tag(bench, STOP)).filled_quantity == 10
        assert (await by_tag(bench, TARGET)).cancelled_quantity == 10
        bench.quote("1501.00", "1501.20")
        assert (await by_tag(bench, TARGET)).status is BrokerOrderStatus.CANCELLED
        assert await sold(bench) == 10

    async def test_bc36_cancelling_one_of_a_pair_leaves_the_other(self, bench: Bench) -> None:
        _, target = await a_pair(bench)
        await bench.broker.cancel_order(ACCOUNT, target.broker_order_id)
        assert (await by_tag(bench, TARGET)).status is BrokerOrderStatus.CANCELLED
        assert (await by_tag(bench, STOP)).open_quantity == 10


async def holding(bench: Bench) -> OcoBroker:
    """Buy what a pair would close; skip the test when the broker takes no pairs."""
    broker = bench.broker
    if not offers_oco(broker):
        pytest.skip("takes no pairs of stop and target")
    await bench.place(an_order(tag=1))
    return broker


async def a_pair(bench: Bench) -> tuple[BrokerOrderAck, BrokerOrderAck]:
    """Hold 10 and place a stop at 1470 and a target at 1500 for them."""
    broker = await holding(bench)
    return await broker.place_oco(
        an_order(side=Side.SELL, trigger="1470.00", tag=STOP),
        an_order(side=Side.SELL, limit="1500.00", tag=TARGET),
    )


async def by_tag(bench: Bench, number: int) -> BrokerOrder:
    (order,) = await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(number))
    return order


async def sold(bench: Bench) -> Decimal:
    trades = await bench.broker.get_trades(ACCOUNT)
    return sum((each.quantity for each in trades if each.side is Side.SELL), Decimal(0))
