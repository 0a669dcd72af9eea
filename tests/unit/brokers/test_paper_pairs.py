"""A stop and a target of which only one may fill."""

from decimal import Decimal

import pytest

from adapters.brokers.paper.settings import PaperSettings
from adapters.errors import OrderRejected, OutcomeUnknown
from riskgate.contracts.instruments import Currency
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    OrderIntent,
    Product,
    Side,
    Validity,
)
from tests.fakes.instruments import TCS
from tests.fakes.orders import ACCOUNT, a_tag, an_order
from tests.unit.brokers.paper_bench import PaperBench

SELL = Side.SELL


def a_stop(quantity: str = "100", *, product: Product = Product.CNC) -> OrderIntent:
    return an_order(side=SELL, quantity=quantity, trigger="95.00", product=product, tag=2)


def a_target(quantity: str = "100", *, product: Product = Product.CNC) -> OrderIntent:
    return an_order(side=SELL, quantity=quantity, limit="105.00", product=product, tag=3)


async def held(product: Product = Product.CNC) -> PaperBench:
    """Make a bench that holds 100 shares and shows a fresh book."""
    bench = PaperBench()
    await bench.place(an_order(quantity="100", product=product))
    bench.quote()
    return bench


async def by_tag(bench: PaperBench, number: int) -> BrokerOrder:
    (order,) = await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(number))
    return order


async def test_both_enter_the_book_though_the_shares_suffice_for_one() -> None:
    bench = await held()
    stop, target = await bench.broker.place_oco(a_stop(), a_target())
    assert (stop.tag, target.tag) == (a_tag(2), a_tag(3))
    assert (await by_tag(bench, 2)).status is BrokerOrderStatus.TRIGGER_PENDING
    assert (await by_tag(bench, 3)).status is BrokerOrderStatus.OPEN


async def test_the_target_filling_ends_the_stop() -> None:
    bench = await held()
    await bench.broker.place_oco(a_stop(), a_target())
    bench.quote("106.00")
    target, stop = await by_tag(bench, 3), await by_tag(bench, 2)
    assert (target.status, target.filled_quantity) == (BrokerOrderStatus.COMPLETE, Decimal(100))
    assert (stop.status, stop.cancelled_quantity) == (BrokerOrderStatus.CANCELLED, Decimal(100))
    assert stop.reason == "the other order of its pair filled"
    bench.quote("90.00")
    assert (await bench.broker.get_snapshot(ACCOUNT)).positions == ()


async def test_the_stop_filling_ends_the_target() -> None:
    bench = await held()
    await bench.broker.place_oco(a_stop(), a_target())
    bench.quote("94.00")
    assert (await by_tag(bench, 2)).status is BrokerOrderStatus.COMPLETE
    assert (await by_tag(bench, 3)).status is BrokerOrderStatus.CANCELLED


async def test_a_part_filled_of_one_comes_off_the_other() -> None:
    bench = await held()
    await bench.broker.place_oco(a_stop(), a_target())
    bench.quote("105.20", size=20)
    target, stop = await by_tag(bench, 3), await by_tag(bench, 2)
    assert (target.filled_quantity, target.open_quantity) == (Decimal(40), Decimal(60))
    assert (stop.status, stop.open_quantity) == (BrokerOrderStatus.TRIGGER_PENDING, Decimal(60))
    bench.quote("94.00")
    target, stop = await by_tag(bench, 3), await by_tag(bench, 2)
    assert (stop.filled_quantity, stop.cancelled_quantity) == (Decimal(60), Decimal(40))
    assert (target.filled_quantity, target.cancelled_quantity) == (Decimal(40), Decimal(60))
    assert {stop.status, target.status} == {BrokerOrderStatus.CANCELLED}
    assert (await bench.broker.get_snapshot(ACCOUNT)).positions == ()


