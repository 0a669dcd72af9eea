"""A paper run takes what is displayed, once, and says what would not fill."""

from decimal import Decimal

import pytest

from app.validation.paper_run import paper_run
from riskgate.contracts.orders import OrderType, Side
from riskgate.contracts.snapshots import DepthLevel, Quote
from tests.unit.riskgate.builders import a_leg, a_market_leg, a_plan, a_quote, changed


def book(*asks: tuple[str, int], last: int = 1000) -> Quote:
    levels = tuple(DepthLevel(price=Decimal(p), quantity=Decimal(q)) for p, q in asks)
    return changed(a_quote(last=last), asks=levels)


def test_a_market_order_walks_the_book_and_its_slippage_is_against_the_plan() -> None:
    run = paper_run(a_plan(a_market_leg(10)), [book(("1000", 5), ("1010", 5))])
    (fill,) = run.fills
    assert (fill.expected_quantity, fill.expected_price) == (Decimal(10), Decimal(1005))
    assert (fill.slippage_pct, run.notional) == (Decimal("0.5"), Decimal(10_050))
    assert run.complete


def test_a_limit_stops_where_the_price_passes_it() -> None:
    run = paper_run(a_plan(a_leg(10)), [book(("1000", 4), ("1001", 99))])
    (fill,) = run.fills
    assert (fill.expected_quantity, fill.note) == (Decimal(4), "the rest would wait at its limit")
    assert not run.complete


def test_two_slices_never_take_the_same_depth_twice() -> None:
    leg = a_market_leg(10, slices=(Decimal(6), Decimal(4)))
    run = paper_run(a_plan(leg), [book(("1000", 8))])
    assert [fill.expected_quantity for fill in run.fills] == [6, 2]


def test_a_stop_waits_until_its_trigger_is_reached() -> None:
    leg = a_market_leg(10, trigger_price=Decimal(1005))
    plan = a_plan(leg, order_type=OrderType.SL_M)
    waiting = paper_run(plan, [book(("1000", 99))])
    reached = paper_run(plan, [book(("1005", 99), last=1005)])
    assert waiting.fills[0].note == "it would wait for its trigger"
    assert reached.fills[0].expected_quantity == 10


@pytest.mark.parametrize("quotes", [[], [book()]])
def test_without_a_displayed_price_nothing_is_expected_to_fill(quotes: list[Quote]) -> None:
    run = paper_run(a_plan(a_market_leg(10)), quotes)
    assert (run.fills[0].expected_quantity, run.notional) == (Decimal(0), Decimal(0))
    assert run.worst_slippage_pct is None


def test_a_sale_takes_the_bids() -> None:
    quote = changed(a_quote(), bids=(DepthLevel(price=Decimal(990), quantity=Decimal(99)),))
    run = paper_run(a_plan(a_market_leg(10, side=Side.SELL)), [quote])
    assert (run.fills[0].expected_price, run.fills[0].slippage_pct) == (Decimal(990), Decimal(1))
