"""Who is sending a plan's orders: one process at a time, and a paused one finds its token stale."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.persistence.database import Session


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to send a plan's orders. `token` grows with every holder of the plan."""

    plan_id: str
    holder: str
    token: int


async def take(
    session: Session, plan_id: str, *, holder: str, at: datetime, ttl: timedelta
) -> Lease | None:
    """Take the plan's lease, over from a holder whose time is over; None when another has it.

    One that lasts longer than any lease was taken before the clock went back, and is over.
    """
    row = await session.fetch_one(
        "INSERT INTO plan_leases AS held (tenant_id, plan_id, holder, token, expires_at)"
        " VALUES (%s, %s, %s, 1, %s)"
        " ON CONFLICT (tenant_id, plan_id) DO UPDATE SET holder = excluded.holder,"
        " token = held.token + 1, expires_at = excluded.expires_at"
        " WHERE held.expires_at <= %s OR held.expires_at > %s RETURNING token",
        (session.tenant_id, plan_id, holder, at + ttl, at, at + 2 * ttl),
    )
    return None if row is None else Lease(plan_id=plan_id, holder=holder, token=row["token"])


async def renew(session: Session, lease: Lease, *, at: datetime, ttl: timedelta) -> bool:
    """Hold on to the lease in the caller's transaction; False when it is another's or over."""
    touched = await session.execute(
        "UPDATE plan_leases SET expires_at = %s WHERE tenant_id = %s AND plan_id = %s"
        " AND token = %s AND expires_at > %s",
        (at + ttl, session.tenant_id, lease.plan_id, lease.token, at),
    )
    return touched == 1


async def release(session: Session, lease: Lease, *, at: datetime) -> None:
    """Let go of the lease, unless another has it already."""
    await session.execute(
        "UPDATE plan_leases SET expires_at = %s WHERE tenant_id = %s AND plan_id = %s"
        " AND token = %s",
        (at, session.tenant_id, lease.plan_id, lease.token),
    )


async def void_all(session: Session, *, at: datetime) -> None:
    """End every lease: their holders are known to be gone."""
    await session.execute(
        "UPDATE plan_leases SET expires_at = %s WHERE tenant_id = %s AND expires_at > %s",
        (at, session.tenant_id, at),
    )


async def being_sent(session: Session, *, at: datetime, ttl: timedelta) -> frozenset[str]:
    """Return the plans that somebody is sending now."""
    rows = await session.fetch_all(
        "SELECT plan_id FROM plan_leases WHERE tenant_id = %s AND expires_at > %s"
        " AND expires_at <= %s",
        (session.tenant_id, at, at + 2 * ttl),
    )
    return frozenset(row["plan_id"] for row in rows)
