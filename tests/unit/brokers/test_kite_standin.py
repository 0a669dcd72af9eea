"""The stand-in of the Kite server is no kinder than what was recorded of the real one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.brokers.kite_mcp.ports import KiteReply, ToolsUnavailable
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY, TCS
from tests.fakes.kite_forms import argument_fault, modify_form, page, place_form
from tests.fakes.kite_upstream import KiteUpstream
from tests.fakes.market import ScriptedMarket

ORDER: dict[str, Any] = {
    "variety": "regular",
    "exchange": "NSE",
    "tradingsymbol": "INFY",
    "transaction_type": "BUY",
    "quantity": 5,
    "product": "CNC",
    "order_type": "LIMIT",
    "price": 1480.0,
    "validity": "DAY",
    "tag": "AB12CD34EF56GH78IJ90",
}


@pytest.fixture
def market() -> ScriptedMarket:
    market = ScriptedMarket(FakeClock())
    market.show(INFY, bids=[("1487.90", 3)], asks=[("1488.10", 3)], last="1488.00")
    return market


@pytest.fixture
def kite(market: ScriptedMarket) -> KiteUpstream:
    return KiteUpstream(market=market, clock=FakeClock())


async def read(kite: KiteUpstream, tool: str, **arguments: Any) -> Any:
    reply = await kite.call(tool, arguments)
    assert not reply.is_error, reply.text
    return json.loads(reply.text)


async def booked(kite: KiteUpstream, **changes: Any) -> dict[str, Any]:
    """Place an order and return its row."""
    await read(kite, "place_order", **(ORDER | changes))
    row: dict[str, Any] = (await read(kite, "get_orders"))[-1]
    return row


@pytest.mark.parametrize(
    ("arguments", "name", "sent"),
    [
        ({"quantity": "50"}, "quantity", "1"),
        ({"quantity": 2.9}, "quantity", "2"),
        ({"quantity": 0}, "quantity", None),
        ({"quantity": True}, "quantity", "1"),
        ({"price": "470.05"}, "price", None),
        ({"price": 0.30000000000000004}, "price", "0.30000000000000004"),
        ({"price": 470.0}, "price", "470"),
        ({"market_protection": -1}, "market_protection", None),
        ({"tag": "X" * 25}, "tag", "X" * 25),
        ({"product": "XYZ"}, "product", "XYZ"),
    ],
)
def test_arguments_are_coerced_or_dropped_in_silence(
    arguments: dict[str, Any], name: str, sent: str | None
) -> None:
    assert place_form(ORDER | arguments).get(name) == sent


def test_a_change_without_a_quantity_asks_for_1() -> None:
    form = modify_form({"order_type": "LIMIT", "price": 469.0})
    assert form == {"order_type": "LIMIT", "price": "469", "quantity": "1"}


def test_a_missing_argument_is_told_before_anything_else() -> None:
    assert argument_fault("place_order", {}) == "parameter 'variety': is required"
    empty = ORDER | {"tradingsymbol": ""}
    assert argument_fault("place_order", empty) == "parameter 'tradingsymbol': cannot be empty"
    assert argument_fault("place_order", ORDER | {"quantity": 0}) is None


@pytest.mark.parametrize("limit", [{}, {"limit": 0}, {"limit": "2"}])
def test_a_list_without_a_numeric_limit_is_bare(limit: dict[str, Any]) -> None:
    assert page([1, 2, 3], {"from": 1} | limit) == [2, 3]


def test_a_page_before_the_start_promises_more_than_there_is() -> None:
    assert page([1, 2], {"from": -1, "limit": 2}) == {
        "data": [1, 2],
        "pagination": {"from": -1, "limit": 2, "total": 2, "has_more": True, "returned": 2},
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"order_type": "MARKET"},
        {"order_type": "MARKET", "market_protection": -1},
        {"order_type": "SL-M", "trigger_price": 1490.0},
        {"quantity": 0},
        {"price": "1480.00"},
        {"price": 1480.03},
        {"product": "XYZ"},
        {"variety": "nope"},
        {"tag": "X" * 21},
        {"tradingsymbol": "NOSUCH"},
    ],
)
async def test_what_kite_refuses_fails_in_one_sentence_and_is_not_booked(
    kite: KiteUpstream, changes: dict[str, Any]
) -> None:
    reply = await kite.call("place_order", ORDER | changes)
    assert reply == KiteReply(is_error=True, text="Failed to place order")
    assert kite.oms.orders == []


async def test_a_quantity_given_as_text_buys_one_share(kite: KiteUpstream) -> None:
    assert (await booked(kite, quantity="50"))["quantity"] == 1


async def test_the_same_call_twice_makes_two_orders(kite: KiteUpstream) -> None:
    await booked(kite)
    await booked(kite)
    rows = await read(kite, "get_orders")
    assert len({row["order_id"] for row in rows}) == 2
    assert {row["tag"] for row in rows} == {ORDER["tag"]}


async def test_no_more_is_filled_than_is_displayed(
    kite: KiteUpstream, market: ScriptedMarket
) -> None:
    assert (await booked(kite, price=1490.0))["filled_quantity"] == 3
    assert (await booked(kite, price=1490.0))["filled_quantity"] == 0
    market.go_down()
    assert [row["filled_quantity"] for row in await read(kite, "get_orders")] == [3, 0]


async def test_a_lost_answer_and_a_lost_order_read_alike(kite: KiteUpstream) -> None:
    kite.lose_next_reply()
    kite.lose_next_order()
    replies = [await kite.call("place_order", ORDER) for _ in range(2)]
    assert replies[0] == replies[1] == KiteReply(is_error=True, text="Failed to place order")
    assert len(kite.oms.orders) == 1


async def test_only_the_first_call_without_login_says_so(kite: KiteUpstream) -> None:
    kite.log_out()
    texts = [(await kite.call("get_orders", {})).text for _ in range(3)]
    assert texts == [
        "Please log in first using the login tool",
        "Failed to execute get_orders",
        "Failed to execute get_orders",
    ]


async def test_shares_that_are_not_held_cannot_be_sold(kite: KiteUpstream) -> None:
    row = await booked(kite, transaction_type="SELL")
    assert (row["status"], row["exchange_order_id"]) == ("REJECTED", "")
    assert row["exchange_timestamp"] == "0001-01-01T00:00:00Z"
    kite.oms.holdings[INFY] = 7
    assert (await booked(kite, transaction_type="SELL", price=1500.0))["status"] == "OPEN"
    assert (await booked(kite, transaction_type="SELL", price=1500.0))["status"] == "REJECTED"


async def test_money_that_is_not_there_cannot_be_spent(kite: KiteUpstream) -> None:
    row = await booked(kite, quantity=100_000, price=1480.0)
    assert row["status"] == "REJECTED"
    assert "Insufficient funds" in row["status_message"]


async def test_the_day_list_comes_before_the_net_list_unmarked(kite: KiteUpstream) -> None:
    kite.oms.overnight = {(INFY, "CNC"): 4, (TCS, "MIS"): -2}
    await booked(kite, quantity=3, price=1490.0)
    rows = await read(kite, "get_positions")
    assert (rows[0]["tradingsymbol"], rows[0]["quantity"]) == ("INFY", 3)
    net = {(row["tradingsymbol"], row["quantity"]) for row in rows[1:]}
    assert net == {("INFY", 7), ("TCS", -2)}


async def test_trades_of_an_order_without_any_are_null(kite: KiteUpstream) -> None:
    row = await booked(kite)
    assert await read(kite, "get_order_trades", order_id=row["order_id"]) is None


async def test_changing_or_cancelling_what_is_done_fails(kite: KiteUpstream) -> None:
    row = await booked(kite)
    ids = {"variety": "regular", "order_id": row["order_id"]}
    await read(kite, "modify_order", **ids, order_type="LIMIT", price=1481.0)
    assert (await read(kite, "get_orders"))[0]["quantity"] == 1
    await read(kite, "cancel_order", **ids)
    again = [await kite.call(tool, ids | {"order_type": "LIMIT"}) for tool in WRITES]
    assert [reply.text for reply in again] == ["Failed to modify order", "Failed to cancel order"]


WRITES = ("modify_order", "cancel_order")


async def test_search_results_come_in_another_order(kite: KiteUpstream) -> None:
    def orders() -> Iterator[Any]:
        for _ in range(8):
            yield read(kite, "search_instruments", query="n")

    seen = [tuple(row["id"] for row in await answer) for answer in orders()]
    assert len({frozenset(ids) for ids in seen}) == 1
    assert len(set(seen)) > 1


async def test_a_tool_the_server_has_not_is_surely_not_called(kite: KiteUpstream) -> None:
    with pytest.raises(ToolsUnavailable, match="tool not found"):
        await kite.call("convert_position", {})
