"""Where a turn goes next."""

import pytest

from agents import routing
from agents.state import Path, TurnState, refused


@pytest.mark.parametrize(
    ("path", "after_parse", "on_plan"),
    [
        ("plan", "gather", True),
        ("ask", "ask", False),
        ("answer", "answer", False),
        ("cancel", "cancel", False),
        ("stop", "explain", False),
    ],
)
def test_only_an_order_that_may_go_on_goes_on_and_everything_else_is_explained(
    path: Path, after_parse: str, on_plan: bool
) -> None:
    state: TurnState = {"path": path}
    assert [
        routing.after_parse(state),
        routing.after_gather(state),
        routing.after_plan(state),
        routing.after_gate(state),
        routing.after_execute(state),
    ] == [
        after_parse,
        *(["plan", "gate", "card", "reconcile"] if on_plan else ["explain"] * 4),
    ]


def test_a_refusal_stops_the_turn_with_its_code_and_whole_sentences() -> None:
    assert refused("DENIED", "SIZE_ZERO", "too small", "", "Ask for more.") == {
        "path": "stop",
        "outcome": "DENIED",
        "error_code": "SIZE_ZERO",
        "explanations": ["Too small.", "Ask for more."],
    }
