from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.brokers.kite_mcp.fields import Unreadable, on_tick
from adapters.brokers.kite_mcp.mapping import (
    Stranger,
    differences,
    holdings_of,
    margins_of,
    order_of,
    orders_of,
    positions_of,
    trades_of,
)
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, BrokerTrade, OrderType, Side
from tests.fakes.clock import MORNING
from tests.fakes.instruments import INFY
from tests.fakes.orders import a_tag, an_order
from tests.unit.brokers.kite_rows import (
    a_holding_row,
    a_position_row,
    a_segment,
    a_trade_row,
    an_order_row,
    tick,
)

ZERO_TIME = "0001-01-01T00:00:00Z"


def order(**changes: Any) -> BrokerOrder:
    return order_of(an_order_row(**changes), read_at=MORNING, tick=tick)


def fills(*rows: dict[str, Any]) -> tuple[BrokerTrade, ...]:
    return trades_of(rows, read_at=MORNING, tick=tick)


def test_an_order_is_shown_as_kite_has_it() -> None:
    assert order() == BrokerOrder(
        instrument=INFY,
        side=Side.BUY,
        quantity=Decimal(10),
        product=an_order().product,
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1488.10"),
        broker_order_id="260311000000001",
        tag=a_tag(1),
        status=BrokerOrderStatus.OPEN,
        placed_at=datetime(2026, 3, 11, 4, 30, 1, tzinfo=UTC),
        updated_at=datetime(2026, 3, 11, 4, 30, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "status",
    [
        "PUT ORDER REQ RECEIVED",
        "AMO REQ RECEIVED",
        "VALIDATION PENDING",
        "OPEN PENDING",
        "OPEN",
        "MODIFY VALIDATION PENDING",
        "MODIFY PENDING",
        "MODIFIED",
        "CANCEL PENDING",
        "TRIGGER PENDING",
        "A STATUS OF NEXT YEAR",
        "complete",
        "",
        None,
    ],
)
def test_only_three_statuses_end_an_order_and_an_unknown_one_does_not(status: str | None) -> None:
    shown = order(status=status, order_type="SL", trigger_price=1487.9)
    assert shown.open_quantity == Decimal(10)
    waits = status == "TRIGGER PENDING"
    assert (shown.status is BrokerOrderStatus.TRIGGER_PENDING) == waits


def test_a_cancelled_order_keeps_its_fills_and_the_rest_is_cancelled_whatever_kite_counts() -> None:
    for pending, cancelled in ((6, 6), (6, 0), (0, 6), (0, 0)):
        shown = order(
            status="CANCELLED",
            filled_quantity=4,
            average_price=1488.05,
            pending_quantity=pending,
            cancelled_quantity=cancelled,
        )
        parts = (shown.filled_quantity, shown.cancelled_quantity, shown.open_quantity)
        assert parts == (Decimal(4), Decimal(6), Decimal(0))


def test_a_partly_filled_order_is_open_for_the_rest() -> None:
    shown = order(filled_quantity=4, average_price=1488.0333333333333)
    assert (shown.status, shown.open_quantity) == (BrokerOrderStatus.OPEN, Decimal(6))
    assert shown.average_price == Decimal("1488.033333")


def test_an_average_price_of_zero_is_no_price() -> None:
    assert order(average_price=0).average_price is None


def test_a_rejected_order_carries_kites_reason_as_plain_text() -> None:
    shown = order(
        status="REJECTED", status_message="Insufficient funds.\n\x1bRequired " + "9" * 600
    )
    assert shown.reason is not None
    assert shown.reason.startswith("Insufficient funds.  Required 999")
    assert len(shown.reason) == 500
    assert (shown.status, shown.open_quantity) == (BrokerOrderStatus.REJECTED, Decimal(0))


def test_zero_and_null_times_are_no_times() -> None:
    for zero in (ZERO_TIME, "", None):
        shown = order(exchange_update_timestamp=zero, exchange_timestamp=zero)
        assert shown.updated_at == shown.placed_at == datetime(2026, 3, 11, 4, 30, 1, tzinfo=UTC)
    names = ("order_timestamp", "exchange_update_timestamp", "exchange_timestamp")
    assert order(**dict.fromkeys(names, ZERO_TIME)).placed_at == MORNING
    late = order(order_timestamp=ZERO_TIME)
    assert late.placed_at == datetime(2026, 3, 11, 4, 30, 2, tzinfo=UTC)


def test_an_order_is_never_updated_before_it_was_placed() -> None:
    shown = order(exchange_update_timestamp="2026-03-11T09:59:59+05:30")
    assert shown.updated_at == shown.placed_at


def test_prices_lose_their_binary_noise_to_the_tick_and_real_prices_stay() -> None:
    assert on_tick(Decimal("0.30000000000000004"), Decimal("0.05")) == Decimal("0.30")
    assert on_tick(Decimal("1488.0999999999999"), Decimal("0.10")) == Decimal("1488.10")
    assert on_tick(Decimal("1488.13"), Decimal("0.10")) == Decimal("1488.13")
    assert on_tick(Decimal("72.75500000000001"), None) == Decimal("72.755")
    assert order(price=1488.1000000000001).limit_price == Decimal("1488.10")


def test_a_market_orders_zero_prices_are_no_prices() -> None:
    shown = order(order_type="MARKET", price=0, status="COMPLETE", filled_quantity=10)
    assert (shown.limit_price, shown.trigger_price) == (None, None)


def test_a_tag_is_found_beside_the_tags_kite_adds() -> None:
    assert order(tag="", tags=["autoslice", a_tag(7), "autoslice:1"]).tag == a_tag(7)
    assert order(tag="mine", tags=["mine", "XXXXX"]).tag == "mine"
    assert order(tag="", tags=None).tag is None


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "10"},
        {"quantity": 2.5},
        {"quantity": True},
        {"quantity": None},
        {"quantity": 10**16},
        {"filled_quantity": 11},
        {"filled_quantity": -1},
        {"price": "1488.10"},
        {"order_id": ""},
        {"order_id": "12 34"},
        {"order_id": 12},
        {"order_timestamp": "yesterday"},
        {"order_timestamp": "2026-03-11T10:00:01"},
        {"tags": "T"},
        {"status": 1},
    ],
)
def test_a_row_that_kite_would_not_write_is_unreadable_and_never_guessed(
    change: dict[str, Any],
) -> None:
    with pytest.raises(Unreadable):
        order(**change)


