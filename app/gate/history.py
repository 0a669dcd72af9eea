"""What an account's losses are measured from, kept here and rolled forward with every look at it.

A plan is judged by what its own snapshot makes of the record; only a snapshot that is fit changes
what is kept.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from app.audit.log import Entry, append
from app.errors import Forbidden, Unprocessable
from app.gate.periods import Periods
from app.persistence import equity
from app.persistence.accounts import AccountRecord
from app.persistence.database import Session
from app.persistence.equity import EquityRecord
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.snapshots import BrokerSnapshot, Margins
from riskgate.figures import exactly, seconds_between
from riskgate.inputs import EquityHistory
from riskgate.policy import Policy


async def follow(
    session: Session,
    account: AccountRecord,
    snapshot: BrokerSnapshot,
    policy: Policy,
    periods: Periods,
    *,
    at: datetime,
) -> EquityRecord | None:
    """Return the account's record as of a snapshot; keep it where the snapshot is fit.

    None where no equity was ever known. Equity that is not known or not positive changes nothing.
    What is kept also remembers whether the month's budget was reached just now; what is returned
    does not yet, so that the plan of now is told of the loss itself. The caller holds the account.
    """
    before = await equity.find_equity(session, account.account_id)
    margins = snapshot.margins
    if snapshot.account_id != account.account_id or margins is None or margins.equity <= 0:
        return before
    record = rolled(before, periods, margins, snapshot.as_of)
    if is_fit(snapshot, account, policy, at=at):
        kept = latched(record, margins, policy)
        if kept != before:
            await equity.put_equity(session, account.account_id, kept, at=at)
    return record


class EquityUnknown(Unprocessable):
    """Nothing is known of an account's equity yet."""

    code = "EQUITY_UNKNOWN"
    remedy = "Start the server once, so that the account is compared with its broker."


@dataclass(frozen=True, kw_only=True)
class PeakReset:
    """An account whose highest equity is to be set anew: why, by whom, and whether they may."""

    account_id: str
    reason: str
    by: str
    may_reset: bool


async def reset_peak(session: Session, reset: PeakReset, *, at: datetime) -> EquityRecord:
    """Let the drawdown be measured from the equity known last, and audit it.

    Raises Forbidden without the right, EquityUnknown. The caller holds the account.
    """
    if not reset.may_reset:
        raise Forbidden("setting the highest equity anew needs the role risk_admin")
    before = await equity.find_equity(session, reset.account_id)
    if before is None:
        raise EquityUnknown(f"nothing is known yet of the equity of {reset.account_id}")
    record = replace(before, peak=before.last_equity)
    await equity.put_equity(session, reset.account_id, record, at=at)
    entry = Entry(
        actor=reset.by,
        action="equity.peak_reset",
        entity="account",
        entity_id=reset.account_id,
        body={
            "from": decimal_text(before.peak),
            "to": decimal_text(record.peak),
            "equity_at": time_text(record.last_equity_at),
            "reason": reset.reason,
        },
    )
    await append(session, entry, at=at)
    return record


def is_fit(
    snapshot: BrokerSnapshot, account: AccountRecord, policy: Policy, *, at: datetime
) -> bool:
    """Say whether a snapshot's equity may be kept: what the gate refuses (SYS-003) may not."""
    margins, data = snapshot.margins, policy.limits.data
    if snapshot.account_id != account.account_id or margins is None or margins.equity <= 0:
        return False
    if margins.currency is not account.currency:
        return False
    order_ids = [order.broker_order_id for order in snapshot.orders]
    if len(set(order_ids)) != len(order_ids):
        return False
    age, oldest = seconds_between(snapshot.as_of, at), data.snapshot_age_max_s
    return -age <= data.clock_skew_max_s and (oldest is None or age <= oldest)


def rolled(
    before: EquityRecord | None, periods: Periods, margins: Margins, as_of: datetime
) -> EquityRecord:
    """Return the record with the periods that have begun since, and the highest equity.

    A period begins with the equity last known before it, so that a late first look hides no loss.
    The very first ones begin with what the broker says its day began with, else with the equity
    seen. The clock going back begins nothing again.
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
            last_equity=now,
            last_equity_at=as_of,
        )
    last, record = before.last_equity, replace(before, peak=max(before.peak, now))
    if periods.day > before.day:
        record = replace(record, day=periods.day, day_start=last, peak=max(record.peak, begun))
    if periods.week > before.week:
        record = replace(record, week=periods.week, week_start=last)
    if periods.month > before.month:
        record = replace(record, month=periods.month, month_start=last)
    if as_of >= before.last_equity_at:
        record = replace(record, last_equity=now, last_equity_at=as_of)
    return record


def latched(record: EquityRecord, margins: Margins, policy: Policy) -> EquityRecord:
    """Return the record that remembers the month's budget as reached, where it is.

    Nothing takes it back before the next month. The limit is the account's own: a tighter one of a
    symbol or strategy refuses and spends nothing, a looser one does not keep it from being spent.
    """
    share = policy.limits.loss.monthly_loss_budget_pct
    if share is None:
        return record
    with exactly():
        spent = record.month_start - margins.equity >= share * record.month_start
    return replace(record, spent_month=record.month) if spent else record


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


def day_start_of(
    record: EquityRecord | None, margins: Margins | None, periods: Periods
) -> Decimal | None:
    """Return what the day began with: the higher of the broker's word and ours.

    The broker's day may begin in the middle of the account's.
    """
    known: list[Decimal] = []
    if margins is not None and margins.start_of_day_equity is not None:
        known.append(margins.start_of_day_equity)
    if record is not None and record.day >= periods.day:
        known.append(record.day_start)
    return max(known, default=None)
