"""A conversation is named by its first words."""

import pytest

from app.conversation.history import TITLE_MAX, UNTITLED, title_of


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("buy 10 INFY", "buy 10 INFY"),
        ("  buy\n\n10\tINFY ", "buy 10 INFY"),
        ("", UNTITLED),
        ("one " * 30, "one " * 19 + "one…"),
        ("x" * 200, "x" * TITLE_MAX + "…"),
    ],
)
def test_a_title_is_the_first_words_on_one_line_cut_between_two(words: str, title: str) -> None:
    assert title_of(words) == title
