"""Kinds of order that are not offered are told, and never left out of an order in silence."""

import pytest

from agents.intent.model import Draft, MessageKind
from tests.unit.intent.talk import codes, say


@pytest.mark.parametrize(
    ("said", "word", "kind"),
    [
        ("buy 10 infy bo", "bo", "bracket orders"),
        ("buy 10 infy as a bracket order sl 1450 target 1550", "as a bracket order", "bracket"),
        ("sell 10 tcs co sl 3400", "co", "cover orders"),
        ("buy 10 infy at 1480 amo", "amo", "after-market orders"),
        ("buy 10 infy iceberg", "iceberg", "iceberg orders"),
    ],
)
def test_a_kind_that_is_not_offered_is_named(said: str, word: str, kind: str) -> None:
    (problem,) = say(said).problems
    assert (problem.code, problem.field) == ("NOT_AVAILABLE", "variety")
    assert problem.message.startswith(f"'{word}' asks for {kind}")


def test_no_question_comes_before_it_that_would_finish_the_order_without_it() -> None:
    parsed = say("buy 10 tata bo")
    assert parsed.kind is MessageKind.CHAT
    assert codes(parsed) == ["NOT_AVAILABLE"]


def test_a_change_of_a_waiting_order_tells_it_too() -> None:
    waits = Draft(
        trade=say("buy 10 infy").trades[0], missing=(), message="buy 10 infy", card_id="card-1"
    )
    parsed = say("make it 20 bo", draft=waits)
    assert parsed.trades == ()
    assert codes(parsed) == ["NOT_AVAILABLE"]
