"""What holds for every run of fills."""

from decimal import Decimal
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from app.ledger.positions import AVERAGE_PLACES, apply_fill
from riskgate.contracts.orders import BrokerTrade, Side
from riskgate.contracts.snapshots import Position
from tests.builders import a_trade
from tests.unit.riskgate.builders import a_position

prices = st.integers(1, 10_000_000).map(lambda n: Decimal(n) / 100)
sizes = st.integers(1, 100_000)
NOTHING = a_position(0, average_price=0)


def fills_of(sides: st.SearchStrategy[Side]) -> st.SearchStrategy[list[BrokerTrade]]:
    return st.lists(st.builds(a_trade, sides, sizes, prices), max_size=15)


def after(fills: list[BrokerTrade], start: Position = NOTHING) -> Position:
    return reduce(apply_fill, fills, start)


def cost(position: Position) -> Decimal:
    return position.quantity * position.average_price


@given(fills_of(st.sampled_from(Side)))
def test_the_quantity_is_the_signed_sum_of_the_fills_in_any_order(fills: list[BrokerTrade]) -> None:
    total = sum((fill.side.sign * fill.quantity for fill in fills), Decimal(0))
    assert after(fills).quantity == after(fills[::-1]).quantity == total


@given(st.sampled_from(Side), st.data())
def test_fills_of_one_side_cost_what_was_paid_in_any_order(side: Side, data: st.DataObject) -> None:
    fills = data.draw(fills_of(st.just(side)))
    shuffled = data.draw(st.permutations(fills))
    paid = sum((side.sign * fill.quantity * fill.price for fill in fills), Decimal(0))
    for position in (after(fills), after(shuffled)):
        # Each averaging rounds the price of every share by at most half a place.
        assert abs(cost(position) - paid) <= abs(position.quantity) * AVERAGE_PLACES * len(fills)


@given(fills_of(st.sampled_from(Side)))
def test_money_is_conserved_what_was_paid_is_held_or_was_realised(fills: list[BrokerTrade]) -> None:
    position, realised, paid, turned = NOTHING, Decimal(0), Decimal(0), Decimal(0)
    for fill in fills:
        moved = apply_fill(position, fill)
        signed = fill.side.sign * fill.quantity
        if position.quantity * signed < 0:
            closed = min(abs(position.quantity), fill.quantity)
            gain = (fill.price - position.average_price) * closed
            realised += gain if position.quantity > 0 else -gain
        paid, turned = paid + signed * fill.price, turned + fill.quantity
        position = moved
    assert abs(cost(position) - realised - paid) <= turned * AVERAGE_PLACES * len(fills)


@given(fills_of(st.sampled_from(Side)))
def test_an_average_lies_between_the_fills_prices_and_a_flat_position_has_none(
    fills: list[BrokerTrade],
) -> None:
    position = after(fills)
    if position.quantity == 0:
        assert position.average_price == 0
    else:
        paid = [fill.price for fill in fills]
        assert min(paid) <= position.average_price <= max(paid)
