from decimal import Decimal

import pytest

from adapters.brokers.kite_mcp.fields import Unreadable
from adapters.brokers.kite_mcp.ports import KiteReply
from adapters.brokers.kite_mcp.replies import object_of, order_id_of, parse, rows_of
from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown


def said(text: str, *, is_error: bool = True) -> KiteReply:
    return KiteReply(is_error=is_error, text=text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Failed to place order", OutcomeUnknown),
        ("Failed to execute place_order", OutcomeUnknown),
        ("Failed to establish a session. Please try again.", OutcomeUnknown),
        ("", OutcomeUnknown),
        ("Order rejected: parameter 'product': is required", OutcomeUnknown),
        ("parameter 'product': is required\nbut sent", OutcomeUnknown),
        ("please log in first using the login tool", OutcomeUnknown),
        ("Please log in first using the login tool", BrokerUnavailable),
        ("parameter 'product': is required", OrderRejected),
        ("parameter 'tradingsymbol': cannot be empty", OrderRejected),
    ],
)
def test_only_what_the_server_checks_before_it_asks_kite_is_certain(
    text: str, error: type[BrokerError]
) -> None:
    with pytest.raises(error) as caught:
        order_id_of("place_order", said(text))
    assert type(caught.value) is error
    assert len(caught.value.message) > 10


@pytest.mark.parametrize(
    "text",
    [
        '{"order_id":""}',
        "{}",
        "null",
        "[]",
        '{"order_id":261120000000001}',
        '{"order_id":"ABC"}',
        '{"order_id":"26112',
        '{"order_id":"1","order_id":"2"}',
        "<html>bad gateway</html>",
        '{"order_id":"1"} {"order_id":"2"}',
        "",
    ],
)
def test_a_success_that_names_no_order_is_unknown(text: str) -> None:
    with pytest.raises(OutcomeUnknown):
        order_id_of("place_order", said(text, is_error=False))


def test_a_success_gives_the_order_id() -> None:
    reply = said('{"order_id":"261120000000001"}', is_error=False)
    assert order_id_of("place_order", reply) == "261120000000001"


def test_a_null_list_is_an_empty_list() -> None:
    assert list(rows_of("get_order_trades", said("null", is_error=False))) == []
    assert list(rows_of("get_orders", said("[]", is_error=False))) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"data":[],"pagination":{"from":0,"limit":1,"total":2,"has_more":true,"returned":0}}',
        "[1]",
        "[null]",
        '"[]"',
        "[{}",
    ],
)
def test_a_page_or_anything_else_is_never_taken_for_the_whole_list(text: str) -> None:
    with pytest.raises(BrokerUnavailable):
        rows_of("get_orders", said(text, is_error=False))


@pytest.mark.parametrize(
    "text", ["Failed to execute get_orders", "Please log in first using the login tool", "[]"]
)
def test_a_failed_read_is_unavailable_and_never_empty(text: str) -> None:
    with pytest.raises(BrokerUnavailable):
        rows_of("get_orders", said(text))


def test_an_object_is_not_a_list() -> None:
    assert object_of("get_margins", said('{"a":1}', is_error=False)) == {"a": 1}
    with pytest.raises(BrokerUnavailable):
        object_of("get_margins", said("[]", is_error=False))


def test_numbers_keep_every_digit_they_were_written_with() -> None:
    assert parse("[99725.05000000002, 5]") == [Decimal("99725.05000000002"), 5]


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", "-Infinity", "[" * 100_000, "1e99999999999999999999"]
)
def test_what_is_no_plain_json_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text)


def test_foreign_text_in_a_message_is_one_short_printable_line() -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        order_id_of("place_order", said("Failed\n\x1b[2J" + "x" * 500))
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 250
