"""The same meaning in other words is read the same; words that unmake an order unmake it."""

from decimal import Decimal
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.intent.model import MessageKind, ParsedMessage, TradeDraft
from riskgate.contracts.orders import Side
from tests.unit.intent.talk import say

NAMES: Final = {
    "INFY": ("infy", "infosys", "INFY", "Infosys"),
    "TCS": ("tcs", "TCS", "tata consultancy services"),
    "HDFCLIFE": ("hdfc life", "HDFC Life", "HDFCLIFE"),
    "LT": ("l&t", "L&T", "larsen & toubro"),
}
NUMBERS: Final = {
    12: ("12", "twelve", "a dozen", "12.0"),
    100: ("100", "hundred", "one hundred", "a hundred", "ek sau"),
    1500: ("1500", "1,500", "fifteen hundred", "1.5k"),
    250: ("250", "two hundred fifty", "two hundred and fifty"),
}
VERBS: Final = {
    Side.BUY: ("buy", "Buy", "BUY", "purchase", "please buy", "i want to buy", "kindly buy"),
    Side.SELL: ("sell", "SELL", "dump", "offload", "please sell", "can you sell"),
}
ENDS: Final = ("", ".", "!", "  ", " please", " now", " asap")
UNMADE: Final = (
    "don't {0}",
    "do not {0}",
    "never {0}",
    "{0}?",
    '"{0}"',
    "'{0}'",
    "> {0}",
    "he said {0}",
    "my friend told me to {0}",
    "should i {0}",
    "maybe {0}",
    "what if i {0}",
    "i might {0}",
    "{0} he said",
    "tip: {0}",
    "suppose i {0}",
    "{0} or not?",
    "imagine i {0}",
    "{0}, just kidding",
    "i was thinking to {0}",
    "forwarded: {0}",
    "{0} - no wait",
    "the article says {0}",
)

symbols = st.sampled_from(sorted(NAMES))
counts = st.sampled_from(sorted(NUMBERS))
sides = st.sampled_from(sorted(Side))


def one(message: str) -> TradeDraft:
    parsed: ParsedMessage = say(message)
    assert (parsed.kind, len(parsed.trades)) == (MessageKind.TRADE, 1), message
    return parsed.trades[0]


@st.composite
def orders(draw: st.DrawFn) -> tuple[str, Side, str, int]:
    symbol, count, side = draw(symbols), draw(counts), draw(sides)
    name = draw(st.sampled_from(NAMES[symbol]))
    number = draw(st.sampled_from(NUMBERS[count]))
    verb = draw(st.sampled_from(VERBS[side]))
    gap = draw(st.sampled_from((" ", "  ", "\n", "\t")))
    # A bare "1.5k" may be money: it is a count of shares only where shares are said.
    form = (
        "{verb} {number} shares of {name}"
        if "k" in number
        else draw(
            st.sampled_from(
                (
                    "{verb} {number} {name}",
                    "{verb} {number} shares of {name}",
                    "{verb} {name} {number}",
                    "{verb} {name}, {number} shares",
                    "{verb} {name} {number} qty",
                    "{verb} {number} nos {name}",
                )
            )
        )
    )
    message = form.format(verb=verb, number=number, name=name).replace(" ", gap)
    return message + draw(st.sampled_from(ENDS)), side, symbol, count


@settings(max_examples=300, deadline=None)
@given(orders())
def test_case_spacing_order_and_synonyms_keep_the_meaning(
    order: tuple[str, Side, str, int],
) -> None:
    message, side, symbol, count = order
    trade = one(message)
    assert (trade.side, [ref.tradingsymbol for ref in trade.symbols]) == (side, [symbol])
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal(count)


@settings(max_examples=300, deadline=None)
@given(orders(), st.sampled_from(UNMADE))
def test_words_that_unmake_an_order_leave_no_trade(
    order: tuple[str, Side, str, int], frame: str
) -> None:
    message = " ".join(order[0].split())
    if message.casefold().startswith(("can you", "i want")):
        message = message.split(maxsplit=2)[2]
    message = message.removeprefix("to ").removeprefix("please ").removeprefix("kindly ")
    parsed = say(frame.format(message))
    assert parsed.trades == ()
    assert parsed.kind in {MessageKind.CHAT, MessageKind.QUERY}


@settings(max_examples=150, deadline=None)
@given(orders(), st.sampled_from(("at 1480", "limit 1480", "@ 1,480", "at ₹1480/-", "1480 limit")))
def test_a_price_is_the_same_however_it_is_written(
    order: tuple[str, Side, str, int], price: str
) -> None:
    trade = one(f"{order[0].rstrip('.! ')} {price}")
    assert trade.limit_price == Decimal(1480)
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal(order[3])


@settings(max_examples=150, deadline=None)
@given(orders(), symbols)
def test_another_name_changes_only_the_instrument(
    order: tuple[str, Side, str, int], other: str
) -> None:
    _, side, symbol, count = order
    verb, name = VERBS[side][0], NAMES[symbol][0]
    first, second = one(f"{verb} {count} {name}"), one(f"{verb} {count} {NAMES[other][0]}")
    assert (first.side, first.sizing) == (second.side, second.sizing)
    assert [ref.tradingsymbol for ref in second.symbols] == [other]
