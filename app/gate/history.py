"""What an account's losses are measured from: kept here, rolled forward with every judgement."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.gate.periods import Periods
from app.persistence import equity
from app.persistence.database import Session
from app.persistence.equity import EquityRecord
from riskgate.contracts.decisions import RiskDecision
from riskgate.contracts.snapshots import Margins
from riskgate.figures import exactly
from riskgate.inputs import EquityHistory
from riskgate.policy import Policy

MONTH_RULE: Final = "LOSS-004"


async def roll(
    session: Session, account_id: str, margins: Margins | None, periods: Periods, *, at: datetime
) -> EquityRecord | None:
    """Bring the account's record up to a book that is judged; the caller holds the account.

    None where no equity was ever known. Equity that is not known or not positive changes nothing.
    """
    before = await equity.find_equity(session, account_id)
    if margins is None or margins.equity <= 0:
        return before
    record = rolled(before, periods, margins)
    if record != before:
        await equity.put_equity(session, account_id, record, at=at)
    return record


def rolled(before: EquityRecord | None, periods: Periods, margins: Margins) -> EquityRecord:
    """Return the record with the periods that have begun since, and the highest equity.

    A period begins with what the broker says that its day began with, else with the equity first
    seen in it. The clock going back begins nothing again.
    """
    now, told = margins.equity, margins.start_of_day_equity
    begun = told if told is not None and told > 0 else now
    if before is None:
        return EquityRecord(
            day=periods.day,
            day_start=begun,
            week=periods.week,
            week_start=begun,
            month=periods.month,
            month_start=begun,
            peak=max(now, begun),
        )
    record = replace(before, peak=max(before.peak, now))
    if periods.day > before.day:
        record = replace(record, day=periods.day, day_start=begun, peak=max(record.peak, begun))
    if periods.week > before.week:
        record = replace(record, week=periods.week, week_start=begun)
    if periods.month > before.month:
        record = replace(record, month=periods.month, month_start=begun)
    return record


def history_of(record: EquityRecord | None) -> EquityHistory | None:
    """Return what the gate is told; None is not known, and opens nothing."""
    if record is None:
        return None
    return EquityHistory(
        week_start=record.week_start,
        month_start=record.month_start,
        peak=record.peak,
        month_spent=record.spent_month == record.month,
    )


def day_start_of(record: EquityRecord | None, margins: Margins | None) -> Decimal | None:
    """Return what the day began with: the broker's word, else ours."""
    if margins is not None and margins.start_of_day_equity is not None:
        return margins.start_of_day_equity
    return None if record is None else record.day_start


async def latch(
    session: Session,
    account_id: str,
    record: EquityRecord | None,
    margins: Margins | None,
    policy: Policy,
    decision: RiskDecision,
    *,
    at: datetime,
) -> bool:
    """Remember that the month's budget was reached, when the decision found it so just now.

    Nothing takes it back before the next month. The limit is the account's own: a tighter one of
    a symbol or strategy refuses, and spends nothing.
    """
    if record is None or margins is None or record.spent_month == record.month:
        return False
    share = policy.limits.loss.monthly_loss_budget_pct
    told = any(
        found.rule_id == MONTH_RULE and found.limit is not None
        for found in (*decision.violations, *decision.waived)
    )
    if share is None or not told:
        return False
    with exactly():
        spent = record.month_start - margins.equity >= share * record.month_start
    if spent:
        await equity.put_equity(
            session, account_id, replace(record, spent_month=record.month), at=at
        )
    return spent
