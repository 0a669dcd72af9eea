import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources

import pytest

from adapters.market_data.bars import read_bars_csv
from adapters.market_data.splits import mark_splits
from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.fakes.instruments import GOOG

# 2000-09-29 was a crash: Apple opened at about half the close before it. From the prices alone it
# is a split, so it is suspected and a person has to say that it was none.
SUSPECTED = {
    "AAPL": [("2000-06-21", "2:1"), ("2000-09-29", "2:1"), ("2005-02-28", "2:1")],
    "GOOG": [],
    "IBM": [],
    "MSFT": [("2003-02-18", "2:1")],
}


def bars_with_closes_and_opens(*steps: tuple[str, str]) -> list[Bar]:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return [
        Bar(
            instrument=GOOG,
            opened_at=start + timedelta(days=day),
            open=Decimal(opened),
            high=max(Decimal(opened), Decimal(closed)),
            low=min(Decimal(opened), Decimal(closed)),
            close=Decimal(closed),
            volume=1000,
        )
        for day, (opened, closed) in enumerate(steps)
    ]


@pytest.mark.parametrize("ticker", SUSPECTED)
def test_splits_in_the_real_daily_bars_are_noticed(ticker: str) -> None:
    source = resources.files("bokeh_sampledata").joinpath("_data", "stocks.csv.gz")
    text = gzip.decompress(source.read_bytes()).decode()
    exchange = Exchange.NYSE if ticker == "IBM" else Exchange.NASDAQ
    bars = read_bars_csv(text, InstrumentRef(exchange=exchange, tradingsymbol=ticker))
    marked, notices = mark_splits(bars)
    assert len(marked) == len(bars) > 2000
    found = [
        (f"{notice.opened_at:%Y-%m-%d}", f"{notice.new_shares}:{notice.old_shares}")
        for notice in notices
    ]
    assert found == SUSPECTED[ticker]
    suspected = [f"{bar.opened_at:%Y-%m-%d}" for bar in marked if bar.split_suspected]
    assert suspected == [day for day, _ in found]


@pytest.mark.parametrize(
    ("before", "after", "shares"),
    [
        ("100", "50", (2, 1)),
        ("100", "52.9", (2, 1)),
        ("100", "33", (3, 1)),
        ("100", "67", (3, 2)),
        ("100", "40", (5, 2)),
        ("1000", "50", (20, 1)),
        ("50", "100", (1, 2)),
        ("10", "100", (1, 10)),
        ("100", "150", (2, 3)),
    ],
)
def test_a_jump_near_a_simple_multiple_is_suspected(
    before: str, after: str, shares: tuple[int, int]
) -> None:
    marked, (notice,) = mark_splits(
        bars_with_closes_and_opens((before, before), (after, after), (after, after))
    )
    assert [bar.split_suspected for bar in marked] == [False, True, False]
    assert (notice.new_shares, notice.old_shares) == shares


@pytest.mark.parametrize("after", ["100", "110", "90", "75", "125", "57"])
def test_ordinary_and_hard_moves_are_not_suspected(after: str) -> None:
    marked, notices = mark_splits(bars_with_closes_and_opens(("100", "100"), (after, after)))
    assert notices == ()
    assert not any(bar.split_suspected for bar in marked)


def test_a_fall_within_the_day_is_no_split() -> None:
    _, notices = mark_splits(
        bars_with_closes_and_opens(("100", "100"), ("100", "50"), ("50", "50"))
    )
    assert notices == ()


def test_no_bars_and_one_bar_have_no_splits() -> None:
    assert mark_splits([]) == ((), ())
    assert mark_splits(bars_with_closes_and_opens(("1", "1")))[1] == ()


def test_the_notice_says_what_was_seen() -> None:
    _, (notice,) = mark_splits(bars_with_closes_and_opens(("100", "100"), ("49", "49")))
    assert notice.message == (
        "NASDAQ:GOOG 2024-01-02: close 100 then open 49 looks like a 2:1 split; "
        "not traded until confirmed"
    )
    assert notice.ratio == Decimal("2.0408")
