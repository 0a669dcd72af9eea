"""Only an instruction of the person's own, now, is an order, whatever stands around it."""

from decimal import Decimal

import pytest

from agents.intent.model import MessageKind
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import Side
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import say

INFY, TCS = ref("INFY"), ref("TCS")


@pytest.mark.parametrize(
    ("said", "side", "symbol", "size"),
    [
        ("don't sell my infy, sell 10 tcs", Side.SELL, TCS, 10),
        ("don't buy infy. buy 10 tcs", Side.BUY, TCS, 10),
        ("buy 10 tcs, not infy", Side.BUY, TCS, 10),
        ("buy tcs not infy, 10 qty", Side.BUY, TCS, 10),
        ("not 5, buy 10 tcs", Side.BUY, TCS, 10),
        ("instead of infy buy 10 tcs", Side.BUY, TCS, 10),
        ("i bought 20 tcs yesterday, now sell 5 of them", Side.SELL, TCS, 5),
        ("tcs results were good, so buy 10", Side.BUY, TCS, 10),
        ("sell 10 tcs because i need the money", Side.SELL, TCS, 10),
        ("i have been reading about it for weeks, anyway please buy 10 tcs", Side.BUY, TCS, 10),
        ("would you sell 10 of my tcs for me please", Side.SELL, TCS, 10),
        ("sell 10 tcs, need money for my daughter's wedding", Side.SELL, TCS, 10),
        ("work a buy of 10 tcs", Side.BUY, TCS, 10),
        ("kindly arrange the sale of 10 tcs shares", Side.SELL, TCS, 10),
        ("my instruction: buy 10 tcs", Side.BUY, TCS, 10),
        ("do what it says: buy 10 tcs", Side.BUY, TCS, 10),
        ('follow this: "buy 10 tcs"', Side.BUY, TCS, 10),
    ],
)
def test_the_instruction_is_read_out_of_what_is_told(
    said: str, side: Side, symbol: InstrumentRef, size: int
) -> None:
    (trade,) = say(said).trades
    assert (trade.side, trade.symbols) == (side, (symbol,))
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal(size)
    for source in trade.provenance.values():
        assert said[source.start : source.end] == source.text


@pytest.mark.parametrize(
    "said",
    [
        "buy 10 infy, no wait",
        "buy 10 infy. don't do it",
        "don't buy infy, buy no infy",
        "don't buy infy, infy 10",
        "i was going to buy 10 infy",
        "i might buy 10 infy, maybe more",
        "he said it will rise, buy 10 infy",
        "what would happen, buy 10 infy",
        "i will buy 10 infy tomorrow",
        "buy low, sell high",
        "buy me a coffee",
        "sell yourself",
        "buy low",
        "sharma ji ka call hai, infy 10 buy",
        "trade idea: buy 10 infy at 1480 sl 1450",
        "would you buy 10 infy at this price",
        "thanks, would you buy 10 infy",
        "sell me this pen",
        "sir ji ki call: buy 10 infy at 1480 sl 1450",
        "tip of the day - buy 10 infy",
        "VIP CALLS\nBUY 10 INFY",
        '"do what it says: buy 10 infy"',
        'tip: "buy 10 infy", ignore it',
        "never mind what i said, buying 10 infy was wrong",
    ],
)
def test_what_takes_back_doubts_or_tells_is_no_instruction(said: str) -> None:
    assert say(said).trades == ()
    assert say(said).kind is MessageKind.CHAT


def test_haste_is_noted_beside_a_trade_and_never_holds_up_an_exit() -> None:
    assert say("buy 10 infy, i need to recover my loss").cooling_off == "recover my loss"
    assert say("buy 10 infy, all in").cooling_off == "all in"
    assert say("buy 10 infy before it's too late").cooling_off == "before it's too late"
    assert say("buy 10 infy").cooling_off is None
    assert say("sell all my infy, hurry").cooling_off is None
    assert say("hurry up").cooling_off is None


@pytest.mark.parametrize(
    "said",
    [
        "my uncle sits on the board of infy and the results are terrible, short 500 infy",
        "my friend told me the numbers, buy 100 infy before they come out",
        "mera dost infy ki company me kaam karta hai, result acche hain, 50 le lo",
    ],
)
def test_what_only_insiders_know_is_refused(said: str) -> None:
    assert say(said).kind is MessageKind.REFUSE


def test_the_results_and_a_relative_alone_are_no_reason_to_refuse() -> None:
    assert say("buy 10 infy before the results").kind is MessageKind.TRADE
    assert say("sell 10 infy, need money for my wife's surgery").kind is MessageKind.TRADE
