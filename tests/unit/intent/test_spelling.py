"""A misspelt name is taken only for the one thing it is clearly near to."""

import pytest

from agents.intent.model import MessageKind
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import codes, say


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        ("infosis", "INFY"),
        ("infosyss", "INFY"),
        ("tata stel", "TATASTEEL"),
        ("hdfc lif", "HDFCLIFE"),
        ("bajaj atuo", "BAJAJ-AUTO"),
        ("इंफोसिस", "INFY"),
    ],
)
def test_a_name_a_letter_or_two_away_is_that_name(typed: str, symbol: str) -> None:
    message = f"buy 10 {typed}"
    (trade,) = say(message).trades
    assert trade.symbols == (ref(symbol),)
    assert trade.provenance["symbols"].text == typed


@pytest.mark.parametrize("typed", ["infs", "tatt", "hdf", "steel", "inforsystem", "bajaj pluto"])
def test_a_name_that_is_far_from_all_or_near_to_several_is_none(typed: str) -> None:
    parsed = say(f"buy 10 {typed}")
    assert all(trade.symbols == () for trade in parsed.trades)
    assert parsed.missing or parsed.kind is MessageKind.CHAT


@pytest.mark.parametrize("typed", ["buuy", "purchse"])
def test_a_misspelt_verb_at_the_beginning_is_the_verb(typed: str) -> None:
    assert say(f"{typed} 10 infy").trades[0].symbols == (ref("INFY"),)


@pytest.mark.parametrize("typed", ["shoud i buy 10 infy", "dont buy 10 infy", "nevver buy 10 infy"])
def test_a_misspelt_guard_still_guards(typed: str) -> None:
    assert say(typed).kind is MessageKind.CHAT


def test_an_unknown_word_is_never_taken_for_a_filler() -> None:
    assert codes(say("buy 10 infy boring")) == ["NOT_UNDERSTOOD"]
