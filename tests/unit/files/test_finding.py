"""Rows that are wanted, and quantities by symbol, as a person means them."""

from decimal import Decimal

import pytest

from app.files.finding import found_rows, matches, net_quantities, symbol_of
from riskgate.contracts.files import Comparison, NetQuantity, RowWish

ROWS = [
    (2, ["NSE:INFY", "buy", "10"]),
    (3, ["INFY-EQ", "SELL", "4"]),
    (4, ["tcs", "B", "1,000"]),
    (7, ["", "buy", "3"]),
    (8, ["SBIN", "buy", "n/a"]),
    (9, ["SBIN"]),
]


def wish(comparison: Comparison, value: str, column: int = 0) -> RowWish:
    return RowWish(column=column, comparison=comparison, value=value)


@pytest.mark.parametrize(
    ("cell", "comparison", "value", "expected"),
    [
        (" Infy ", Comparison.IS, "INFY", True),
        ("INFY", Comparison.IS_NOT, "infy", False),
        ("INFY", Comparison.HAS, "nf", True),
        ("1,000.0", Comparison.IS, "1000", True),
        ("₹ 1,001", Comparison.ABOVE, "1000", True),
        ("1000", Comparison.ABOVE, "1,000", False),
        ("1000", Comparison.AT_LEAST, "1,000", True),
        ("-5", Comparison.BELOW, "0", True),
        ("0", Comparison.AT_MOST, "0", True),
        ("abc", Comparison.ABOVE, "5", False),
        ("", Comparison.IS_NOT, "5", True),
    ],
)
def test_cells_compare_as_figures_or_as_words(
    cell: str, comparison: Comparison, value: str, expected: bool
) -> None:
    assert matches(cell, wish(comparison, value)) is expected


def test_all_matching_rows_are_counted_and_the_first_are_shown() -> None:
    found = found_rows(ROWS, wish(Comparison.HAS, "inf"), limit=1)
    assert (found.matching, found.first_row, found.last_row) == (2, 2, 3)
    assert [row.number for row in found.rows] == [2]
    none = found_rows(ROWS, wish(Comparison.IS, "x", column=9), limit=1)
    assert (none.matching, none.rows, none.figures) == (0, (), None)


def test_figures_are_of_all_matching_rows() -> None:
    asked = wish(Comparison.HAS, "b", column=1).model_copy(update={"figures_of": 2})
    found = found_rows(ROWS, asked, limit=1)
    assert found.figures is not None
    assert (found.matching, found.figures.numbers) == (4, 3)
    assert found.figures.total == Decimal(1013)


def test_quantities_are_added_up_by_symbol_and_sales_taken_away() -> None:
    found = net_quantities(ROWS, symbol=0, quantity=2, side=1)
    assert found.nets == (
        NetQuantity(symbol="INFY", quantity=Decimal(6)),
        NetQuantity(symbol="TCS", quantity=Decimal(1000)),
    )
    assert found.unread == 3


@pytest.mark.parametrize(
    ("cell", "symbol"),
    [("nse:infy", "INFY"), ("INFY-EQ", "INFY"), ("M&M", "M&M"), ("BAJAJ-AUTO", "BAJAJ-AUTO")],
)
def test_a_symbol_is_read_without_exchange_and_series(cell: str, symbol: str) -> None:
    assert symbol_of(cell) == symbol
