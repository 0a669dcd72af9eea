"""What jobs work with, and what each says when it is done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from adapters.ports import Clock
from app.conversation.service import Conversation
from app.execution.engine import ExecutionEngine
from app.persistence.database import Database
from app.protection.service import Protector
from app.reconciliation.service import Reconciler

# How long work waits before it is tried for the second, third, ... time; then always the last.
BACK_OFF_S: Final = (1, 2, 5, 10, 30)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The services that jobs use."""

    database: Database
    engine: ExecutionEngine
    reconciler: Reconciler
    protector: Protector
    conversation: Conversation
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Given:
    """A job's ids, and how often it came again before."""

    ids: Mapping[str, str]
    attempt: int


# A task returns in what time it wants to come again; None when there is no more to do.
Task: TypeAlias = Callable[[Parts, Given], Awaitable[timedelta | None]]


def back_off(attempt: int) -> timedelta:
    """Return how long to wait before a try, the first being number 0."""
    return timedelta(seconds=BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
