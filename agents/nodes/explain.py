"""Say what happened, in sentences made from the facts."""

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.nodes.step import step
from agents.state import TurnState
from riskgate.contracts.traces import TurnOutcome


async def explain(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Speak the explanations; they hold no figure that is not in the trace.

    Answers may be worded by a model; what became of an order never is.
    """
    context = runtime.context
    sentences = state.get("explanations", [])
    with step(context, "explain"):
        said = " ".join(sentences)
        if context.writer is not None and state.get("outcome") == TurnOutcome.ANSWERED:
            said = await context.writer.word(sentences, context.model)
        context.events.said(said)
    return {}
