"""What a card says already is not printed once more beside it."""

import pytest

from app.cli.echo import besides_cards
from app.cli.past import turn_parts
from tests.unit.cli.cards import Json

RULE = {"rule_id": "EXP-001", "message": "too much", "remedy": "Ask for at most 5"}
SAID = "EXP-001: too much. Ask for at most 5."


def a_shown(kind: str, **fields: object) -> Json:
    return {"id": "crd", "kind": kind, "title": "Title", "status": "INFO", "fields": fields}


@pytest.mark.parametrize(
    ("card", "text", "left"),
    [
        (a_shown("veto", violations=[RULE]), f"This would pass: 5. {SAID}", ""),
        (a_shown("insight", violations=[RULE]), f"It was refused. {SAID} Room 5.",
         "It was refused. Room 5."),
        (a_shown("insight", help="Say what you want."), "Say what you want.", ""),
        (a_shown("insight"), "Two  spaces stay.", "Two  spaces stay."),
    ],
)  # fmt: skip
def test_a_text_is_left_with_what_no_card_says(card: Json, text: str, left: str) -> None:
    assert besides_cards([card], text) == left


def test_an_earlier_turn_says_its_rules_once_too() -> None:
    row = {
        "cards": [a_shown("veto", violations=[RULE])],
        "messages": [
            {"role": "user", "content": "buy"},
            {"role": "assistant", "content": SAID},
        ],
    }
    assert len(list(turn_parts([row], "INR"))) == 2
