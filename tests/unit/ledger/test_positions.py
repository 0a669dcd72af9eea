"""How one fill moves one position."""

from decimal import Decimal

import pytest

from app.ledger.positions import apply_fill
from riskgate.contracts.orders import Side
from tests.builders import a_trade
from tests.unit.riskgate.builders import a_position

BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize(
    ("before", "side", "fill", "after"),
    [
        ((0, "0"), BUY, (10, "1000"), (10, "1000")),
        ((0, "0"), SELL, (10, "1000"), (-10, "1000")),
        ((10, "1000"), BUY, (30, "1100"), (40, "1075")),
        ((-10, "1000"), SELL, (30, "1100"), (-40, "1075")),
        ((1, "10"), BUY, (2, "11"), (3, "10.666667")),
        ((10, "1000"), SELL, (4, "1500"), (6, "1000")),
        ((-10, "1000"), BUY, (4, "500"), (-6, "1000")),
        ((10, "1000"), SELL, (10, "1500"), (0, "0")),
        ((-10, "1000"), BUY, (10, "500"), (0, "0")),
        ((10, "1000"), SELL, (15, "1500"), (-5, "1500")),
        ((-10, "1000"), BUY, (15, "500"), (5, "500")),
    ],
    ids=[
        "opens long",
        "opens short",
        "adds to a long and averages",
        "adds to a short and averages",
        "averages to six places",
        "reduces a long and keeps its price",
        "reduces a short and keeps its price",
        "closes a long",
        "closes a short",
        "turns a long short at the fill's price",
        "turns a short long at the fill's price",
    ],
)
def test_a_fill_moves_quantity_and_average(
    before: tuple[int, str], side: Side, fill: tuple[int, str], after: tuple[int, str]
) -> None:
    position = a_position(before[0], average_price=Decimal(before[1]))
    moved = apply_fill(position, a_trade(side, fill[0], fill[1]))
    assert moved == a_position(after[0], average_price=Decimal(after[1]))


def test_a_round_average_is_written_without_an_exponent() -> None:
    moved = apply_fill(a_position(10, average_price=1000), a_trade(BUY, 10, 1000))
    assert str(moved.average_price) == "1000"