FOREIGN = {"tag": "", "tags": None, "exchange": "CDS", "tradingsymbol": "USDINR26MARFUT"}


def test_an_open_order_without_a_form_here_is_named_and_a_final_one_left_out() -> None:
    rows = (
        an_order_row(),
        an_order_row(**FOREIGN),
        an_order_row(**FOREIGN, status="COMPLETE", filled_quantity=10),
        an_order_row(tag="", tags=None, product="MTF", status="CANCELLED"),
    )
    book = orders_of(rows, read_at=MORNING, tick=tick)
    assert [row.tag for row in book.orders] == [a_tag(1)]
    assert len(book.strangers) == 1
    assert "CDS:USDINR26MARFUT" in book.strangers[0]


@pytest.mark.parametrize("change", [{"product": "MTF"}, {"price": 0}, {"exchange": "CDS"}])
def test_an_order_of_ours_without_a_form_is_an_error_even_when_final(
    change: dict[str, Any],
) -> None:
    with pytest.raises(Unreadable, match="of ours"):
        orders_of([an_order_row(status="COMPLETE", **change)], read_at=MORNING, tick=tick)


def test_of_two_equal_positions_the_last_is_net_and_the_first_the_days() -> None:
    rows = [
        a_position_row(-3),
        a_position_row(7, tradingsymbol="TCS"),
        a_position_row(7, tradingsymbol="TCS"),
        a_position_row(5),
        a_position_row(9, tradingsymbol="NIFTY26MARFUT", exchange="NFO", product="NRML"),
    ]
    shown = [(str(p.instrument), int(p.quantity), int(p.day_quantity)) for p in positions_of(rows)]
    assert shown == [("NSE:INFY", 5, -3), ("NSE:TCS", 7, 7), ("NFO:NIFTY26MARFUT", 9, 0)]


def test_a_net_position_has_the_net_rows_average() -> None:
    (held,) = positions_of([a_position_row(2, average_price=9), a_position_row(4)])
    assert held.average_price == Decimal("1488.10")