async def test_cancelling_one_leaves_the_other() -> None:
    bench = await held()
    stop, _ = await bench.broker.place_oco(a_stop(), a_target())
    await bench.broker.cancel_order(ACCOUNT, stop.broker_order_id)
    bench.quote("106.00")
    assert (await by_tag(bench, 3)).filled_quantity == 100


async def test_a_pair_of_intraday_exits_blocks_no_more_than_one_of_them() -> None:
    bench = await held(Product.MIS)
    before = await bench.margins()
    await bench.broker.place_oco(a_stop(product=Product.MIS), a_target(product=Product.MIS))
    assert await bench.margins() == before


async def test_a_pair_that_opens_blocks_one_of_its_orders() -> None:
    bench = PaperBench()
    mis = Product.MIS
    await bench.broker.place_oco(a_stop(product=mis), a_target(product=mis))
    # A fifth of 100 at 105.
    assert (await bench.margins()).used == Decimal(2100)


@pytest.mark.parametrize(
    ("stop", "target", "reason"),
    [
        (a_stop("90"), a_target(), "a pair needs one quantity"),
        (a_stop(), an_order(quantity="100", limit="105.00"), "a pair needs one side"),
        (
            a_stop(),
            an_order(instrument=TCS, side=SELL, quantity="100", limit="1.00"),
            "a pair needs one instrument",
        ),
        (a_target(), a_target(), "a pair is a stop with a trigger price and a LIMIT target"),
        (a_stop(), a_stop(), "a pair is a stop with a trigger price and a LIMIT target"),
        (
            a_stop(),
            an_order(side=SELL, quantity="100", limit="105.00", validity=Validity.IOC),
            "the orders of a pair must both wait",
        ),
        (a_stop("101"), a_target("101"), "cannot deliver 101 NSE:INFY; 100 held"),
        (
            a_stop(),
            an_order(side=SELL, quantity="100", limit="105.05"),
            "price must be a multiple of tick size",
        ),
    ],
)
async def test_two_that_make_no_pair_are_refused_whole(
    stop: OrderIntent, target: OrderIntent, reason: str
) -> None:
    bench = await held()
    with pytest.raises(OrderRejected, match=reason):
        await bench.broker.place_oco(stop, target)
    assert len(await bench.broker.get_orders(ACCOUNT)) == 1


async def test_shares_promised_to_a_pair_cannot_be_sold_again() -> None:
    bench = await held()
    await bench.broker.place_oco(a_stop("60"), a_target("60"))
    with pytest.raises(OrderRejected, match="cannot deliver 41 NSE:INFY; 40 held"):
        await bench.broker.place_order(an_order(side=SELL, quantity="41", tag=4))
    await bench.broker.place_order(an_order(side=SELL, quantity="40", tag=5))


async def test_a_pair_without_money_is_refused_whole() -> None:
    bench = PaperBench(PaperSettings(opening_cash={Currency.INR: Decimal(1_000)}))
    mis = Product.MIS
    with pytest.raises(OrderRejected, match="insufficient funds"):
        await bench.broker.place_oco(a_stop(product=mis), a_target(product=mis))
    assert await bench.broker.get_orders(ACCOUNT) == ()


@pytest.mark.parametrize(("kept", "orders"), [(True, 2), (False, 0)])
async def test_a_pair_whose_save_was_not_answered_is_there_whole_or_not_at_all(
    kept: bool, orders: int
) -> None:
    bench = await held()
    bench.store.fail_next_save(keeping=kept)
    with pytest.raises(OutcomeUnknown):
        await bench.broker.place_oco(a_stop(), a_target())
    assert len(await bench.broker.get_orders(ACCOUNT)) == 1 + orders


async def test_a_pair_survives_a_restart() -> None:
    bench = await held()
    await bench.broker.place_oco(a_stop(), a_target())
    bench.broker = bench.another_broker()
    bench.quote("106.00")
    assert (await by_tag(bench, 3)).status is BrokerOrderStatus.COMPLETE
    assert (await by_tag(bench, 2)).status is BrokerOrderStatus.CANCELLED
