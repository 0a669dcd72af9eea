"""How soon a person should look at each kind of difference."""

from typing import Final

from riskgate.contracts.traces import DeltaKind, DeltaSeverity

SEVERITY: Final = {
    DeltaKind.POSITION_QTY_MISMATCH: DeltaSeverity.HIGH,
    # Money at risk that nobody here decided on.
    DeltaKind.POSITION_EXTRA_AT_BROKER: DeltaSeverity.HIGH,
    DeltaKind.ORDER_DUPLICATE_TAG: DeltaSeverity.HIGH,
    DeltaKind.ORDER_OUTCOME_UNKNOWN: DeltaSeverity.HIGH,
    DeltaKind.ORDER_UNEXPECTED_AT_BROKER: DeltaSeverity.HIGH,
    DeltaKind.FILL_NOT_BOOKED: DeltaSeverity.HIGH,
    # What it filled before it ended is not known, and what it protected may stand bare.
    DeltaKind.ORDER_ENDED_UNSEEN: DeltaSeverity.HIGH,
    DeltaKind.ORDER_RULED_UNSEEN: DeltaSeverity.HIGH,
    DeltaKind.POSITION_MISSING_AT_BROKER: DeltaSeverity.MEDIUM,
    DeltaKind.ORDER_STATE_MISMATCH: DeltaSeverity.MEDIUM,
    DeltaKind.ORDER_MISSING_AT_BROKER: DeltaSeverity.MEDIUM,
    DeltaKind.FILL_MISSING_AT_BROKER: DeltaSeverity.MEDIUM,
    DeltaKind.MARGINS_IMPLAUSIBLE: DeltaSeverity.MEDIUM,
    DeltaKind.PLAN_INCOMPLETE: DeltaSeverity.MEDIUM,
    DeltaKind.ORDER_EXTRA_AT_BROKER: DeltaSeverity.LOW,
}
