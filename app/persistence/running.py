"""The running state of an account, and the panic closes asked of it."""

from dataclasses import dataclass
from datetime import datetime

from app.persistence.database import Session


@dataclass(frozen=True, kw_only=True)
class PanicRecord:
    """One panic close: who asked why. It goes on until it is ended by a resume.

    Nothing is placed to protect the account's positions until `holds_until`.
    """

    panic_id: str
    account_id: str
    reason: str
    asked_by: str
    asked_at: datetime
    holds_until: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RunningState:
    """A state that people set, by whom and why."""

    state: str
    reason: str
    set_by: str
    set_at: datetime | None


async def running_state(session: Session, account_id: str) -> RunningState | None:
    row = await session.fetch_one(
        "SELECT state, reason, set_by, set_at FROM running_states"
        " WHERE tenant_id = %s AND account_id = %s",
        (session.tenant_id, account_id),
    )
    return RunningState(**row) if row else None


async def set_running_state(session: Session, account_id: str, state: RunningState) -> None:
    await session.execute(
        "INSERT INTO running_states (tenant_id, account_id, state, reason, set_by, set_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, account_id) DO UPDATE SET"
        " state = excluded.state, reason = excluded.reason, set_by = excluded.set_by,"
        " set_at = excluded.set_at",
        (session.tenant_id, account_id, state.state, state.reason, state.set_by, state.set_at),
    )


async def running_panic(session: Session, account_id: str) -> PanicRecord | None:
    """Return the account's panic that was not ended by a resume."""
    row = await session.fetch_one(
        "SELECT panic_id, account_id, reason, asked_by, asked_at, holds_until, ended_at"
        " FROM panics WHERE tenant_id = %s AND account_id = %s AND ended_at IS NULL",
        (session.tenant_id, account_id),
    )
    return PanicRecord(**row) if row else None


async def add_panic(session: Session, panic: PanicRecord) -> None:
    await session.execute(
        "INSERT INTO panics (tenant_id, panic_id, account_id, reason, asked_by, asked_at,"
        " holds_until) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            session.tenant_id,
            panic.panic_id,
            panic.account_id,
            panic.reason,
            panic.asked_by,
            panic.asked_at,
            panic.holds_until,
        ),
    )


async def hold_panic(session: Session, panic_id: str, *, until: datetime) -> None:
    await session.execute(
        "UPDATE panics SET holds_until = %s WHERE tenant_id = %s AND panic_id = %s",
        (until, session.tenant_id, panic_id),
    )


async def end_panic(session: Session, account_id: str, *, at: datetime) -> None:
    await session.execute(
        "UPDATE panics SET ended_at = %s WHERE tenant_id = %s AND account_id = %s"
        " AND ended_at IS NULL",
        (at, session.tenant_id, account_id),
    )
