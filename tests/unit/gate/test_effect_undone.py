"""Refused fills are closed by the account's later fills, first in, first out."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.gate.undone import Cut, Fill, Place, settle
from tests.fakes.instruments import INFY

DAY = date(2026, 3, 2)
LATER = Decimal(1500)


def fill(plan: str, quantity: int, price: int) -> Fill:
    """A purchase, or below zero a sale."""
    return Fill(
        place=(plan, 0),
        sign=1 if quantity > 0 else -1,
        quantity=Decimal(abs(quantity)),
        price=Decimal(price),
    )


def cuts(**after: int) -> dict[Place, Cut]:
    return {
        (plan, 0): Cut(after=Decimal(passes), day=DAY, multiplier=Decimal(1))
        for plan, passes in after.items()
    }


def results(fills: list[Fill], cut: dict[Place, Cut]) -> tuple[Decimal | int, Decimal | int]:
    """Return what is realised, and what stands at 1,500."""
    parts = settle(INFY, fills, cut)
    realised = sum((one.result(LATER) for one in parts if one.closed_at is not None), Decimal(0))
    marked = sum((one.result(LATER) for one in parts if one.closed_at is None), Decimal(0))
    return realised, marked


BUY, SELL = fill("buy", 10, 1000), fill("sell", -10, 900)


def test_a_closed_position_has_the_price_it_was_closed_at() -> None:
    assert results([BUY, SELL], cuts(buy=1)) == (-900, 0)


def test_what_still_stands_is_marked() -> None:
    assert results([BUY], cuts(buy=1)) == (0, 4500)
    assert results([BUY, fill("sell", -4, 900)], cuts(buy=0)) == (-400, 3000)


def test_a_round_trip_that_is_refused_on_both_sides_counts_once() -> None:
    assert results([BUY, SELL], cuts(buy=1, sell=1)) == (-900, 0)
    assert results([BUY, SELL], cuts(buy=0, sell=0)) == (-1000, 0)
    found = settle(INFY, [BUY, SELL], cuts(buy=1, sell=1))
    assert sum(one.notional for one in found) == 9 * 1000 + 9 * 900


def test_earlier_kept_units_are_closed_first() -> None:
    kept = fill("kept", 5, 1000)
    assert results([kept, BUY, fill("sell", -5, 900)], cuts(buy=0)) == (0, 5000)
    assert results([kept, BUY, SELL], cuts(buy=0)) == (-500, 2500)


def test_the_first_units_of_a_leg_are_those_that_pass() -> None:
    slices = [fill("buy", 4, 1000), fill("buy", 4, 1100), fill("sell", -8, 1200)]
    assert results(slices, cuts(buy=4)) == (400, 0)


def test_a_refused_sale_of_kept_units_counts_against_holding_them() -> None:
    kept = fill("kept", 10, 800)
    assert results([kept, SELL], cuts(sell=0)) == (0, -6000)
    assert results([kept, SELL, fill("back", 10, 950)], cuts(sell=0)) == (-500, 0)


def test_a_short_sale_is_closed_by_a_purchase() -> None:
    short = fill("short", -10, 1000)
    assert results([short, fill("cover", 10, 950)], cuts(short=4)) == (300, 0)
    assert results([short], cuts(short=4)) == (0, -3000)


def test_a_fill_may_close_and_open() -> None:
    # Fifteen sold of ten: five are short, and stand.
    assert results([BUY, fill("sell", -15, 900)], cuts(buy=0, sell=0)) == (-1000, -3000)


@given(
    st.lists(
        st.tuples(st.integers(-20, 20).filter(bool), st.integers(900, 1100)),
        max_size=8,
    )
)
def test_refusing_whole_fills_is_worth_what_their_cash_was(
    trades: list[tuple[int, int]],
) -> None:
    fills = [fill(f"p{n}", quantity, price) for n, (quantity, price) in enumerate(trades)]
    every = cuts(**{f"p{n}": 0 for n in range(len(fills))})
    expected = sum(one.sign * one.quantity * (LATER - one.price) for one in fills)
    assert sum(results(fills, every)) == expected
