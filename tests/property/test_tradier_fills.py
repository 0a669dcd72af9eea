"""Tradier's fills, worked out of totals: whatever is seen when, they add up and never change."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.brokers.tradier.fills import Marks, fills_of, marked, read_marks, written
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    BrokerTrade,
    OrderType,
    Product,
    Side,
)
from tests.fakes.clock import MORNING
from tests.fakes.instruments import GOOG

executions = st.lists(
    st.tuples(
        st.integers(1, 500), st.decimals("0.01", "900", places=2), st.booleans(), st.booleans()
    ),
    min_size=1,
    max_size=12,
)


def seen(filled: Decimal, worth: Decimal, minute: int) -> BrokerOrder:
    return BrokerOrder(
        instrument=GOOG,
        side=Side.BUY,
        quantity=Decimal(10_000),
        product=Product.CNC,
        order_type=OrderType.MARKET,
        broker_order_id="7",
        tag=None,
        status=BrokerOrderStatus.OPEN,
        filled_quantity=filled,
        average_price=(worth / filled).quantize(Decimal("0.00000001")),
        placed_at=MORNING,
        updated_at=MORNING + timedelta(minutes=minute),
    )


@given(executions)
def test_fills_sum_to_the_filled_quantity_and_those_told_stay_as_they_were(
    executions: list[tuple[int, Decimal, bool, bool]],
) -> None:
    filled, worth = Decimal(0), Decimal(0)
    marks: Marks = {}
    told: tuple[BrokerTrade, ...] = ()
    for minute, (quantity, price, looks, restarts) in enumerate(executions):
        filled, worth = filled + quantity, worth + quantity * price
        if not looks:
            continue
        order = seen(filled, worth, minute)
        marks = marked(marks, [order], order.updated_at)
        if restarts:
            marks = read_marks(written(marks))
        fills = fills_of(order, marks["7"])
        assert fills[: len(told)] == told
        assert sum(fill.quantity for fill in fills) == filled
        assert abs(sum(fill.quantity * fill.price for fill in fills) - worth) < Decimal("0.02")
        assert len({fill.trade_id for fill in fills}) == len(fills)
        told = fills
