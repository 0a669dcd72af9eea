"""What of a holding Kite lets go today."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.brokers.kite_mcp.mapping import holdings_of, order_of
from adapters.brokers.kite_mcp.selling import NOT_AUTHORISED
from riskgate.contracts.snapshots import Position
from tests.fakes.clock import MORNING
from tests.unit.brokers.kite_rows import a_holding_row, a_position_row, an_order_row, tick


def held(
    quantity: int,
    positions: tuple[dict[str, Any], ...] = (),
    orders: tuple[dict[str, Any], ...] = (),
    **changes: Any,
) -> Position:
    open_orders = [order_of(row, read_at=MORNING, tick=tick) for row in orders]
    (position,) = holdings_of([a_holding_row(quantity, **changes)], positions, open_orders)
    return position


def test_a_delivered_holding_may_be_sold_whole_if_it_is_authorised() -> None:
    position = held(100)
    assert position.sellable_quantity is None
    assert position.blocked_quantity == 0
    assert position.sale_note == f"{NOT_AUTHORISED}."


@pytest.mark.parametrize(("authorised", "told"), [(99, True), (100, False), (150, False)])
def test_what_the_depository_authorised_is_not_asked_for_again(authorised: int, told: bool) -> None:
    assert (held(100, authorised_quantity=authorised).sale_note is not None) is told


def test_pledged_shares_may_be_sold_and_what_that_means_is_told() -> None:
    position = held(60, collateral_quantity=40, authorised_quantity=100)
    assert (position.quantity, position.sellable_quantity) == (Decimal(100), None)
    assert position.sale_note == (
        "40 pledged; selling lowers the collateral, and a liquid fund is released first."
    )


def test_shares_on_their_way_may_be_sold_and_the_danger_is_told() -> None:
    position = held(10, t1_quantity=5, authorised_quantity=10)
    assert (position.quantity, position.sellable_quantity) == (Decimal(15), None)
    assert position.sale_note == (
        "5 not delivered yet (T1); if it does not arrive, it goes to auction."
    )


@pytest.mark.parametrize(
    ("quantity", "realised", "owned"), [(10, 10, 15), (15, 10, 15), (5, 0, 5), (0, 0, 5)]
)
def test_what_is_on_its_way_is_counted_once_whether_or_not_the_quantity_holds_it(
    quantity: int, realised: int, owned: int
) -> None:
    assert held(quantity, t1_quantity=5, realised_quantity=realised).quantity == owned


@pytest.mark.parametrize("series", ["BE", "BT", "BZ"])
def test_of_trade_to_trade_only_what_is_delivered_may_be_sold(series: str) -> None:
    position = held(10, t1_quantity=5, authorised_quantity=10, tradingsymbol=f"RELINFRA-{series}")
    assert position.sellable_quantity == 10
    assert position.sale_note == (
        "5 not delivered yet (T1), and this series is sold from what is delivered only."
    )


def test_what_was_sold_today_is_the_short_position_beside_and_blocks_nothing_more() -> None:
    sold = (a_position_row(-3), a_position_row(-3))
    assert held(10, sold, used_quantity=3).sellable_quantity is None


def test_sales_and_purchases_of_the_day_that_cancel_out_block_nothing() -> None:
    net = (a_position_row(2, day_sell_quantity=8),)
    assert held(10, net, used_quantity=8).sellable_quantity is None


def test_what_open_orders_sell_already_blocks_nothing_more() -> None:
    selling = an_order_row(transaction_type="SELL", quantity=4, pending_quantity=4)
    buying = an_order_row(quantity=4)
    assert held(10, orders=(selling,), used_quantity=4).sellable_quantity is None
    assert held(10, orders=(buying,), used_quantity=4).sellable_quantity == 6


def test_what_is_used_and_not_seen_being_sold_is_blocked() -> None:
    other = a_position_row(-3, product="MIS")
    position = held(10, (other,), used_quantity=3, authorised_quantity=10)
    assert position.sellable_quantity == 7
    assert position.sale_note == "3 used or blocked at Kite already."


def test_more_used_than_held_is_nothing_to_sell() -> None:
    assert held(5, used_quantity=9).sellable_quantity == 0
