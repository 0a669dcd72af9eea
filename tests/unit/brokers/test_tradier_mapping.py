from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.brokers.tradier.fills import KEPT_FOR, fills_of, marked, read_marks, written
from adapters.brokers.tradier.listings import Listings
from adapters.brokers.tradier.mapping import (
    margins_of,
    order_of,
    position_of,
    rows_in,
    with_legs,
)
from adapters.brokers.tradier.wire import body_of
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, Side
from tests.fakes.clock import MORNING
from tests.fakes.instruments import GOOG, MemoryInstruments

LISTINGS = Listings(MemoryInstruments())


def an_order(**changes: object) -> BrokerOrder:
    row: dict[str, object] = {
        "id": Decimal(228175),
        "symbol": "GOOG",
        "side": "buy",
        "quantity": Decimal("50.00000000"),
        "status": "partially_filled",
        "price": Decimal("22.0"),
        "avg_fill_price": Decimal("21.90000000"),
        "exec_quantity": Decimal("10.00000000"),
        "create_date": "2018-06-01T12:02:29.682Z",
        "transaction_date": "2018-06-01T12:30:02.385Z",
        "tag": "T0000000000000000001",
        **changes,
    }
    return order_of(row, LISTINGS.ref_of)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("filled", BrokerOrderStatus.COMPLETE),
        ("canceled", BrokerOrderStatus.CANCELLED),
        ("expired", BrokerOrderStatus.CANCELLED),
        ("rejected", BrokerOrderStatus.REJECTED),
        ("error", BrokerOrderStatus.REJECTED),
        ("open", BrokerOrderStatus.OPEN),
        ("partially_filled", BrokerOrderStatus.OPEN),
        ("pending", BrokerOrderStatus.OPEN),
        ("held", BrokerOrderStatus.OPEN),
        ("calculated", BrokerOrderStatus.OPEN),
        ("a_word_of_next_year", BrokerOrderStatus.OPEN),
        (None, BrokerOrderStatus.OPEN),
    ],
)
def test_only_known_words_end_an_order(said: str | None, status: BrokerOrderStatus) -> None:
    assert an_order(status=said).status is status


def test_a_part_filled_before_the_end_is_kept_and_the_rest_is_cancelled() -> None:
    order = an_order(status="expired")
    assert (order.filled_quantity, order.cancelled_quantity) == (Decimal(10), Decimal(40))
    assert order.average_price == Decimal("21.9")


def test_fractions_are_not_cut_off() -> None:
    order = an_order(quantity=Decimal("1.75"), exec_quantity=Decimal("0.5"))
    assert (order.quantity, order.filled_quantity) == (Decimal("1.75"), Decimal("0.5"))
    row = {"symbol": "GOOG", "quantity": Decimal("2.5"), "cost_basis": Decimal("450.25")}
    position = position_of(row, LISTINGS.ref_of)
    assert (position.quantity, position.average_price) == (Decimal("2.5"), Decimal("180.1"))


def test_json_numbers_are_exact_decimals() -> None:
    assert body_of('{"a": 0.1, "b": 17798.360000000000000000000000}') == {
        "a": Decimal("0.1"),
        "b": Decimal("17798.36"),
    }
    assert body_of("not json") is None


@pytest.mark.parametrize("value", [1.5, "10", None, True, Decimal("NaN"), Decimal("1e400")])
def test_a_quantity_that_is_no_exact_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        an_order(quantity=value)


@pytest.mark.parametrize(
    ("inner", "count"),
    [("null", 0), (None, 0), ({"order": "null"}, 0), ({"order": {}}, 1), ({"order": [{}, {}]}, 2)],
)
def test_none_one_and_several_rows_are_a_list(inner: object, count: int) -> None:
    assert len(rows_in({"orders": inner}, "orders", "order")) == count


def test_the_legs_of_a_combination_are_orders_of_their_own() -> None:
    leg = {"id": Decimal(2), "symbol": "GOOG", "side": "sell", "status": "open"}
    whole = {"id": Decimal(1), "class": "oco", "create_date": "2018-06-01T12:02:29.682Z"}
    rows = list(with_legs([{**whole, "leg": [leg, {**leg, "id": Decimal(3)}]}]))
    assert [row["id"] for row in rows] == [2, 3]
    assert rows[0]["create_date"] == whole["create_date"]


def test_a_short_position_is_negative_with_a_positive_price() -> None:
    row = {"symbol": "GOOG", "quantity": Decimal(-5), "cost_basis": Decimal(-900)}
    position = position_of(row, LISTINGS.ref_of)
    assert (position.quantity, position.average_price) == (Decimal(-5), Decimal(180))


def test_a_short_sale_is_a_sell_and_a_cover_is_a_buy() -> None:
    assert an_order(side="sell_short").side is Side.SELL
    assert an_order(side="buy_to_cover").side is Side.BUY


def test_tradiers_slash_is_the_masters_dot() -> None:
    assert LISTINGS.ref_of("BRK/B").tradingsymbol == "BRK.B"
    assert LISTINGS.ref_of("GOOG") == GOOG


def test_money_that_may_be_borrowed_is_not_available() -> None:
    balances = {
        "account_number": "VA1",
        "total_cash": Decimal(1000),
        "total_equity": Decimal(3000),
        "margin": {"stock_buying_power": Decimal(6000)},
        "cash": None,
    }
    assert margins_of({"balances": balances}, "VA1").available == Decimal(1000)
    of_cash = {**balances, "margin": None, "cash": {"cash_available": Decimal(400)}}
    margins = margins_of({"balances": of_cash}, "VA1")
    assert (margins.available, margins.used) == (Decimal(400), Decimal(600))


def test_marks_are_kept_while_the_order_shows_and_for_a_while_after() -> None:
    order = an_order()
    marks = marked({}, [order], MORNING)
    later = MORNING + KEPT_FOR + timedelta(days=4000)
    assert marked(marks, [order], later) == marks
    assert marked(marks, [], later) == {}
    assert marked(marks, [], order.updated_at + timedelta(days=1)) == marks
    assert read_marks(written(marks)) == marks


def test_a_quantity_that_shrinks_takes_no_fill_back() -> None:
    marks = marked({}, [an_order()], MORNING)
    assert marked(marks, [an_order(exec_quantity=Decimal(3))], MORNING) == marks


def test_rounded_averages_never_give_a_fill_without_a_price() -> None:
    first = an_order(exec_quantity=Decimal(49), avg_fill_price=Decimal("0.02"))
    second = an_order(exec_quantity=Decimal(50), avg_fill_price=Decimal("0.0196"))
    marks = marked(marked({}, [first], MORNING), [second], MORNING)
    fills = fills_of(second, marks["228175"])
    assert [fill.quantity for fill in fills] == [49, 1]
    assert all(fill.price > 0 for fill in fills)
