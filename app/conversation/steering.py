"""One turn at a time in a thread: what a newer message does to the turns before it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from agents.state import TurnState
from app.conversation.ending import LiveTurn
from riskgate.contracts.traces import SubmittedOrder, TurnOutcome
from tools.ports import Caller, OrderCanceller, ToolRefusal

WAIT: Final = "wait"
# Said while a turn goes on, these end it and mean no more than that.
STOPS: Final = frozenset(
    {
        "stop", "stop it", "stop that", "cancel", "cancel it", "cancel that", "abort", "halt",
        "wait", "never mind", "nevermind", "ruko", "ruk jao", "bas", "band karo",
    }
)  # fmt: skip
STOPPED: Final = "You stopped this turn; nothing was sent."
OVERTAKEN: Final = "A newer message of yours took the place of this one; nothing was sent."
STOPPED_ONE: Final = "Stopped; nothing was sent for your message before."


@dataclass(frozen=True)
class CancellerOf:
    """Cancels orders for a turn, which from then on is not stopped half-way."""

    inner: OrderCanceller
    turn: LiveTurn

    async def cancel(self, caller: Caller, order_id: str) -> SubmittedOrder | ToolRefusal:
        """Cancel one order, unless the turn was stopped before."""
        if self.turn.stopped:
            raise asyncio.CancelledError
        self.turn.executing = True
        return await self.inner.cancel(caller, order_id)


def take_turn(turn: LiveTurn, live: Iterable[LiveTurn]) -> None:
    """Put a turn behind those that go on in its thread, and stop what of them can be stopped.

    Words that a program passed on wait and stop nothing.
    """
    for other in live:
        if other is turn or other.thread != turn.thread or other.task is None:
            continue
        turn.behind.append(other)
        if turn.relay is None and other.can_be_stopped:
            other.overtaken = True
            other.stop()


async def its_turn(turn: LiveTurn) -> None:
    """Wait until every turn before this one in its thread has ended, and say so."""
    tasks = [other.task for other in turn.behind if other.task is not None]
    if not tasks:
        return
    turn.events.step_started(WAIT)
    try:
        await asyncio.wait(tasks)
    finally:
        turn.events.step_finished(WAIT)


def only_stops(turn: LiveTurn) -> bool:
    """Say whether a message did all it asked for by stopping the turn before it."""
    said = " ".join(turn.run.message.lower().split()).rstrip(".!")
    return said in STOPS and any(other.overtaken for other in turn.behind)


def stopped_state(turn: LiveTurn) -> TurnState:
    """Return the end of a turn that was stopped."""
    return {
        "outcome": TurnOutcome.CANCELLED,
        "error_code": "RUN_OVERTAKEN" if turn.overtaken else "RUN_CANCELLED",
        "explanations": [OVERTAKEN if turn.overtaken else STOPPED],
    }


def stopping_state() -> TurnState:
    """Return the end of a turn whose message stopped the one before it."""
    return {"outcome": TurnOutcome.ANSWERED, "error_code": None, "explanations": [STOPPED_ONE]}
