"""The equity that an account's losses are counted from."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.persistence.database import Session


@dataclass(frozen=True, kw_only=True)
class EquityRecord:
    """An account's periods by name with the equity each began with, and its highest equity.

    `last_equity` is the equity seen last, of `last_equity_at`; `spent_month` is the month whose
    loss budget was reached last.
    """

    day: str
    day_start: Decimal
    week: str
    week_start: Decimal
    month: str
    month_start: Decimal
    peak: Decimal
    last_equity: Decimal
    last_equity_at: datetime
    spent_month: str | None = None


async def find_equity(session: Session, account_id: str) -> EquityRecord | None:
    row = await session.fetch_one(
        "SELECT day, day_start, week, week_start, month, month_start, peak, last_equity,"
        " last_equity_at, spent_month FROM equity_history WHERE tenant_id = %s AND account_id = %s",
        (session.tenant_id, account_id),
    )
    return EquityRecord(**row) if row else None


async def put_equity(
    session: Session, account_id: str, record: EquityRecord, *, at: datetime
) -> None:
    """Store an account's record; the caller holds the account."""
    await session.execute(
        "INSERT INTO equity_history (tenant_id, account_id, day, day_start, week, week_start,"
        " month, month_start, peak, last_equity, last_equity_at, spent_month, updated_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, account_id) DO UPDATE SET day = excluded.day,"
        " day_start = excluded.day_start, week = excluded.week,"
        " week_start = excluded.week_start, month = excluded.month,"
        " month_start = excluded.month_start, peak = excluded.peak,"
        " last_equity = excluded.last_equity, last_equity_at = excluded.last_equity_at,"
        " spent_month = excluded.spent_month, updated_at = excluded.updated_at",
        (
            session.tenant_id,
            account_id,
            record.day,
            record.day_start,
            record.week,
            record.week_start,
            record.month,
            record.month_start,
            record.peak,
            record.last_equity,
            record.last_equity_at,
            record.spent_month,
            at,
        ),
    )