def test_products_of_one_instrument_are_positions_apart() -> None:
    rows = [a_position_row(2), a_position_row(-2, product="MIS"), a_position_row(4)]
    shown = [(p.product.value, int(p.quantity), int(p.day_quantity)) for p in positions_of(rows)]
    assert shown == [("CNC", 4, 2), ("MIS", -2, 0)]


def test_a_flat_position_is_none_even_in_a_product_without_a_form() -> None:
    assert positions_of([a_position_row(0, product="CO"), a_position_row(0, product="CO")]) == ()


def test_a_position_without_a_form_is_never_left_out_in_silence() -> None:
    with pytest.raises(Stranger, match="CDS"):
        positions_of([a_position_row(1, exchange="CDS", tradingsymbol="USDINR26MARFUT")])


def test_three_rows_of_one_position_cannot_be_told_apart() -> None:
    with pytest.raises(Unreadable):
        positions_of([a_position_row(1), a_position_row(2), a_position_row(3)])


def test_a_holding_is_what_is_delivered_what_comes_tomorrow_and_what_is_pledged() -> None:
    rows = [a_holding_row(10, t1_quantity=5, used_quantity=3, collateral_quantity=4)]
    (held,) = holdings_of(rows)
    assert (held.quantity, held.average_price) == (Decimal(19), Decimal("1400.123"))
    (pledged,) = holdings_of([a_holding_row(0, collateral_quantity=4)])
    assert pledged.quantity == 4
    assert holdings_of([a_holding_row(0)]) == ()


def test_a_sold_holding_and_its_short_position_sum_to_what_is_held() -> None:
    held = holdings_of([a_holding_row(10, used_quantity=3)])
    sold = positions_of([a_position_row(-3), a_position_row(-3)])
    assert sum(position.quantity for position in (*held, *sold)) == 7


def test_margins_count_cash_and_holdings_and_no_pledge_twice() -> None:
    margins = {
        "equity": a_segment(99725.05000000002, 145706.55, collateral=20000),
        "commodity": a_segment(1000, 0),
    }
    shown = margins_of(margins, [a_holding_row(0, collateral_quantity=10)])
    assert shown is not None
    assert (shown.available, shown.used) == (Decimal("99725.05"), Decimal("145706.55"))
    assert shown.equity == Decimal("99725.05") + Decimal("145706.55") - 20000 + 1000 + 15000


def test_a_disabled_segment_counts_nothing_and_used_is_never_negative() -> None:
    margins = {"equity": a_segment(500, -100), "commodity": a_segment(9, 9, enabled=False)}
    shown = margins_of(margins, [])
    assert shown is not None
    assert (shown.available, shown.used, shown.equity) == (Decimal(500), Decimal(0), Decimal(400))


def test_margins_are_not_guessed_when_something_held_has_no_price() -> None:
    margins = {"equity": a_segment(500, 0), "commodity": a_segment(0, 0)}
    assert margins_of(margins, [a_holding_row(10, last_price=0)]) is None


def test_a_fill_is_named_by_its_order_too_because_both_sides_may_be_ours() -> None:
    buy, sell = fills(
        a_trade_row(), a_trade_row(order_id="260311000000002", transaction_type="SELL")
    )
    assert (buy.trade_id, sell.trade_id) == (
        "260311000000001:40000001",
        "260311000000002:40000001",
    )


def test_a_fill_keeps_its_price_quantity_and_time() -> None:
    (fill,) = fills(a_trade_row(average_price=1488.1000000000001, fill_timestamp=ZERO_TIME))
    assert (fill.price, fill.quantity) == (Decimal("1488.10"), Decimal(10))
    assert fill.traded_at == datetime(2026, 3, 11, 4, 30, 2, tzinfo=UTC)


def test_a_fill_of_a_foreign_kind_is_left_out_and_a_broken_one_is_not() -> None:
    assert fills(a_trade_row(exchange="CDS"), a_trade_row()) == fills(a_trade_row())
    with pytest.raises(Unreadable):
        fills(a_trade_row(quantity="10"))


def test_the_order_in_the_book_is_compared_with_the_one_meant() -> None:
    meant = an_order(limit="1488.10")
    assert differences(meant, order()) == ()
    assert differences(meant, order(quantity=1)) == ("quantity was sent as 10 and is 1",)
    assert differences(meant, order(transaction_type="SELL", price=1488.2)) == (
        "side was sent as BUY and is SELL",
        "price was sent as 1488.10 and is 1488.20",
    )
