from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.market_data.bars import BarsInvalid, read_bars_csv
from tests.fakes.instruments import GOOG

HEADER = "Date,Open,High,Low,Close,Volume\n"
FIRST = "2024-01-02,100,110,95,105,1000\n"


def test_bars_are_read_with_exact_prices() -> None:
    (bar,) = read_bars_csv(HEADER + "2024-01-02,100.10,110.2675,95,105.5,1000\n", GOOG)
    assert bar.opened_at == datetime(2024, 1, 2, tzinfo=UTC)
    assert (bar.open, bar.high, bar.low, bar.close) == (
        Decimal("100.10"),
        Decimal("110.2675"),
        Decimal(95),
        Decimal("105.5"),
    )
    assert (bar.volume, bar.split_suspected) == (1000, False)


@pytest.mark.parametrize(
    "day",
    [
        "2024-01-02",
        "2024/01/02",
        "20240102",
        "02-Jan-2024",
        "2 Jan 2024",
        "Jan 02, 2024",
        "2024-01-02 00:00:00",
        "2024-01-02T00:00:00+05:30",
    ],
)
def test_a_date_is_the_day_written_whatever_its_form(day: str) -> None:
    (bar,) = read_bars_csv(HEADER + f'"{day}",100,110,95,105,1000\n', GOOG)
    assert bar.opened_at == datetime(2024, 1, 2, tzinfo=UTC)


def test_headers_in_any_case_and_order_with_extra_columns_are_read() -> None:
    text = "\ufeffVOLUME, close ,Adj Close,low,HIGH,open,date\n1000,105,1,95,110,100,2024-01-02\n"
    (bar,) = read_bars_csv(text, GOOG)
    assert (bar.close, bar.volume) == (Decimal(105), 1000)


def test_newest_first_files_are_turned_round() -> None:
    bars = read_bars_csv(HEADER + "2024-01-03,1,1,1,1,0\n" + FIRST, GOOG)
    assert [bar.opened_at.day for bar in bars] == [2, 3]


def test_thousands_separators_and_blank_lines_are_read() -> None:
    (bar,) = read_bars_csv(HEADER + '\n"2024-01-02","1,00,100.5",200000,95,105,"1,000"\n\n', GOOG)
    assert (bar.open, bar.volume) == (Decimal("100100.5"), 1000)


def test_only_the_instruments_own_rows_of_a_shared_file_are_read() -> None:
    text = "Ticker,Date,Open,High,Low,Close,Volume\n" + f"AAPL,{FIRST}goog,{FIRST}"
    assert len(read_bars_csv(text, GOOG)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: missing columns date, open"),
        ("Date,Open,High,Low,Close\n2024-01-02,1,1,1,1\n", "line 1: missing columns volume"),
        ("Date,Open,Open,High,Low,Close,Volume\n", "line 1: columns given twice: open"),
        (HEADER, "line 2: no bars of NASDAQ:GOOG"),
        (HEADER + "2024-01-02,100,110,95\n", "line 2: has 4 cells, the header 6"),
        (HEADER + FIRST + FIRST, "line 3, date: 2024-01-02 is already on line 2"),
        (HEADER + "03/04/2024,1,1,1,1,1\n", "line 2, date: must be like 2024-03-31"),
        (HEADER + "2024-02-30,1,1,1,1,1\n", "line 2, date: must be like"),
        (HEADER + "2024-01-02,100,110,0,105,1\n", "line 2, low: must be above 0"),
        (HEADER + "2024-01-02,-100,110,95,105,1\n", "line 2, open: must be a plain number"),
        (HEADER + "2024-01-02,100,nan,95,105,1\n", "line 2, high: must be a plain number"),
        (HEADER + "2024-01-02,100,1e9,95,105,1\n", "line 2, high: must be a plain number"),
        (HEADER + "2024-01-02,100,110,95,,1\n", "line 2, close: must be a plain number"),
        (HEADER + "2024-01-02,100,\u0661\u0661\u0660,95,105,1\n", "line 2, high: must be a plain"),
        (HEADER + "2024-01-02,100,90,95,105,1\n", "line 2, high: 90 is below low 95"),
        (HEADER + "2024-01-02,100,110,95,120,1\n", "line 2, close: 120 is outside low 95"),
        (HEADER + "2024-01-02,100,110,95,105,1.5\n", "line 2, volume: must be whole"),
        (HEADER + "2024-01-02,100,110,95,105," + "9" * 50 + "\n", "line 2, volume: must be a"),
        (HEADER + f"2024-01-02,0.{'1' * 30},110,0.01,105,1\n", "line 2, open: "),
        (HEADER + '2024-01-02,"100"x,110,95,105,1\n', "line 2: not CSV"),
    ],
)
def test_a_bad_file_is_refused_naming_line_and_column(text: str, message: str) -> None:
    with pytest.raises(BarsInvalid) as caught:
        read_bars_csv(text, GOOG)
    assert str(caught.value).startswith(message)
