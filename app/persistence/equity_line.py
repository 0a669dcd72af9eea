"""The equity that stored snapshots of the broker tell, as a line."""

from datetime import datetime

from app.persistence.database import Session
from riskgate.contracts.insights import EquityPoint


async def equity_line(
    session: Session, account_id: str, *, since: datetime, points: int
) -> list[EquityPoint]:
    """Return the equity of up to `points` snapshots since a moment, oldest first.

    The time is cut into equal parts; of each, the last snapshot that tells an equity is taken.
    """
    rows = await session.fetch_all(
        "WITH told AS (SELECT snapshot_id, as_of, body->'margins'->>'equity' AS equity"
        " FROM snapshots WHERE tenant_id = %s AND account_id = %s AND kind = 'broker'"
        " AND as_of >= %s AND body->'margins'->>'equity' IS NOT NULL),"
        " cut AS (SELECT *, ntile(%s) OVER (ORDER BY as_of, snapshot_id) AS part FROM told)"
        " SELECT DISTINCT ON (part) snapshot_id, as_of, equity FROM cut"
        " ORDER BY part, as_of DESC, snapshot_id DESC",
        (session.tenant_id, account_id, since, points),
    )
    return [
        EquityPoint(at=row["as_of"], equity=row["equity"], snapshot_id=row["snapshot_id"])
        for row in rows
    ]
