"""Claims about a message are checked against its own words."""

from decimal import Decimal

import pytest

from agents.intent.grounding import Ground, grounded
from agents.intent.model import Draft, ParseContext, TradeDraft
from agents.intent.normalise import read
from agents.intent.spans import is_deceptive, places
from agents.intent.tag import tag
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Provenance, ProvenanceSource, Sizing, SizingMethod
from riskgate.contracts.orders import Side
from tests.unit.intent.fake_directory import FakeDirectory, ref
from tests.unit.intent.talk import NOW, say

MESSAGE = "buy 10 INFY at 1480"


def ground_of(
    message: str = MESSAGE, *, focus: InstrumentRef | None = None, draft: Draft | None = None
) -> Ground:
    directory = FakeDirectory()
    context = ParseContext(now=NOW, focus_symbol=focus, draft=draft)
    return Ground.of(message, tag(read(message), directory.names()), directory, context)


def span(text: str, start: int) -> Provenance:
    return Provenance(
        source=ProvenanceSource.USER_SPAN, text=text, start=start, end=start + len(text)
    )


def a_trade(**fields: object) -> TradeDraft:
    return TradeDraft.model_validate(fields)


def codes(ground: Ground, trade: TradeDraft) -> list[str]:
    return [problem.code for problem in ground.ungrounded(trade)]


def test_a_value_without_any_source_is_refused() -> None:
    assert codes(ground_of(), a_trade(side=Side.BUY)) == ["PROV-001"]


def test_words_that_are_not_there_are_refused() -> None:
    trade = a_trade(side=Side.BUY, provenance={"side": span("buy", 4)})
    assert codes(ground_of(), trade) == ["PROV-002"]


def test_words_that_say_something_else_are_refused() -> None:
    ten = Sizing(method=SizingMethod.QUANTITY, value=Decimal(100))
    trade = a_trade(sizing=ten, provenance={"sizing": span("10", 4)})
    assert codes(ground_of(), trade) == ["PROV-003"]


def test_half_a_number_says_nothing() -> None:
    trade = a_trade(limit_price=Decimal(148), provenance={"limit_price": span("148", 15)})
    assert codes(ground_of(), trade) == ["PROV-003"]


def test_a_default_may_not_decide_while_words_are_read() -> None:
    source = Provenance(source=ProvenanceSource.POLICY_DEFAULT, text="account default: BUY")
    assert codes(ground_of(), a_trade(side=Side.BUY, provenance={"side": source})) == ["PROV-004"]


def test_only_the_symbol_chosen_in_the_page_comes_from_the_page() -> None:
    source = Provenance(source=ProvenanceSource.UI, text="NSE:INFY")
    trade = a_trade(symbols=(ref("INFY"),), provenance={"symbols": source})
    assert codes(ground_of(focus=ref("INFY")), trade) == []
    assert codes(ground_of(focus=ref("TCS")), trade) == ["PROV-004"]
    assert codes(ground_of(), trade) == ["PROV-004"]


def test_a_word_of_two_alphabets_is_refused() -> None:
    message = "buy 10 INFΥ"  # the last letter is Greek
    trade = a_trade(symbols=(ref("INFY"),), provenance={"symbols": span(message[7:], 7)})
    assert codes(ground_of(message), trade) == ["PROV-005"]


def test_what_an_earlier_turn_said_was_checked_then() -> None:
    earlier = a_trade(side=Side.BUY, provenance={"side": span("purchase", 0)})
    draft = Draft(trade=earlier, missing=("symbol",), message="purchase")
    assert codes(ground_of("INFY", draft=draft), earlier) == []
    changed = a_trade(side=Side.BUY, provenance={"side": span("INFY", 0)})
    assert codes(ground_of("INFY", draft=draft), changed) == ["PROV-003"]


def test_an_ungrounded_trade_is_refused_whole() -> None:
    parsed = say(MESSAGE)
    assert grounded(parsed, ground_of()) == parsed
    false = parsed.trades[0].model_copy(update={"limit_price": Decimal(1)})
    answer = grounded(parsed.model_copy(update={"trades": (false,)}), ground_of())
    assert answer.trades == ()
    assert [problem.code for problem in answer.problems] == ["PROV-003"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("10", ((4, 6),)),
        ("infy", ((7, 11),)),
        ("1480", ((15, 19),)),
        ("148", ()),
        ("", ()),
        ("sell", ()),
    ],
)
def test_words_are_found_where_they_stand_whole(
    words: str, found: tuple[tuple[int, int], ...]
) -> None:
    assert places(MESSAGE, words) == found


@pytest.mark.parametrize("text", ["CIPL\u0391", "INFY\u200b", "\u202eYFNI", "\u0421IPLA"])
def test_deceptive_words_are_known(text: str) -> None:
    assert is_deceptive(text)


@pytest.mark.parametrize("text", ["INFY", "M&M", "खरीदो INFY", "ＩＮＦＹ", "BAJAJ-AUTO 10"])
def test_honest_words_are_not_taken_for_deceptive(text: str) -> None:
    assert not is_deceptive(text)
