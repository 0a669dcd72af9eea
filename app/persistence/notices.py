"""Postbacks as they came, each kept once."""

from datetime import datetime

from app.persistence.database import Session


async def add_notice(
    session: Session, *, notice_id: str, broker_order_id: str, body: str, at: datetime
) -> bool:
    """Keep a postback; False when the same one came before."""
    touched = await session.execute(
        "INSERT INTO broker_notices (tenant_id, notice_id, broker_order_id, body, received_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (session.tenant_id, notice_id, broker_order_id, body, at),
    )
    return touched == 1
