"""Whatever Kite's server writes of the market is read, left out or refused, and nothing else."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.brokers.kite_mcp.bars import Window, bars_of
from adapters.brokers.kite_mcp.fields import Unreadable
from adapters.brokers.kite_mcp.listing import listing_of
from adapters.brokers.kite_mcp.quotes import quote_of
from adapters.brokers.kite_mcp.selling import selling_of
from riskgate.contracts.bars import BarInterval
from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.fakes.clock import MORNING
from tests.fakes.instruments import INFY
from tests.fakes.kite_market import a_candle, a_level, a_quote_row, a_search_row
from tests.unit.brokers.kite_rows import a_holding_row, parsed

OPTION = InstrumentRef(exchange=Exchange.NFO, tradingsymbol="NIFTY2631724500CE")
DAY = date(2026, 3, 11)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [Decimal("1e-9"), Decimal("-0.1"), Decimal("1e15"), Decimal("0.30000000000000004")]
    )
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["2026-03-17", "0001-01-01T00:00:00Z", "2026-03-11T10:00:00+05:30", "CE"])
)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


def bent(row: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return rows of which a few fields are anything, or gone."""
    changes = st.dictionaries(st.sampled_from(sorted(row)), anything, max_size=3)
    gone = st.sets(st.sampled_from(sorted(row)), max_size=1)
    return st.builds(
        lambda changed, left_out: {
            name: value for name, value in {**row, **changed}.items() if name not in left_out
        },
        changes,
        gone,
    )


@given(bent(parsed(a_quote_row(7, 1488.1))))
def test_a_quote_is_of_the_asked_instrument_and_its_book_is_in_order(row: dict[str, Any]) -> None:
    try:
        quote = quote_of(INFY, row, asked_at=MORNING, token=7, tick=Decimal("0.10"))
    except Unreadable:
        return
    if quote is None:
        return
    assert (row["instrument_token"], quote.instrument) == (7, INFY)
    assert quote.last > 0
    assert all(level.quantity > 0 for level in (*quote.bids, *quote.asks))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=5),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=5),
)
def test_a_book_is_best_first_or_empty(
    buy: list[tuple[int, int]], sell: list[tuple[int, int]]
) -> None:
    depth = {"buy": [a_level(*level) for level in buy], "sell": [a_level(*level) for level in sell]}
    row = parsed(a_quote_row(7, 5.0, depth=depth))
    quote = quote_of(INFY, row, asked_at=MORNING, token=7, tick=Decimal("0.10"))
    assert quote is not None
    bids = sorted({price for price, size in buy if price and size}, reverse=True)
    asks = sorted({price for price, size in sell if price and size})
    crossed = bool(bids and asks and bids[0] > asks[0])
    assert [quote.bid, quote.ask] == [
        None if crossed or not bids else bids[0],
        None if crossed or not asks else asks[0],
    ]


@given(
    bent(
        parsed(
            a_search_row(
                OPTION,
                10_000_001,
                strike=24500,
                instrument_type="CE",
                lot_size=65,
                expiry_date="2026-03-17",
            )
        )
    )
)
def test_a_listing_is_exactly_the_asked_contract_or_none(row: dict[str, Any]) -> None:
    try:
        listing = listing_of(OPTION, [row], today=DAY)
    except Unreadable:
        return
    if listing is None:
        assert (row.get("exchange"), row.get("tradingsymbol")) != ("NFO", OPTION.tradingsymbol)
        return
    instrument = listing.instrument
    assert (instrument.ref, row["strike"], row["active"]) == (OPTION, 24500, True)
    assert instrument.lot_size == row["lot_size"]
    assert listing.token == row["instrument_token"] > 0
    assert instrument.tick_size


@given(bent(parsed(a_candle(datetime(2026, 3, 11, 3, 45, tzinfo=UTC), 1488.0))))
def test_a_bar_is_within_its_high_and_low_and_of_the_day(row: dict[str, Any]) -> None:
    try:
        bars = bars_of(
            INFY,
            [row],
            window=Window(DAY, DAY),
            interval=BarInterval.MINUTE_5,
            tick=Decimal("0.10"),
            now=MORNING,
        )
    except Unreadable:
        return
    for bar in bars:
        assert 0 < bar.low <= min(bar.open, bar.close)
        assert max(bar.open, bar.close) <= bar.high
        assert bar.opened_at + BarInterval.MINUTE_5.length <= MORNING


@given(
    st.integers(0, 100),
    st.integers(0, 100),
    st.integers(0, 100),
    st.integers(0, 300),
    st.integers(0, 100),
    st.sampled_from(["INFY", "INFY-BE"]),
)
def test_what_may_be_sold_is_never_more_than_is_held_nor_less_than_nothing(
    delivered: int, arriving: int, pledged: int, used: int, leaving: int, symbol: str
) -> None:
    row = a_holding_row(
        delivered,
        t1_quantity=arriving,
        collateral_quantity=pledged,
        used_quantity=used,
        tradingsymbol=symbol,
    )
    held = delivered + arriving + pledged
    selling = selling_of(row, leaving=Decimal(leaving))
    assert selling.quantity is None or 0 <= selling.quantity <= held
    blocked = max(used - leaving, 0) + (arriving if symbol == "INFY-BE" else 0)
    assert (selling.quantity is None) == (blocked == 0)
    assert (selling.note is None) == (held == 0 and blocked == 0)
