"""Trading accounts, their policies and their kill switches."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.persistence.database import Row, Session
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Currency

# An account in this mode takes no trades.
OBSERVE = "OBSERVE"


@dataclass(frozen=True, kw_only=True)
class AccountRecord:
    """One account; `mode` is OBSERVE, PROPOSE or EXECUTE."""

    account_id: str
    broker: str
    mode: str
    currency: Currency
    policy_hash: str
    is_default: bool


@dataclass(frozen=True, kw_only=True)
class KillSwitchRecord:
    level: KillSwitchLevel
    reason: str
    set_by: str
    set_at: datetime | None


async def add_policy(
    session: Session, *, policy_hash: str, body: str, created_by: str, at: datetime
) -> None:
    """Store a policy under its hash; storing the same policy again changes nothing."""
    await session.execute(
        "INSERT INTO policies (tenant_id, policy_hash, body, created_by, created_at)"
        " VALUES (%s, %s, %s::jsonb, %s, %s) ON CONFLICT DO NOTHING",
        (session.tenant_id, policy_hash, body, created_by, at),
    )


async def find_policy(session: Session, policy_hash: str) -> Row | None:
    """Return the stored policy's body as plain data."""
    row = await session.fetch_one(
        "SELECT body FROM policies WHERE tenant_id = %s AND policy_hash = %s",
        (session.tenant_id, policy_hash),
    )
    return dict(row["body"]) if row else None


async def add_account(session: Session, account: AccountRecord, *, at: datetime) -> None:
    await session.execute(
        "INSERT INTO accounts (tenant_id, account_id, broker, mode, currency, policy_hash,"
        " is_default, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            session.tenant_id,
            account.account_id,
            account.broker,
            account.mode,
            account.currency,
            account.policy_hash,
            account.is_default,
            at,
        ),
    )


async def list_accounts(session: Session) -> list[AccountRecord]:
    """Return the tenant's accounts, the default one first."""
    rows = await session.fetch_all(
        "SELECT account_id, broker, mode, currency, policy_hash, is_default FROM accounts"
        " WHERE tenant_id = %s ORDER BY is_default DESC, account_id",
        (session.tenant_id,),
    )
    return [_account(row) for row in rows]


async def find_account(session: Session, account_id: str) -> AccountRecord | None:
    row = await session.fetch_one(
        "SELECT account_id, broker, mode, currency, policy_hash, is_default FROM accounts"
        " WHERE tenant_id = %s AND account_id = %s",
        (session.tenant_id, account_id),
    )
    return _account(row) if row else None


async def replace_policy(session: Session, old_hash: str, new_hash: str) -> list[str]:
    """Point every account that has one policy at another; return which they were."""
    rows = await session.fetch_all(
        "WITH held AS (SELECT account_id FROM accounts WHERE tenant_id = %s AND policy_hash = %s"
        ' ORDER BY account_id COLLATE "C" FOR NO KEY UPDATE)'
        " UPDATE accounts SET policy_hash = %s WHERE tenant_id = %s"
        " AND account_id IN (SELECT account_id FROM held) RETURNING account_id",
        (session.tenant_id, old_hash, new_hash, session.tenant_id),
    )
    return sorted(str(row["account_id"]) for row in rows)


async def set_mode(session: Session, *, account_id: str, mode: str) -> None:
    await session.execute(
        "UPDATE accounts SET mode = %s WHERE tenant_id = %s AND account_id = %s",
        (mode, session.tenant_id, account_id),
    )


async def lock_account(session: Session, account_id: str) -> None:
    """Hold the account for this transaction, so that exposure is judged by one at a time.

    INVARIANT: locks are taken in one order, accounts (sorted by id), then audit. Whoever holds
    several accounts takes all of them, with `lock_accounts`, before the first audit entry, which
    holds the tenant's chain until the transaction ends.

    Rows that refer to the account can still be added: FOR UPDATE would block each of them, and
    did deadlock an approval with a rejection of the same card.
    """
    await session.execute(
        "SELECT 1 FROM accounts WHERE tenant_id = %s AND account_id = %s FOR NO KEY UPDATE",
        (session.tenant_id, account_id),
    )


async def lock_accounts(session: Session, account_ids: Iterable[str]) -> None:
    """Hold several accounts, in the order that everybody takes them in."""
    for account_id in sorted(account_ids):
        await lock_account(session, account_id)


async def kill_switch(session: Session, account_id: str) -> KillSwitchRecord:
    """Return the account's kill switch; one never touched is RUNNING."""
    row = await session.fetch_one(
        "SELECT level, reason, set_by, set_at FROM kill_switches"
        " WHERE tenant_id = %s AND account_id = %s",
        (session.tenant_id, account_id),
    )
    if row is None:
        return KillSwitchRecord(
            level=KillSwitchLevel.RUNNING, reason="never set", set_by="system", set_at=None
        )
    return KillSwitchRecord(**{**row, "level": KillSwitchLevel(row["level"])})


async def set_kill_switch(
    session: Session,
    *,
    account_id: str,
    level: KillSwitchLevel,
    reason: str,
    set_by: str,
    at: datetime,
) -> None:
    await session.execute(
        "INSERT INTO kill_switches (tenant_id, account_id, level, reason, set_by, set_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, account_id) DO UPDATE SET"
        " level = excluded.level, reason = excluded.reason, set_by = excluded.set_by,"
        " set_at = excluded.set_at",
        (session.tenant_id, account_id, level, reason, set_by, at),
    )


def _account(row: Row) -> AccountRecord:
    return AccountRecord(**{**row, "currency": Currency(row["currency"])})
