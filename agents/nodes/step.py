"""Announce a step while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from agents.context import TurnContext


@contextmanager
def step(context: TurnContext, name: str) -> Iterator[None]:
    """Tell the watchers that a step began and, however it ends, that it finished.

    The tool calls that the step made are told before its end.
    """
    known = len(context.toolbox.calls)
    context.events.step_started(name)
    try:
        yield
    finally:
        for call in context.toolbox.calls[known:]:
            context.events.tool_called(call.tool, call.arguments, call.summary)
        context.events.step_finished(name)
