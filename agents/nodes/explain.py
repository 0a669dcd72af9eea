"""Say what happened, in sentences made from the facts."""

from typing import Final

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.nodes.step import step
from agents.state import TurnState
from riskgate.contracts.traces import TurnOutcome

MODEL_CODES: Final = "MODEL_"
MODEL_DID_NOT_HELP: Final = (
    "The language model gave no usable answer ({code}), so this was read by our own tables alone."
)


async def explain(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Speak the explanations; they hold no figure that is not in the trace.

    Answers may be worded by a model; what became of an order never is.
    """
    context = runtime.context
    sentences = state.get("explanations", [])
    with step(context, "explain"):
        worded = None
        if context.writer is not None and state.get("outcome") == TurnOutcome.ANSWERED:
            worded = await context.writer.word(sentences, context.model)
        context.events.said(" ".join(sentences) if worded is None else worded.shown)
        failed = _model_failure(state)
        # Only once: a card that wakes the turn again does not read the message again.
        if failed is not None and "approval" not in state:
            context.events.said(MODEL_DID_NOT_HELP.format(code=failed))
    return {} if worded is None else {"worded": worded.model_dump(mode="json")}


def _model_failure(state: TurnState) -> str | None:
    """Return why the model's reading could not be used, None where it could or was not asked."""
    notes = state.get("reading", {}).get("notes", [])
    return next((note for note in notes if note.startswith(MODEL_CODES)), None)
