"""Where a turn goes next: pure functions of its state."""

from typing import Literal

from agents.state import TurnState


def after_parse(state: TurnState) -> Literal["gather", "ask", "answer", "cancel", "explain"]:
    """An order is planned, an unclear one is asked about, a question is answered."""
    targets: dict[str, Literal["gather", "ask", "answer", "cancel"]] = {
        "plan": "gather",
        "ask": "ask",
        "answer": "answer",
        "cancel": "cancel",
    }
    return targets.get(state["path"], "explain")


def after_gather(state: TurnState) -> Literal["plan", "explain"]:
    return "plan" if state["path"] == "plan" else "explain"


def after_plan(state: TurnState) -> Literal["gate", "explain"]:
    return "gate" if state["path"] == "plan" else "explain"


def after_gate(state: TurnState) -> Literal["card", "explain"]:
    return "card" if state["path"] == "plan" else "explain"


def after_execute(state: TurnState) -> Literal["reconcile", "explain"]:
    return "reconcile" if state["path"] == "plan" else "explain"
