"""Words about the page itself are answered with what it shows, and nothing else is."""

import pytest

from agents.intent.model import QueryDetail, QueryTopic
from agents.intent.pages import page_topic


@pytest.mark.parametrize(
    ("message", "page", "topic"),
    [
        ("what is this?", "positions", (QueryTopic.POSITIONS, None)),
        ("Explain this page please", "/orders/", (QueryTopic.ORDERS, None)),
        ("refresh", "risk-limits", (QueryTopic.RISK, None)),
        ("what am I looking at", "Exceptions", (QueryTopic.EXCEPTIONS, None)),
        ("reload this page now", "decisions", (QueryTopic.DECISION, QueryDetail.LOG)),
        ("What’s this", "portfolio", (QueryTopic.PORTFOLIO, QueryDetail.BRIEF)),
        ("what is this?", "chart", (QueryTopic.QUOTE, None)),
    ],
)
def test_a_question_about_the_page_asks_for_what_it_shows(
    message: str, page: str, topic: tuple[QueryTopic, QueryDetail | None]
) -> None:
    assert page_topic(message, page) == topic


@pytest.mark.parametrize(
    ("message", "page"),
    [
        ("what is this?", None),
        ("what is this?", "chat"),
        ("what is this?", "buy 10 INFY"),
        ("buy this", "positions"),
        ("sell this page", "positions"),
        ("refresh my order of 10 INFY", "orders"),
        ("what is a stop?", "orders"),
    ],
)
def test_anything_else_is_not_about_the_page(message: str, page: str | None) -> None:
    assert page_topic(message, page) is None
