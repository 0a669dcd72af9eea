"""Questions whether another trade would pass are told from orders and from other questions."""

from decimal import Decimal

import pytest

from agents.intent.model import ParseContext
from agents.intent.what_if import what_if_of
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.intents import SizingMethod
from riskgate.contracts.orders import Side
from tests.unit.riskgate.builders import NOW

DIRECTORY = Directory(load_master())
CONTEXT = ParseContext(now=NOW)


@pytest.mark.parametrize(
    ("message", "size", "side", "symbol"),
    [
        ("why not 100 shares?", 100, None, None),
        ("Why not 1,000?", 1000, None, None),
        ("could I have bought 100?", 100, Side.BUY, None),
        ("could I have bought 100 shares of TCS", 100, Side.BUY, "TCS"),
        ("can I buy 100 INFY?", 100, Side.BUY, "INFY"),
        ("why couldn't I buy 100 INFY", 100, Side.BUY, "INFY"),
        ("why can’t I buy 500 INFY at market", 500, Side.BUY, "INFY"),
        ("what if I buy 100 INFY", 100, Side.BUY, "INFY"),
        ("what would happen if I sold 5 TCS", 5, Side.SELL, "TCS"),
        ("suppose I buy 1 lakh INFY", 100_000, Side.BUY, "INFY"),
        ("would 100 INFY pass?", 100, None, "INFY"),
        ("will the gate allow 100 INFY", 100, None, "INFY"),
        ("what about 100?", 100, None, None),
        ("what if 100", 100, None, None),
        ("what if only 1,000 shares?", 1000, None, None),
        ("can i afford 100 infy", 100, None, "INFY"),
        ("how many INFY can I buy?", None, Side.BUY, "INFY"),
        ("how much INFY can I sell", None, Side.SELL, "INFY"),
        ("maximum quantity of INFY", None, None, "INFY"),
    ],
)
def test_a_question_about_a_trade_is_read(
    message: str, size: int | None, side: Side | None, symbol: str | None
) -> None:
    found = what_if_of(message, DIRECTORY, CONTEXT)
    assert found is not None
    assert (found.side, [ref.tradingsymbol for ref in found.symbols]) == (
        side,
        [] if symbol is None else [symbol],
    )
    if size is None:
        assert found.sizing is None
        return
    assert found.sizing is not None
    assert found.said is not None
    assert (found.sizing.method, found.sizing.value) == (SizingMethod.QUANTITY, Decimal(size))
    assert message[found.said.start : found.said.end] == found.said.text


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("what if I sell all my TCS", Decimal(1)),
        ("what happens if I sell half of my TCS?", Decimal("0.5")),
    ],
)
def test_a_part_of_what_is_held_may_be_asked_about_as_a_sale(message: str, part: Decimal) -> None:
    found = what_if_of(message, DIRECTORY, CONTEXT)
    assert found is not None
    assert found.sizing is not None
    assert (found.sizing.method, found.sizing.value) == (SizingMethod.FRACTION, part)
    assert (found.side, [ref.tradingsymbol for ref in found.symbols]) == (Side.SELL, ["TCS"])


@pytest.mark.parametrize(
    "message",
    [
        "what if I buy all TCS",
        "what if I sell everything",
        "what if I sell half of my 40 TCS",
        "why not?",
        "why was it refused",
        "why was 100 INFY refused?",
        "why did you not buy 100?",
        "buy 100 INFY",
        "price of INFY",
        "what if INFY falls to 1400",
        "what if I buy INFY at 1400",
        "can I buy 50000 rupees of INFY",
        "could I buy 10 INFY and 20 TCS",
        "what about INFY",
        "how many INFY do I have",
        "positions",
        "",
        "a" * 5000,
    ],
)
def test_other_messages_are_left_to_what_they_are(message: str) -> None:
    assert what_if_of(message, DIRECTORY, CONTEXT) is None
