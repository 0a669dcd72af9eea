"""Sheets gone through once: header, types, figures, what is left out, and limits."""

from decimal import Decimal

import pytest

from app.files.errors import FileEmpty, FileTooManyCells
from app.files.limits import CELL_CHARS_MAX
from app.files.packing import unpacked
from app.files.reading import read_file
from app.files.tables import Budget, Table, read_table
from riskgate.contracts.files import CellType, Meaning


def a_table(text: str) -> Table:
    return read_file(text.encode())[1][0]


def names(table: Table) -> list[str]:
    return [column.name for column in table.facts.columns]


def test_rows_above_the_header_and_rows_of_totals_are_left_out() -> None:
    table = a_table(
        "Client,AB1234\n,\nSymbol,Qty,P&L (Rs.)\nINFY,10,1.5\nTCS,2,-3\nTotal:,12,-1.5\n"
    )
    facts = table.facts
    assert (facts.header_row, facts.rows, facts.totals) == (3, 2, 1)
    assert (facts.first_row, facts.last_row) == (4, 5)
    assert [column.meaning for column in facts.columns] == [
        Meaning.SYMBOL,
        Meaning.QUANTITY,
        Meaning.PNL,
    ]
    assert facts.columns[2].total == Decimal("-1.5")
    assert list(unpacked(table.packed)) == [(4, ["INFY", "10", "1.5"]), (5, ["TCS", "2", "-3"])]


def test_a_table_without_names_has_numbered_columns() -> None:
    table = a_table("1,2\n3,4\n")
    assert (table.facts.header_row, table.facts.rows) == (None, 2)
    assert names(table) == ["column 1", "column 2"]
    assert {column.meaning for column in table.facts.columns} == {None}


@pytest.mark.parametrize(
    ("text", "rows"),
    [("symbol\nINFY\nTCS\n", 2), ("INFY\nTCS\n", 2), ("count\n1\n2\n", 2), ("symbol\n", 0)],
)
def test_a_single_column_has_a_header_only_where_it_shows(text: str, rows: int) -> None:
    assert a_table(text).facts.rows == rows


def test_types_are_of_all_filled_cells_and_ragged_rows_are_counted() -> None:
    table = a_table("s,n,m,d,e\na,1,5,2026-01-02,\nb,-,x,2026-01-01,\nc,2\nd,3,4,,,9\n")
    columns = table.facts.columns
    assert [column.type for column in columns] == [
        CellType.TEXT,
        CellType.NUMBER,
        CellType.TEXT,
        CellType.DATE,
        CellType.EMPTY,
        CellType.NUMBER,
    ]
    assert (columns[1].numbers, columns[1].filled, columns[1].total) == (3, 4, Decimal(6))
    assert (columns[2].numbers, columns[2].filled, columns[2].total) == (2, 3, Decimal(9))
    assert (columns[5].name, columns[5].empty) == ("column 6", 3)
    assert table.facts.ragged == 2
    assert str(columns[3].first_day) == "2026-01-01"


def test_amounts_of_two_currencies_are_not_added_up() -> None:
    one, two = a_table("a,b\nx,₹1\ny,$2\n"), a_table("a,b\nx,₹1\ny,2\n")
    assert (one.facts.columns[1].type, one.facts.columns[1].total) == (CellType.NUMBER, None)
    assert two.facts.columns[1].total == Decimal(3)


def test_sums_lose_no_digit() -> None:
    table = a_table("a,b\n" + "x,0.1\n" * 3_000 + "y,1000000000000000000000.000000000000001\n")
    assert table.facts.columns[1].total == Decimal("1000000000000000000300.000000000000001")


def test_text_that_hides_or_turns_is_shown_without_and_kept_as_it_is() -> None:
    table = a_table("a\u202eb,c\n“x”\u200by,  1 \n")
    assert names(table)[0] == "ab"
    assert table.facts.head[0].cells == ('"x"y', "1")
    assert list(unpacked(table.packed)) == [(2, ["“x”\u200by", "  1 "])]


def test_what_is_over_a_limit_is_refused() -> None:
    long = "x" * (CELL_CHARS_MAX + 1)
    with pytest.raises(FileTooManyCells):
        a_table(f"a,b\n{long},1\n")
    with pytest.raises(FileTooManyCells):
        read_table("s", ((at, ["1", "2"]) for at in range(1, 100)), Budget(cells=100))
    with pytest.raises(FileEmpty):
        read_file(b" \n\r\n")
