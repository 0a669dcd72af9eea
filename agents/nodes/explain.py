"""Say what happened, in sentences made from the facts."""

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.nodes.step import step
from agents.state import TurnState


async def explain(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Speak the explanations; they hold no figure that is not in the trace."""
    context = runtime.context
    with step(context, "explain"):
        context.events.said(" ".join(state.get("explanations", [])))
    return {}
