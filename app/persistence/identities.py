"""Tenants, users and their API keys."""

from dataclasses import dataclass
from datetime import datetime

from app.persistence.database import Session


@dataclass(frozen=True, kw_only=True)
class KeyOwner:
    """Who a key belongs to, and whether it may still be used."""

    tenant_id: str
    key_id: str
    user_id: str
    user_name: str
    roles: frozenset[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class UserRecord:
    user_id: str
    name: str
    roles: frozenset[str]
    disabled_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class KeyRecord:
    """A key as people see it: its id and first letters, never the key."""

    key_id: str
    user_name: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class SubjectOwner:
    """The user whom a token's subject is linked to."""

    tenant_id: str
    user_id: str
    user_name: str
    roles: frozenset[str]
    disabled_at: datetime | None


async def tenant_ids(session: Session) -> list[str]:
    """Return every tenant's id; the only question asked across tenants."""
    rows = await session.fetch_all("SELECT all_tenant_ids() AS tenant_id")
    return [row["tenant_id"] for row in rows]


async def add_tenant(session: Session, *, name: str, at: datetime) -> None:
    await session.execute(
        "INSERT INTO tenants (tenant_id, name, created_at) VALUES (%s, %s, %s)",
        (session.tenant_id, name, at),
    )


async def add_user(
    session: Session, *, user_id: str, name: str, roles: frozenset[str], at: datetime
) -> None:
    await session.execute(
        "INSERT INTO users (tenant_id, user_id, name, roles, created_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        (session.tenant_id, user_id, name, sorted(roles), at),
    )


async def find_user(session: Session, name: str) -> UserRecord | None:
    row = await session.fetch_one(
        "SELECT user_id, name, roles, disabled_at FROM users WHERE tenant_id = %s AND name = %s",
        (session.tenant_id, name),
    )
    return UserRecord(**{**row, "roles": frozenset(row["roles"])}) if row else None


async def list_users(session: Session) -> list[UserRecord]:
    rows = await session.fetch_all(
        "SELECT user_id, name, roles, disabled_at FROM users WHERE tenant_id = %s ORDER BY name",
        (session.tenant_id,),
    )
    return [UserRecord(**{**row, "roles": frozenset(row["roles"])}) for row in rows]


async def add_key(
    session: Session,
    *,
    key_id: str,
    user_id: str,
    prefix: str,
    key_hash: str,
    at: datetime,
    expires_at: datetime | None,
) -> None:
    await session.execute(
        "INSERT INTO api_keys (tenant_id, key_id, user_id, prefix, key_hash, created_at,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (session.tenant_id, key_id, user_id, prefix, key_hash, at, expires_at),
    )


async def list_keys(session: Session) -> list[KeyRecord]:
    """Return every key, without anything that could sign in, oldest first."""
    rows = await session.fetch_all(
        "SELECT k.key_id, u.name AS user_name, k.prefix, k.created_at, k.expires_at, k.revoked_at"
        " FROM api_keys k JOIN users u USING (tenant_id, user_id)"
        " WHERE k.tenant_id = %s ORDER BY k.created_at, k.key_id",
        (session.tenant_id,),
    )
    return [KeyRecord(**row) for row in rows]


async def revoke_key(session: Session, *, key_id: str, at: datetime) -> bool:
    touched = await session.execute(
        "UPDATE api_keys SET revoked_at = %s"
        " WHERE tenant_id = %s AND key_id = %s AND revoked_at IS NULL",
        (at, session.tenant_id, key_id),
    )
    return touched == 1


async def find_key(session: Session, key_hash: str) -> KeyOwner | None:
    """Return the owner of a key by its hash, in whichever tenant it is."""
    row = await session.fetch_one("SELECT * FROM find_api_key(%s)", (key_hash,))
    return KeyOwner(**{**row, "roles": frozenset(row["roles"])}) if row else None


async def link_subject(
    session: Session, *, issuer: str, subject: str, user_id: str, at: datetime
) -> bool:
    """Link a subject to a user; False where it is linked to somebody already, in any tenant."""
    touched = await session.execute(
        "INSERT INTO oauth_subjects (tenant_id, issuer, subject, user_id, linked_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (session.tenant_id, issuer, subject, user_id, at),
    )
    return touched == 1


async def unlink_subject(session: Session, *, issuer: str, subject: str) -> str | None:
    """Remove a link of this tenant and return whose it was, None where there was none."""
    row = await session.fetch_one(
        "DELETE FROM oauth_subjects WHERE tenant_id = %s AND issuer = %s AND subject = %s"
        " RETURNING user_id",
        (session.tenant_id, issuer, subject),
    )
    return None if row is None else str(row["user_id"])


async def find_subject(session: Session, issuer: str, subject: str) -> SubjectOwner | None:
    """Return the user whom a subject is linked to, in whichever tenant they are."""
    row = await session.fetch_one("SELECT * FROM find_oauth_subject(%s, %s)", (issuer, subject))
    return SubjectOwner(**{**row, "roles": frozenset(row["roles"])}) if row else None
