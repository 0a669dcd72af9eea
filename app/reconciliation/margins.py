"""Whether what a broker says of its money can be true: pure. We keep no money of our own."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from app.reconciliation.severities import SEVERITY
from riskgate.contracts.snapshots import Margins
from riskgate.contracts.traces import DeltaKind, ReconciliationDelta

# Brokers round, and read money and blocked margin a moment apart.
TOLERANCE: Final = Decimal("0.01")


def margin_deltas(now: Margins | None, before: Margins | None) -> Iterable[ReconciliationDelta]:
    """Yield what cannot be: more to spend than there is, another currency, a day without a start.

    `before` are the margins of the last comparison. A broker that gives no margins at all is
    the gate's business, which refuses to judge without them.
    """
    if now is None:
        return
    most = now.equity + now.used
    if now.available > most + abs(most) * TOLERANCE:
        yield _delta(
            "available",
            f"{now.available} may be spent of equity {now.equity} and {now.used} in use",
            expected=most,
            actual=now.available,
        )
    if before is None:
        return
    if before.currency is not now.currency:
        yield _delta("currency", f"the account was in {before.currency} and is in {now.currency}")
    if before.start_of_day_equity is not None and now.start_of_day_equity is None:
        yield _delta(
            "start_of_day",
            "the broker no longer says what the account was worth at the start of the day",
            expected=before.start_of_day_equity,
        )


def _delta(
    name: str, message: str, *, expected: Decimal | None = None, actual: Decimal | None = None
) -> ReconciliationDelta:
    kind = DeltaKind.MARGINS_IMPLAUSIBLE
    return ReconciliationDelta(
        kind=kind,
        severity=SEVERITY[kind],
        key=f"margins:{name}",
        message=f"margins: {message}",
        expected=expected,
        actual=actual,
    )
