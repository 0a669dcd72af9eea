"""Tools that are not what they were: none of them is called, and no write with one of them."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest
from pydantic import JsonValue

from adapters.brokers.kite_mcp.catalogue import KINDS, WRITES, Kind
from adapters.brokers.kite_mcp.ports import ToolsUnavailable
from adapters.ports import LoginState
from tests.fakes.kite_session import KiteDesk, a_kite_desk
from tests.fakes.kite_standin import Kind as Goes
from tests.fakes.kite_standin import Trouble
from tests.fakes.kite_standin.listing import POISON, Listing, shipped_tools
from tests.kite_pins import PINS, pins_text
from tests.unit.brokers.kite_server import ORDER

Drifts = Callable[[Listing], object]
GTT: dict[str, JsonValue] = {
    "exchange": "NSE",
    "tradingsymbol": "INFY",
    "last_price": 1488.0,
    "transaction_type": "SELL",
    "trigger_type": "single",
    "trigger_value": 1300,
    "quantity": 1,
    "limit_price": 1299,
}
CALLS: dict[str, dict[str, JsonValue]] = {
    "place_order": ORDER,
    "modify_order": {
        "variety": "regular",
        "order_id": "1",
        "order_type": "LIMIT",
        "quantity": 5,
        "price": 1479.0,
    },
    "cancel_order": {"variety": "regular", "order_id": "1"},
    "place_gtt_order": {**GTT, "product": "CNC"},
    "modify_gtt_order": {**GTT, "trigger_id": 1},
    "delete_gtt_order": {"trigger_id": 1},
    "get_quotes": {"instruments": ["NSE:INFY"]},
    "get_ltp": {"instruments": ["NSE:INFY"]},
    "get_ohlc": {"instruments": ["NSE:INFY"]},
    "get_order_history": {"order_id": "1"},
    "get_order_trades": {"order_id": "1"},
    "search_instruments": {"query": "NSE:INFY"},
    "get_historical_data": {
        "instrument_token": 408065,
        "from_date": "2026-03-10 09:15:00",
        "to_date": "2026-03-10 15:30:00",
        "interval": "day",
    },
}
A_FIELD: dict[str, JsonValue] = {"type": "string", "description": "Where to send the proceeds."}
ON_WRITES: dict[str, Drifts] = {
    "poisoned": lambda tools: tools.poison("place_order"),
    "hidden words": lambda tools: tools.describe("place_order", "Place an order\u200b"),
    "tag characters": lambda tools: tools.describe("cancel_order", "Cancel\U000e0041"),
    "rug pulled": lambda tools: tools.add_field("place_order", "account", A_FIELD),
    "more required": lambda tools: tools.add_field("modify_order", "to", A_FIELD, required=True),
    "a field gone": lambda tools: tools.remove_field("place_order", "tag"),
    "listed twice": lambda tools: tools.double("place_order"),
    "an order tool by another name": lambda tools: tools.add("Place_Order", "Place an order"),
    "a name with a hidden letter": lambda tools: tools.add("place_order\u200b", "Place an order"),
    "a trigger tool": lambda tools: tools.poison("delete_gtt_order"),
    "gone": lambda tools: tools.exclude("modify_gtt_order"),
}


@pytest.fixture
async def desk() -> AsyncIterator[KiteDesk]:
    async with a_kite_desk() as desk:
        desk.be_logged_in()
        assert (await desk.session.status(probe=True)).can_trade
        desk.kite.calls.clear()
        yield desk


async def tried(desk: KiteDesk, *tools: str) -> Counter[str]:
    """Call the tools and return what reached the server."""
    for tool in tools:
        try:
            await desk.session.call(tool, CALLS.get(tool, {}))
        except ToolsUnavailable:
            continue
    return Counter(name for name, _ in desk.kite.calls)


def test_the_pins_are_of_the_tools_as_they_were_listed() -> None:
    assert PINS.read_text(encoding="utf-8") == pins_text(shipped_tools()), "look, then pin anew"


async def test_tools_in_another_order_are_the_same_tools(desk: KiteDesk) -> None:
    desk.kite.listing.shuffle(Random(1))
    desk.seconds.now_s += 2
    assert (await tried(desk, "place_order"))["place_order"] == 1


@pytest.mark.parametrize("drift", ON_WRITES.values(), ids=ON_WRITES.keys())
async def test_a_write_that_changed_under_its_name_stops_every_write_and_no_read(
    desk: KiteDesk, drift: Drifts
) -> None:
    drift(desk.kite.listing)
    # The look that the login began with is hardly old; a write is looked at anew all the same.
    desk.seconds.now_s += 1.1
    reached = await tried(desk, *sorted(WRITES), "get_orders")
    assert {tool: reached[tool] for tool in WRITES} == dict.fromkeys(WRITES, 0)
    assert reached["get_orders"] == 1
    assert desk.kite.oms.orders == []
    status = await desk.session.status(probe=True)
    assert (status.state, status.can_trade) == (LoginState.ACTIVE, False)
    (hindrance,) = status.hindrances
    assert hindrance.startswith(("KITE_TOOLS_CHANGED", "KITE_ORDERS_NOT_OFFERED"))
    assert POISON.strip()[:20] not in hindrance


@pytest.mark.parametrize(
    "tool", sorted(name for name, kind in KINDS.items() if kind is not Kind.LOGIN)
)
async def test_each_poisoned_tool_is_called_no_time_at_all(desk: KiteDesk, tool: str) -> None:
    desk.kite.listing.poison(tool)
    desk.session = desk.another_process()
    assert (await tried(desk, tool))[tool] == 0


async def test_a_read_that_changed_stops_alone(desk: KiteDesk) -> None:
    desk.kite.listing.poison("get_holdings")
    desk.session = desk.another_process()
    reached = await tried(desk, "get_holdings", "get_orders", "place_order")
    assert (reached["get_holdings"], reached["get_orders"], reached["place_order"]) == (0, 1, 1)
    assert (await desk.session.status(probe=True)).can_trade


async def test_a_read_is_looked_at_again_after_a_while(desk: KiteDesk) -> None:
    desk.kite.listing.poison("get_orders")
    desk.seconds.now_s += 301
    assert (await tried(desk, "get_orders"))["get_orders"] == 0


async def test_a_poisoned_login_tool_gives_no_link(desk: KiteDesk) -> None:
    await desk.session.end()
    desk.kite.listing.poison("login")
    desk.session = desk.another_process()
    with pytest.raises(Exception, match="KITE_TOOLS_CHANGED"):
        await desk.session.begin()
    assert desk.kite.count("login") == 0


async def test_a_lookalike_that_says_it_takes_over_is_never_called(desk: KiteDesk) -> None:
    lookalike = desk.kite.listing.shadow("place_order")
    desk.session = desk.another_process()
    reached = await tried(desk, "place_order", lookalike)
    assert (reached[lookalike], reached["place_order"]) == (0, 1)


async def test_a_name_that_another_server_offers_too_is_not_called(desk: KiteDesk) -> None:
    desk.session = desk.another_process(elsewhere=("place_order", "headlines"))
    reached = await tried(desk, *sorted(WRITES), "get_orders")
    assert (reached.keys() & WRITES, reached["get_orders"]) == (set(), 1)


async def test_a_server_without_order_tools_is_read_and_says_why(desk: KiteDesk) -> None:
    desk.kite.listing.exclude("place_order", "modify_order", "cancel_order")
    desk.session = desk.another_process()
    reached = await tried(desk, *sorted(WRITES), "get_orders", "get_holdings")
    assert (reached.keys() & WRITES, reached["get_orders"], reached["get_holdings"]) == (
        set(),
        1,
        1,
    )
    status = await desk.session.status(probe=True)
    assert not status.can_trade
    assert status.hindrances == (
        "KITE_ORDERS_NOT_OFFERED: this server does not offer cancel_order, modify_order, "
        "place_order; the account can be read, and orders go through Kite's own app",
    )


async def test_what_was_put_right_is_called_again(desk: KiteDesk) -> None:
    desk.kite.listing.poison("place_order")
    desk.seconds.now_s += 2
    assert (await tried(desk, "place_order"))["place_order"] == 0
    desk.kite.listing.restore()
    desk.seconds.now_s += 2
    assert (await tried(desk, "place_order"))["place_order"] == 1


async def test_without_a_list_of_the_tools_nothing_is_called(desk: KiteDesk) -> None:
    desk.kite.troubles.stand("tools/list", Trouble(Goes.HTTP_BEFORE))
    desk.session = desk.another_process()
    assert (await tried(desk, "get_orders", "place_order")).total() == 0
