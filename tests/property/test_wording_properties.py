"""A model's wording never changes a fact, nor what is meant."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.insights.wording import DECIDING, masked, reworded

SAID = [
    "NSE:INFY CNC 10 at 900; NSE:TCS MIS -5 at 900.",
    "Unrealised P&L -1200.5.",
    "BUY 10 NSE:INFY limit 1480: open, 4 filled so far at 1479.5.",
    "“buy 100000 TCS” was refused (dec_1a2b3c).",
    "Equity 1000000 INR, available 950000.",
]
GIVEN = masked(SAID)
PIECES = GIVEN.text.split()
ADDED = (
    *("not", "refused", "7", "INFY", "sell", "double", "guaranteed", "⟦1⟧", "⟦99⟧", "https://x"),
    *("great", "₹5", "[x]", "<b>", "५"),
)


def test_every_figure_name_and_quotation_is_taken_out() -> None:
    assert "NSE" not in GIVEN.text
    assert "TCS" not in GIVEN.text
    assert not any(digit in GIVEN.text.replace("⟦", " ").split() for digit in "0123456789")
    assert "“buy 100000 TCS”" in GIVEN.facts
    assert "-1200.5" in GIVEN.facts


def test_the_same_words_give_the_same_facts_back() -> None:
    assert reworded(GIVEN.text, GIVEN) == " ".join(SAID)


def test_small_words_may_be_added() -> None:
    given_ = masked(["Equity 5 INR, available 3."])
    assert reworded("Your equity ⟦1⟧ ⟦2⟧, and available ⟦3⟧.", given_) == (
        "Your equity 5 INR, and available 3."
    )


@settings(max_examples=100)
@given(at=st.integers(0, len(PIECES)), word=st.sampled_from(ADDED))
def test_nothing_that_claims_anything_is_added(at: int, word: str) -> None:
    assert reworded(" ".join([*PIECES[:at], word, *PIECES[at:]]), GIVEN) is None


@settings(max_examples=100)
@given(at=st.integers(0, len(PIECES) - 1))
def test_no_fact_and_no_deciding_word_is_left_out(at: int) -> None:
    word = PIECES[at].strip(".,;:").casefold()
    assume("⟦" in word or word in DECIDING)
    assert reworded(" ".join([*PIECES[:at], *PIECES[at + 1 :]]), GIVEN) is None


@settings(max_examples=100)
@given(pair=st.tuples(st.integers(1, len(GIVEN.facts)), st.integers(1, len(GIVEN.facts))))
def test_no_two_facts_are_swapped(pair: tuple[int, int]) -> None:
    one, other = (f"⟦{number}⟧" for number in pair)
    assume(one != other)
    swapped = GIVEN.text.replace(one, "⟦0⟧").replace(other, one).replace("⟦0⟧", other)
    assert reworded(swapped, GIVEN) is None


@given(text=st.text(max_size=200))
def test_any_text_is_refused_or_faithful(text: str) -> None:
    assert reworded(text, GIVEN) is None
