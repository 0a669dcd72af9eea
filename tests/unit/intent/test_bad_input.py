"""What nobody can trade: each value is said back with what to do, and nothing raises."""

import pytest

from agents.intent.model import MessageKind
from tests.unit.intent.talk import codes, say


@pytest.mark.parametrize(
    ("quantity", "quoted"),
    [
        ("0", "'0'"),
        ("-10", "'-10'"),
        ("1.5", "'1.5'"),
        (".5", "'.5'"),
        ("nan", "'nan'"),
        ("inf", "'inf'"),
        ("1e9", "'1e9'"),
        ("1e99", "'1e99'"),
        ("1e99999999999", "'1e99999999999'"),
        ("10,20", "'10,20'"),
        ("9" * 40, f"'{'9' * 40}'"),
        ("0.00000000000000000001", "'0.00000000000000000001'"),
    ],
)
def test_a_quantity_nobody_can_trade(quantity: str, quoted: str) -> None:
    parsed = say(f"buy {quantity} infy")
    assert codes(parsed) == ["QUANTITY_INVALID"]
    assert quoted in parsed.problems[0].message
    assert parsed.problems[0].remedy


@pytest.mark.parametrize(
    "said", ["at 0", "at -5", "at nan", "at 1e30", "sl 0", "trigger -1", "target inf"]
)
def test_a_price_nobody_can_ask(said: str) -> None:
    assert codes(say(f"buy 10 infy {said}")) == ["PRICE_INVALID"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "MESSAGE_EMPTY"),
        (" \n\t ", "MESSAGE_EMPTY"),
        ("x" * 1_000_000, "MESSAGE_TOO_LONG"),
        ("buy 10 in\u200bfy", "TEXT_UNSAFE"),
        ("buy 10 infy \u202eyubflah", "TEXT_UNSAFE"),
        ("buy 10 infy\x00", "TEXT_UNSAFE"),
        ("buy 10 \ud800", "TEXT_UNSAFE"),
    ],
)
def test_a_message_that_is_not_read_at_all(message: str, code: str) -> None:
    parsed = say(message)
    assert parsed.kind is MessageKind.CHAT
    assert codes(parsed) == [code]


@pytest.mark.parametrize(
    "message",
    [
        "buy 10 infy at 1480 at 1490",
        "buy 10 infy at market at 1480",
        "buy 10 000 infy",
        "buy 10 infy short",
        "infy sell exit 10 now",
        "sell 10 infy sl 1450 sl 1440",
    ],
)
def test_two_things_said_for_one_part_are_a_question(message: str) -> None:
    parsed = say(message)
    assert parsed.kind is MessageKind.CHAT
    assert set(codes(parsed)) == {"CONTRADICTORY"}


@pytest.mark.parametrize(
    "message",
    [
        "buy 10² infy",
        "sell 10 infy at ²:30",
        "sell 10 infy at 2:³0",
        "sell ²/3 of my infy",
        "buy 10 infy x 2",
        "buy 10 infy at open",
    ],
)
def test_a_word_that_fits_nowhere_makes_no_order(message: str) -> None:
    parsed = say(message)
    assert parsed.kind is MessageKind.CHAT
    assert parsed.trades == ()


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("buy 10 infy gtt", "validity"),
        ("buy 10 infy with trailing stop of 12 points", "trailing_stop"),
        ("buy 10 infy, stop 1.5 atr", "stop_loss"),
        ("buy 10 infy when rsi drops below 30", "condition"),
        ("buy 10 infy if nifty falls 2%", "condition"),
        ("buy 10 infy if it crosses 1500", "condition"),
    ],
)
def test_what_is_understood_and_cannot_be_done_yet_is_said(message: str, field: str) -> None:
    parsed = say(message)
    assert parsed.missing == ()
    assert [(each.code, each.field) for each in parsed.problems] == [("NOT_AVAILABLE", field)]


@pytest.mark.parametrize(
    "message",
    [
        "buy 10 \u0456nfy",
        "b\u03c5y 10 infy",
        "cancel \u0430ll orders",
    ],
)
def test_words_that_may_not_be_what_they_look_like_do_nothing(message: str) -> None:
    parsed = say(message)
    assert parsed.kind is MessageKind.CHAT
    assert set(codes(parsed)) <= {"PROV-005"}


@pytest.mark.parametrize("digits", ["1\u0660", "\u0661\u0660", "\u0967\u0966"])
def test_digits_of_another_script_are_no_quantity(digits: str) -> None:
    parsed = say(f"buy {digits} infy")
    assert [trade.sizing for trade in parsed.trades if trade.sizing is not None] == []
