"""What holds for every message whatever."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.intent.complete import to_intent
from agents.intent.model import Draft, HeldPosition, MessageKind, ParsedMessage
from agents.intent.vocabulary.lexicon import LEXICON
from agents.intent.vocabulary.numbers import FRACTIONS, MIXED, PARTS, SCALES, UNITS
from riskgate.contracts.intents import ProvenanceSource, TradeIntent
from riskgate.contracts.orders import OrderType, Product
from tests.unit.intent.fake_directory import FakeDirectory, ref
from tests.unit.intent.talk import say, unfinished

WORDS = sorted({*LEXICON, *FakeDirectory().names()})
NUMBERS = [
    "0",
    "-1",
    "10",
    "1.5",
    "nan",
    "inf",
    "1e9",
    "1e999999",
    "1,50,000",
    "9" * 60,
    "₹5",
    "7%",
]
DRAFTS = [unfinished(said) for said in ("buy infy", "buy 10 hdfc", "limit order buy infy")]
FOCUS = ref("INFY")
HELD = (
    HeldPosition(instrument=ref("INFY"), quantity=Decimal(10)),
    HeldPosition(instrument=ref("TCS"), quantity=Decimal(-5), product=Product.MIS),
)

jumbles = st.lists(st.sampled_from(WORDS) | st.sampled_from(NUMBERS), max_size=12).map(" ".join)
anything = st.text() | st.text(st.characters()) | jumbles


def check_words(message: str, parsed: ParsedMessage) -> None:
    for trade in parsed.trades:
        for source in trade.provenance.values():
            if source.source is ProvenanceSource.UI:
                assert (trade.symbols, source.text) == ((FOCUS,), str(FOCUS))
                continue
            assert source.source is ProvenanceSource.USER_SPAN
            assert message[source.start : source.end] == source.text


@settings(max_examples=400, deadline=None)
@given(anything)
def test_no_message_raises_and_every_field_has_its_words(message: str) -> None:
    parsed = say(message, positions=HELD, focus=FOCUS)
    check_words(message, parsed)
    assert bool(parsed.trades) == (parsed.kind is MessageKind.TRADE)


@settings(max_examples=300, deadline=None)
@given(anything, st.sampled_from(DRAFTS))
def test_no_answer_raises(message: str, draft: Draft) -> None:
    parsed = say(message, draft=draft, positions=HELD)
    assert not (parsed.trades and parsed.drops_draft)


@settings(max_examples=300, deadline=None)
@given(jumbles)
def test_a_draft_becomes_an_intent_or_problems(message: str) -> None:
    for trade in say(message, positions=HELD).trades:
        built = to_intent(trade, default_product=Product.CNC, default_order_type=OrderType.MARKET)
        assert isinstance(built, TradeIntent) or built


@settings(max_examples=200, deadline=None)
@given(jumbles)
def test_the_same_message_is_always_read_the_same(message: str) -> None:
    assert say(message, positions=HELD) == say(message, positions=HELD)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(categories=["Lo", "Ll"]), min_size=5, max_size=12))
def test_an_unknown_word_added_to_an_order_never_leaves_it_an_order(word: str) -> None:
    numbers = {*UNITS, *SCALES, *FRACTIONS, *PARTS, *MIXED}
    known = {*LEXICON, *FakeDirectory().names(), *numbers}
    if word.casefold() not in known:
        assert say(f"buy 10 infy {word}").kind is not MessageKind.TRADE
