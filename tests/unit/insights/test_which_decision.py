"""A question about a refusal is answered about the newest refusal, never about a late expiry."""

from datetime import timedelta
from typing import Any

import pytest

from agents.insights.decisions import (
    EXPIRED,
    EXPIRED_SAID,
    about_trades,
    decision_insight,
    expired_since,
    meant,
)
from agents.intent.model import MessageKind, ParsedMessage, QueryDetail, QueryTopic
from riskgate.contracts.traces import DecisionTrace, TurnOutcome
from tests.fakes.turn import CALLER
from tests.unit.contracts.samples import the_trace
from tests.unit.riskgate.builders import NOW

WHY_NOT = ParsedMessage(
    kind=MessageKind.QUERY, topic=QueryTopic.DECISION, detail=QueryDetail.WHY_NOT
)


def a_trace(words: str, minute: int, outcome: TurnOutcome, **changes: Any) -> DecisionTrace:
    return the_trace().model_copy(
        update={
            "decision_id": f"dec-{minute}",
            "user_message": words,
            "started_at": NOW + timedelta(minutes=minute),
            "final_outcome": outcome,
            "orders_submitted": (),
            "account_id": CALLER.account_id,
            "user_id": CALLER.user_id,
            "thread_id": CALLER.thread_id,
            **changes,
        }
    )


def expired(words: str, minute: int, **changes: Any) -> DecisionTrace:
    return a_trace(words, minute, TurnOutcome.NOT_EXECUTED, error_code=EXPIRED, **changes)


def denied(words: str, minute: int, **changes: Any) -> DecisionTrace:
    return a_trace(words, minute, TurnOutcome.DENIED, error_code="EXP-001", **changes)


@pytest.mark.parametrize("told_first", [0, 1])
def test_a_card_that_expires_after_a_refusal_is_not_the_refusal(told_first: int) -> None:
    refused, late = denied("buy 9000 INFY", 2), expired("buy 10 INFY", 1)
    # The expiry is told of after the refusal, so it stands first in the list.
    told = [late, refused][told_first:] + [late, refused][:told_first]
    found = about_trades(told, CALLER)
    assert meant(found, WHY_NOT, CALLER.thread_id) == refused
    assert expired_since(found, refused) is None


def test_a_newer_card_that_expired_is_told_before_the_refusal() -> None:
    refused, late = denied("buy 9000 INFY", 1), expired("buy 10 INFY", 2)
    found = about_trades([late, refused], CALLER)
    assert meant(found, WHY_NOT, CALLER.thread_id) == refused
    said = expired_since(found, refused)
    assert said is not None
    assert "“buy 10 INFY”, was not refused" in said
    assert EXPIRED in said


def test_where_nothing_was_refused_an_expired_card_is_said_to_be_one() -> None:
    late = expired("buy 10 INFY", 1)
    chosen = meant(about_trades([late], CALLER), WHY_NOT, CALLER.thread_id)
    assert chosen == late
    said = decision_insight(late, (), for_user="usr-1").said
    assert said[-1] == EXPIRED_SAID
    assert EXPIRED in said[-1]


def test_the_newest_refusal_of_this_conversation_comes_before_one_of_another() -> None:
    here, elsewhere = denied("here", 1), denied("elsewhere", 5, thread_id="other")
    found = about_trades([elsewhere, here], CALLER)
    assert meant(found, WHY_NOT, CALLER.thread_id) == here
