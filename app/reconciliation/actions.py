"""What a person may do about an exception, by its kind and cause: pure."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.reconciliation.causes import POSITION_KINDS
from riskgate.contracts.traces import DeltaCause, DeltaKind, ReconciliationDelta


class Action(StrEnum):
    """One way to put an exception right; only a person starts one."""

    ADOPT = "ADOPT"
    RULE_ABSENT = "RULE_ABSENT"
    RULE_ENDED = "RULE_ENDED"
    CANCEL_DUPLICATE = "CANCEL_DUPLICATE"
    CLOSE_POSITION = "CLOSE_POSITION"
    ACKNOWLEDGE = "ACKNOWLEDGE"


BY_KIND: Final = {
    DeltaKind.POSITION_QTY_MISMATCH: (Action.ADOPT, Action.CLOSE_POSITION),
    DeltaKind.POSITION_EXTRA_AT_BROKER: (Action.ADOPT, Action.CLOSE_POSITION),
    DeltaKind.POSITION_MISSING_AT_BROKER: (Action.ADOPT,),
    DeltaKind.ORDER_OUTCOME_UNKNOWN: (Action.RULE_ABSENT,),
    DeltaKind.ORDER_DUPLICATE_TAG: (Action.CANCEL_DUPLICATE, Action.ADOPT),
    DeltaKind.ORDER_UNEXPECTED_AT_BROKER: (Action.CANCEL_DUPLICATE, Action.ADOPT),
    DeltaKind.ORDER_ENDED_UNSEEN: (Action.RULE_ENDED,),
    DeltaKind.ORDER_RULED_UNSEEN: (Action.ACKNOWLEDGE,),
    DeltaKind.FILL_NOT_BOOKED: (Action.ADOPT,),
    DeltaKind.PLAN_INCOMPLETE: (Action.CLOSE_POSITION, Action.ACKNOWLEDGE),
}
# Nothing there was opened by a mistake that closing could undo.
NEVER_CLOSED: Final = frozenset({DeltaCause.SQUARE_OFF, DeltaCause.CORPORATE_ACTION})
NAMED_TWICE: Final = frozenset(
    {DeltaKind.ORDER_DUPLICATE_TAG, DeltaKind.ORDER_UNEXPECTED_AT_BROKER}
)


def possible(delta: ReconciliationDelta) -> tuple[Action, ...]:
    """Return the actions that fit; none for what the broker only shows late."""
    lags = delta.cause is DeltaCause.BROKER_LAG
    if lags and delta.kind not in NAMED_TWICE:
        return ()
    actions = BY_KIND.get(delta.kind, ())
    if delta.kind not in POSITION_KINDS or _may_close(delta):
        return actions
    return tuple(action for action in actions if action is not Action.CLOSE_POSITION)


def _may_close(delta: ReconciliationDelta) -> bool:
    """Say whether the broker holds more than we expected, on the same side or on the other."""
    mine, truth = delta.expected or Decimal(0), delta.actual or Decimal(0)
    grew = truth != 0 and (mine * truth <= 0 or abs(truth) > abs(mine))
    return grew and delta.cause not in NEVER_CLOSED
