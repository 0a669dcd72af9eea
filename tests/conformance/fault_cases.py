"""What every broker adapter must say when the way to the broker, or the broker, fails."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import ClassVar

import pytest

from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    OrderIntent,
    OrderType,
    Product,
)
from tests.conformance.bench import Bench
from tests.fakes.orders import ACCOUNT, a_tag, an_order

# What an equity may be traded as; NRML is for derivatives.
EQUITY = frozenset({Product.CNC, Product.MIS})
REASON = "RMS: margin exceeds by 1,240.00"


def case_id(test_name: str) -> str:
    """Return the case of a test: `BC-07` of `test_bc07_a_price_...`."""
    return f"BC-{test_name[7:9]}"


class FaultCases:
    """Cases 23 to 31 and 37. `cannot` says, by case, why a broker cannot have the trouble at all.

    `title` names the broker in the table of conformance; its own name unless given.
    """

    title: ClassVar[str] = ""
    cannot: ClassVar[dict[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _skip_what_it_cannot_have(self, request: pytest.FixtureRequest) -> None:
        reason = self.cannot.get(case_id(request.function.__name__))
        if reason is not None:
            pytest.skip(reason)

    async def test_bc23_a_lost_reply_is_unknown_and_the_tag_finds_the_one_order(
        self, bench: Bench
    ) -> None:
        bench.faults.lose_next_reply()
        with pytest.raises(OutcomeUnknown):
            await bench.broker.place_order(an_order())
        assert len(await tagged(bench)) == 1

    async def test_bc24_an_order_lost_on_the_way_is_unknown_and_the_tag_finds_none(
        self, bench: Bench
    ) -> None:
        bench.faults.lose_next_order()
        with pytest.raises(OutcomeUnknown):
            await bench.broker.place_order(an_order())
        assert await tagged(bench) == []

    async def test_bc25_a_broker_that_is_down_is_unavailable_and_places_nothing(
        self, bench: Bench
    ) -> None:
        bench.faults.go_down()
        for call in (
            bench.broker.place_order(an_order()),
            bench.broker.get_snapshot(ACCOUNT),
            bench.broker.get_orders(ACCOUNT),
            bench.broker.get_trades(ACCOUNT),
            bench.broker.find_orders_by_tag(ACCOUNT, a_tag(1)),
        ):
            with pytest.raises(BrokerUnavailable):
                await call
        bench.faults.come_up()
        assert await tagged(bench) == []
        assert list(await bench.broker.get_orders(ACCOUNT)) == []

    async def test_bc26_a_garbled_reply_is_unknown_and_never_a_rejection(
        self, bench: Bench
    ) -> None:
        bench.faults.garble_next_reply()
        with pytest.raises(OutcomeUnknown):
            await bench.broker.place_order(an_order())
        assert len(await tagged(bench)) == 1

    async def test_bc27_an_order_is_sent_exactly_once_whatever_the_answer(
        self, bench: Bench
    ) -> None:
        for tag, trouble in enumerate(self._answers(bench), start=1):
            trouble()
            before = bench.faults.place_calls
            with suppress(BrokerError):
                await bench.broker.place_order(an_order(tag=tag))
            assert bench.faults.place_calls == before + 1

    async def test_bc28_a_refusal_is_final_and_in_the_brokers_own_words(self, bench: Bench) -> None:
        bench.faults.refuse_next(REASON)
        with pytest.raises(OrderRejected) as caught:
            await bench.broker.place_order(an_order())
        assert REASON in caught.value.message
        assert all(row.status is BrokerOrderStatus.REJECTED for row in await tagged(bench))

    async def test_bc29_cancelling_a_partly_filled_order_keeps_its_fills(
        self, bench: Bench
    ) -> None:
        bench.fill_next_partly(4, of=10)
        partly = await bench.place(an_order(limit="1488.10"))
        assert (partly.filled_quantity, partly.open_quantity) == (Decimal(4), Decimal(6))
        await bench.broker.cancel_order(ACCOUNT, partly.broker_order_id)
        order = await bench.order(partly.broker_order_id)
        assert order.status is BrokerOrderStatus.CANCELLED
        assert (order.filled_quantity, order.cancelled_quantity) == (Decimal(4), Decimal(6))
        trades = await bench.broker.get_trades(ACCOUNT)
        assert sum(trade.quantity for trade in trades) == Decimal(4)

    async def test_bc30_a_fill_keeps_its_trade_id_over_repeated_reads(self, bench: Bench) -> None:
        await bench.place(an_order(tag=1))
        first = [trade.trade_id for trade in await bench.broker.get_trades(ACCOUNT)]
        await bench.place(an_order(tag=2))
        second = [trade.trade_id for trade in await bench.broker.get_trades(ACCOUNT)]
        third = [trade.trade_id for trade in await bench.broker.get_trades(ACCOUNT)]
        assert first
        assert set(first) < set(second)
        assert sorted(third) == sorted(second)

    async def test_bc31_what_is_declared_is_taken_and_what_is_not_never_leaves(
        self, bench: Bench
    ) -> None:
        declared = bench.broker.capabilities
        assert declared.settle_s >= (1 if "BC-23" not in self.cannot else 0)
        kinds = [(kind, product) for kind in OrderType for product in Product]
        for number, (kind, product) in enumerate(kinds, start=1):
            intent = resting(kind, product, tag=number)
            before = bench.faults.place_calls
            if kind in declared.order_types and product in declared.products & EQUITY:
                await bench.send_plainly(intent)
                (order,) = await tagged(bench, number)
                assert (order.order_type, order.product) == (kind, product)
            elif kind not in declared.order_types or product not in declared.products:
                with pytest.raises(OrderRejected):
                    await bench.send_plainly(intent)
                assert await tagged(bench, number) == []
                assert bench.faults.place_calls == before

    async def test_bc37_a_cancel_whose_reply_is_lost_is_unknown_and_the_book_says_what_it_did(
        self, bench: Bench
    ) -> None:
        resting_one = await bench.place(an_order(limit="1480.00"))
        bench.faults.lose_next_cancel_reply()
        with pytest.raises(OutcomeUnknown):
            await bench.broker.cancel_order(ACCOUNT, resting_one.broker_order_id)
        order = await bench.order(resting_one.broker_order_id)
        assert order.status is BrokerOrderStatus.CANCELLED
        assert (order.filled_quantity, order.open_quantity) == (Decimal(0), Decimal(0))
        with pytest.raises(OrderRejected):
            await bench.broker.cancel_order(ACCOUNT, resting_one.broker_order_id)

    def _answers(self, bench: Bench) -> list[Callable[[], object]]:
        by_case: dict[str, Callable[[], object]] = {
            "BC-23": bench.faults.lose_next_reply,
            "BC-24": bench.faults.lose_next_order,
            "BC-26": bench.faults.garble_next_reply,
            "BC-28": lambda: bench.faults.refuse_next(REASON),
        }
        return [
            lambda: None,
            *(trouble for case, trouble in by_case.items() if case not in self.cannot),
        ]


def resting(kind: OrderType, product: Product, *, tag: int) -> OrderIntent:
    """Return a buy of a type that stays in the book where it has a price."""
    limit = {OrderType.LIMIT: "1400.00", OrderType.SL: "1605.00"}.get(kind)
    trigger = "1600.00" if kind.has_trigger_price else None
    return an_order(tag=tag, product=product, limit=limit, trigger=trigger)


async def tagged(bench: Bench, number: int = 1) -> list[BrokerOrder]:
    """Return what the book shows under a tag."""
    return list(await bench.broker.find_orders_by_tag(ACCOUNT, a_tag(number)))
