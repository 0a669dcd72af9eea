import pytest
from pydantic import JsonValue

from adapters.brokers.kite_mcp.arguments import place_arguments
from adapters.brokers.kite_mcp.catalogue import KINDS, WRITES, Kind, pins, schemas
from adapters.brokers.kite_mcp.checked import argument_fault
from tests.fakes.instruments import an_instrument
from tests.fakes.orders import an_order

PLACE: dict[str, JsonValue] = dict(place_arguments(an_order(limit="1480.10"), an_instrument()))
GTT: dict[str, JsonValue] = {
    "exchange": "NSE",
    "tradingsymbol": "INFY",
    "last_price": 1412.95,
    "transaction_type": "SELL",
    "product": "CNC",
    "trigger_type": "single",
}


def test_every_pinned_tool_has_a_kind_and_every_kind_a_pin() -> None:
    assert pins().keys() == KINDS.keys() == schemas().keys()
    assert len(KINDS) == 22


def test_the_gtt_tools_are_order_tools() -> None:
    assert {name for name in KINDS if name.endswith("_gtt_order")} <= WRITES
    assert KINDS["get_gtts"] is Kind.READ


def test_what_the_adapter_sends_is_what_the_schema_names() -> None:
    assert argument_fault("place_order", PLACE) is None
    assert argument_fault("get_quotes", {"instruments": ["NSE:INFY"]}) is None
    history: dict[str, JsonValue] = {
        "instrument_token": 408065,
        "from_date": "2026-03-11 09:15:00",
        "to_date": "2026-03-11 15:30:00",
        "interval": "day",
        "oi": True,
    }
    assert argument_fault("get_historical_data", history) is None


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"quantity": "50"}, "must be a number, was str"),
        ({"quantity": 2.9}, "must be a whole number, was 2.9"),
        ({"quantity": 2.0}, "must be a whole number, was 2.0"),
        ({"quantity": 0}, "must be at least 1"),
        ({"quantity": True}, "must be a number, was bool"),
        ({"quantity": None}, "needs quantity"),
        ({"price": "470.05"}, "must be a number, was str"),
        ({"price": float("nan")}, "must be finite"),
        ({"tag": "X" * 21}, "at most 20 characters"),
        ({"product": "XYZ"}, "must be one of CNC"),
        ({"tradingsymbol": ""}, "needs tradingsymbol"),
        ({"tradingsymbol": 5}, "must be text, was int"),
        ({"market_protection": -1}, "takes no market_protection"),
        ({"autoslice": True}, "takes no autoslice"),
        ({"algo_id": "1"}, "takes no algo_id"),
    ],
)
def test_an_argument_that_the_server_would_turn_into_another_is_not_sent(
    changed: dict[str, JsonValue], fault: str
) -> None:
    assert fault in str(argument_fault("place_order", PLACE | changed))


def test_a_list_must_be_one_and_a_flag_too() -> None:
    assert argument_fault("get_ltp", {"instruments": "NSE:INFY"}) is not None
    assert argument_fault("get_ltp", {"instruments": [5]}) is not None
    assert argument_fault("delete_gtt_order", {"trigger_id": "123"}) is not None
    assert argument_fault("place_gtt_order", GTT | {"quantity": 1.5}) is not None
    assert argument_fault("get_historical_data", {"oi": "true"}) is not None


def test_a_tool_that_is_not_pinned_is_not_called() -> None:
    assert argument_fault("convert_position", {}) is not None
