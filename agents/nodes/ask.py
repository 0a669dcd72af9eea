"""Ask for what was not said, with choices, instead of guessing it."""

from langgraph.runtime import Runtime
from pydantic import JsonValue

from agents.context import TurnContext
from agents.intent.model import (
    COOLING,
    REPEAT,
    UNGUARDED,
    Draft,
    ParsedMessage,
    TradeDraft,
)
from agents.nodes.proposer import proposer
from agents.nodes.step import step
from agents.reading.reader import MEANING
from agents.state import TurnState
from riskgate.contracts.cards import CardKind
from riskgate.contracts.traces import TurnOutcome
from tools.ports import CardContent

QUESTIONS = {
    "symbol": "Which instrument?",
    "side": "Buy or sell?",
    "size": "How many?",
    "limit_price": "At what limit price?",
    "trigger_price": "At what trigger price?",
    "stop_loss": "Where is the stop?",
    "condition": "On what condition?",
    "order": "Which order?",
    "changes": "What should change?",
}
CHOICES: dict[str, list[JsonValue]] = {
    "side": ["buy", "sell"],
    REPEAT: ["yes", "never mind"],
    MEANING: ["yes", "never mind"],
    COOLING: ["yes", "never mind"],
    UNGUARDED: ["yes", "never mind"],
}
CODES = {
    REPEAT: "REPEATED_REQUEST",
    COOLING: "COOLING_OFF",
    MEANING: "MEANING_UNSURE",
    UNGUARDED: "STOPS_TAKEN_OFF",
}
MORE_DETAIL = "portfolio_detail"
MORE_DETAIL_QUESTION = (
    "To read that, the language model would have to see which instruments you hold and how many."
    " Show it that once, for this session, or not at all? Only the card decides."
)
MORE_DETAIL_CHOICES: list[JsonValue] = ["once", "session", "deny"]


async def ask(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Show a question card and keep the draft for the answer."""
    context = runtime.context
    if state.get("wants_more"):
        return await _ask_for_more(context)
    parsed = ParsedMessage.model_validate(state["parsed"])
    with step(context, "ask"):
        question, choices = _question(context, parsed)
        question = state.get("question", question)
        trade = parsed.trades[0] if parsed.trades else TradeDraft()
        draft = Draft(
            trade=trade,
            missing=parsed.missing,
            ambiguous=parsed.ambiguous,
            message=state["message"][:500],
            card_id=state.get("supersedes"),
            cancels=tuple(state.get("cancels", ())),
            proposed_by=proposer(context, trade.provenance),
        )
        fields: dict[str, JsonValue] = {
            "question": question,
            "missing": list(parsed.missing),
            "choices": choices,
        }
        content = CardContent(
            kind=CardKind.QUESTION, title=question, fields=fields, provenance=trade.provenance
        )
        card = await context.cards.show(context.caller, content)
        context.events.card(card)
    return {
        "card_id": card.id,
        "draft": draft.model_dump(mode="json"),
        "outcome": TurnOutcome.NEEDS_INPUT,
        "error_code": _code(parsed),
        "explanations": [question],
    }


async def _ask_for_more(context: TurnContext) -> TurnState:
    """Ask a person whether a model may see more; their choice is taken by its own route."""
    fields: dict[str, JsonValue] = {
        "question": MORE_DETAIL_QUESTION,
        "asks_for": MORE_DETAIL,
        "choices": MORE_DETAIL_CHOICES,
    }
    content = CardContent(kind=CardKind.QUESTION, title=MORE_DETAIL_QUESTION, fields=fields)
    with step(context, "ask"):
        card = await context.cards.show(context.caller, content)
        context.events.card(card)
    return {
        "card_id": card.id,
        "outcome": TurnOutcome.NEEDS_INPUT,
        "error_code": "PORTFOLIO_DETAIL_ASKED",
        "explanations": [MORE_DETAIL_QUESTION],
    }


def _code(parsed: ParsedMessage) -> str:
    for name, code in CODES.items():
        if name in parsed.missing:
            return code
    return "SYMBOL_AMBIGUOUS" if parsed.ambiguous else "FIELDS_MISSING"


def _question(context: TurnContext, parsed: ParsedMessage) -> tuple[str, list[JsonValue]]:
    if parsed.ambiguous:
        names: list[JsonValue] = []
        for ref in parsed.ambiguous:
            row = context.directory.get(ref)
            names.append({"value": str(ref), "label": row.name if row else str(ref)})
        return "Which one do you mean?", names
    first = parsed.missing[0] if parsed.missing else "order"
    offers: list[JsonValue] = list(parsed.offers)
    asked = [QUESTIONS.get(name, f"What is the {name}?") for name in parsed.missing]
    if offers:
        asked.append(f"Say {' or '.join(map(repr, parsed.offers))}, or say otherwise.")
    return " ".join(asked) or QUESTIONS[first], offers or CHOICES.get(first, [])
