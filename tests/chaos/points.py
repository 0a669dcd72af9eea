"""Where the server is killed: before or after a commit, a send, or the broker's taking."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class Step(StrEnum):
    """A durable step of an order; the name says what its transaction holds, or the call."""

    PLAN = "PLAN"
    GATE = "GATE"
    APPROVAL = "APPROVAL"
    SENDING = "SENDING"
    SEND = "SEND"
    ACCEPT = "ACCEPT"
    ACKED = "ACKED"
    FILLS = "FILLS"
    RECONCILE = "RECONCILE"
    NOTICE = "NOTICE"


# Which words of a statement make its transaction the step's.
MARKS: Final[Mapping[Step, tuple[str, ...]]] = {
    Step.PLAN: ("INSERT INTO plans",),
    Step.GATE: ("INSERT INTO risk_decisions",),
    Step.APPROVAL: ("UPDATE cards SET status",),
    Step.FILLS: ("INSERT INTO fills",),
    Step.RECONCILE: ("INSERT INTO reconciliations",),
    Step.NOTICE: ("INSERT INTO broker_notices",),
}
ORDER_CHANGE: Final = "UPDATE orders SET state"
ORDER_STATES: Final = frozenset({Step.SENDING, Step.ACKED})


@dataclass(frozen=True)
class Point:
    """The n-th time the server comes to a step, counted from the first request."""

    when: When
    step: Step
    nth: int = 1

    @property
    def name(self) -> str:
        return f"{self.when.value}:{self.step.value}:{self.nth}"


def point_of(name: str) -> Point:
    """Read a point's name."""
    when, step, nth = name.split(":")
    return Point(When(when), Step(step), int(nth))


BOTH: Final = (When.BEFORE, When.AFTER)
# A basket of two legs is proposed, approved and reconciled; then a postback comes.
POINTS: Final = (
    *(Point(when, Step.PLAN) for when in BOTH),
    *(Point(when, Step.GATE) for when in BOTH),
    *(Point(when, Step.APPROVAL) for when in BOTH),
    *(Point(when, Step.SENDING) for when in BOTH),
    *(Point(when, Step.SEND) for when in BOTH),
    Point(When.AFTER, Step.ACCEPT),
    *(Point(when, Step.ACKED) for when in BOTH),
    *(Point(when, Step.SENDING, 2) for when in BOTH),
    *(Point(when, Step.SEND, 2) for when in BOTH),
    Point(When.AFTER, Step.ACCEPT, 2),
    *(Point(when, Step.ACKED, 2) for when in BOTH),
    *(Point(when, Step.FILLS) for when in BOTH),
    *(Point(when, Step.FILLS, 2) for when in BOTH),
    *(Point(when, Step.RECONCILE) for when in BOTH),
    *(Point(when, Step.NOTICE) for when in BOTH),
)
