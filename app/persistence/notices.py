"""Postbacks as they came, each kept once."""

from datetime import datetime

from app.persistence.database import Session

NOTICES_MAX = 100


async def add_notice(
    session: Session, *, notice_id: str, broker_order_id: str, body: str, at: datetime
) -> bool:
    """Keep a postback; False when the same one came before, or enough of its order."""
    touched = await session.execute(
        "INSERT INTO broker_notices (tenant_id, notice_id, broker_order_id, body, received_at)"
        " SELECT %s, %s, %s, %s, %s WHERE (SELECT count(*) FROM broker_notices"
        " WHERE tenant_id = %s AND broker_order_id = %s) < %s ON CONFLICT DO NOTHING",
        (
            session.tenant_id,
            notice_id,
            broker_order_id,
            body,
            at,
            session.tenant_id,
            broker_order_id,
            NOTICES_MAX,
        ),
    )
    return touched == 1
