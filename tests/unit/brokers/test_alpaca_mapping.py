from decimal import Decimal

import pytest

from adapters.brokers.alpaca.listings import Listings
from adapters.brokers.alpaca.mapping import order_of, position_of, with_legs
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import BrokerOrderStatus, OrderType, Side
from tests.fakes.instruments import GOOG, MemoryInstruments

LISTINGS = Listings(MemoryInstruments())


def a_row(**changes: object) -> dict[str, object]:
    return {
        "id": "904837e3-3b76-47ec-b432-046db621571b",
        "client_order_id": "T0000000000000000001",
        "created_at": "2026-03-11T14:30:00.313261061Z",
        "submitted_at": "2026-03-11T14:30:00.313261061Z",
        "updated_at": "2026-03-11T14:30:01.5Z",
        "symbol": "GOOG",
        "qty": "10",
        "filled_qty": "4",
        "filled_avg_price": "180.123456789123",
        "side": "buy",
        "type": "limit",
        "time_in_force": "day",
        "limit_price": "181",
        "stop_price": None,
        "status": "partially_filled",
        "legs": None,
        **changes,
    }


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("filled", BrokerOrderStatus.COMPLETE),
        ("canceled", BrokerOrderStatus.CANCELLED),
        ("expired", BrokerOrderStatus.CANCELLED),
        ("replaced", BrokerOrderStatus.CANCELLED),
        ("rejected", BrokerOrderStatus.REJECTED),
        *(
            (word, BrokerOrderStatus.OPEN)
            for word in [
                "new",
                "accepted",
                "pending_new",
                "partially_filled",
                "held",
                "suspended",
                "stopped",
                "calculated",
                "done_for_day",
                "pending_cancel",
                "pending_replace",
                "accepted_for_bidding",
                "a_word_of_next_year",
            ]
        ),
        (None, BrokerOrderStatus.OPEN),
    ],
)
def test_only_known_words_end_an_order(said: str | None, status: BrokerOrderStatus) -> None:
    assert order_of(a_row(status=said), LISTINGS.ref_of).status is status


def test_what_ended_an_order_leaves_its_fills_and_cancels_the_rest() -> None:
    order = order_of(a_row(status="expired"), LISTINGS.ref_of)
    assert (order.filled_quantity, order.cancelled_quantity) == (Decimal(4), Decimal(6))
    assert order.average_price == Decimal("180.123456789")


def test_a_tag_that_is_not_ours_is_none() -> None:
    own = "904837e3-3b76-47ec-b432-046db621571b"
    assert order_of(a_row(client_order_id=own), LISTINGS.ref_of).tag is None


def test_an_order_for_an_amount_of_money_is_shown_as_what_it_filled() -> None:
    row = a_row(qty=None, notional="100", filled_qty="0.5", limit_price=None, type="market")
    assert order_of(row, LISTINGS.ref_of).quantity == Decimal("0.5")
    assert order_of({**row, "filled_qty": "0"}, LISTINGS.ref_of).quantity == Decimal(1)


def test_an_order_of_a_kind_we_never_send_is_shown_by_its_prices() -> None:
    trailing = a_row(type="trailing_stop", limit_price=None, stop_price="170", filled_qty="0")
    order = order_of(trailing, LISTINGS.ref_of)
    assert (order.order_type, order.status) == (OrderType.SL_M, BrokerOrderStatus.TRIGGER_PENDING)


def test_nested_orders_are_orders() -> None:
    leg = a_row(id="leg-1", side="sell")
    assert [row["id"] for row in with_legs([a_row(id="whole", legs=[leg])])] == ["whole", "leg-1"]


def test_a_frame_around_legs_is_not_an_order_but_a_row_without_a_symbol_is_an_error() -> None:
    legs = [a_row(id="leg-1"), a_row(id="leg-2")]
    frame = a_row(id="frame", symbol="", legs=legs)
    assert [row["id"] for row in with_legs([frame])] == ["leg-1", "leg-2"]
    (lost,) = with_legs([a_row(symbol="")])
    with pytest.raises(ValueError, match="symbol is missing"):
        order_of(lost, LISTINGS.ref_of)


def test_a_symbol_nobody_listed_is_still_shown() -> None:
    assert LISTINGS.ref_of("GOOG") == GOOG
    assert LISTINGS.ref_of("BTC/USD") == InstrumentRef(
        exchange=Exchange.NASDAQ, tradingsymbol="BTCUSD"
    )


@pytest.mark.parametrize("qty", ["5.25", "-5.25"])
def test_a_short_position_is_negative_however_it_is_written(qty: str) -> None:
    row = {"symbol": "GOOG", "qty": qty, "side": "short", "avg_entry_price": "180.1"}
    assert position_of(row, LISTINGS.ref_of).quantity == Decimal("-5.25")


def test_a_sell_short_is_a_sell() -> None:
    assert order_of(a_row(side="sell_short"), LISTINGS.ref_of).side is Side.SELL
