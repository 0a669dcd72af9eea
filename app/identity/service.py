"""Make users and keys, and find out whom a key belongs to."""

import hashlib
import secrets
from datetime import datetime

from adapters.ports import Clock, IdFactory
from app.audit.log import Entry, append
from app.errors import Conflict, Forbidden, InvalidRequest, NotFound, Unauthorized
from app.identity.principal import Principal, Role
from app.persistence import identities
from app.persistence.database import Database, Session
from app.persistence.identities import KeyOwner, UserRecord

KEY_PREFIX = "st_"
KEY_BYTES = 32
SHOWN_PREFIX_LENGTH = 11
OWNER_NAME = "owner"
OWNER_ROLES = frozenset(set(Role) - {Role.SERVICE})


def new_key() -> str:
    """Make a key from 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)


def key_hash(key: str) -> str:
    """Return what is stored of a key; a random 256-bit key needs no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def roles_from(names: list[str]) -> frozenset[Role]:
    """Read role names. Raises InvalidRequest that lists the known ones."""
    known = {role.value for role in Role}
    unknown = sorted(set(names) - known)
    if unknown or not names:
        raise InvalidRequest(
            f"unknown roles {unknown}" if unknown else "a user needs a role",
            remedy=f"Use {', '.join(sorted(known))}.",
        )
    return frozenset(Role(name) for name in names)


class Identity:
    """Users and keys of every tenant."""

    def __init__(self, *, database: Database, clock: Clock, ids: IdFactory) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def authenticate(self, key: str) -> Principal:
        """Return whom a key belongs to. Raises Unauthorized for any key that does not count."""
        if not key.startswith(KEY_PREFIX):
            raise Unauthorized("the key is not one of ours")
        async with self._database.installation() as session:
            owner = await identities.find_key(session, key_hash(key))
        if owner is None or not _counts(owner, self._clock.now()):
            raise Unauthorized("the key is unknown, expired or revoked")
        return Principal(
            tenant_id=owner.tenant_id,
            user_id=owner.user_id,
            name=owner.user_name,
            roles=owner.roles,
        )

    async def of_subject(self, issuer: str, subject: str) -> Principal:
        """Return the user whom a checked token's subject is linked to. Raises Forbidden."""
        async with self._database.installation() as session:
            owner = await identities.find_subject(session, issuer, subject)
        if owner is None or owner.disabled_at is not None:
            raise Forbidden(
                "the token's subject is nobody here",
                code="SUBJECT_UNKNOWN",
                remedy="An operator links it: sigmatrader user link NAME --subject SUBJECT.",
            )
        return Principal(
            tenant_id=owner.tenant_id,
            user_id=owner.user_id,
            name=owner.user_name,
            roles=owner.roles,
        )

    async def link_subject(
        self, tenant_id: str, user_name: str, *, issuer: str, subject: str
    ) -> None:
        """Let an issuer's tokens of a subject be a user's. Raises NotFound and Conflict."""
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            user = await identities.find_user(session, user_name)
            if user is None:
                raise NotFound(f"there is no user {user_name}")
            if not await identities.link_subject(
                session, issuer=issuer, subject=subject, user_id=user.user_id, at=now
            ):
                raise Conflict("the subject is linked to somebody already")
            await append(session, _subject_entry("linked", user.user_id, issuer, subject), at=now)

    async def unlink_subject(self, tenant_id: str, *, issuer: str, subject: str) -> None:
        """Stop an issuer's tokens of a subject from counting. Raises NotFound."""
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            user_id = await identities.unlink_subject(session, issuer=issuer, subject=subject)
            if user_id is None:
                raise NotFound("the subject is linked to nobody here")
            await append(session, _subject_entry("unlinked", user_id, issuer, subject), at=now)

    async def create_user(self, tenant_id: str, name: str, roles: frozenset[Role]) -> UserRecord:
        """Add a user to a tenant. Raises Conflict when the name is taken."""
        async with self._database.tenant(tenant_id) as session:
            if await identities.find_user(session, name) is not None:
                raise Conflict(f"there is a user {name} already")
            return await self.add_user(session, name, roles)

    async def add_user(self, session: Session, name: str, roles: frozenset[Role]) -> UserRecord:
        """Add a user in the caller's transaction."""
        now = self._clock.now()
        user_id = self._ids.new("usr")
        plain = frozenset(role.value for role in roles)
        await identities.add_user(session, user_id=user_id, name=name, roles=plain, at=now)
        entry = Entry(
            actor="operator",
            action="user.created",
            entity="user",
            entity_id=user_id,
            body={"name": name, "roles": ",".join(sorted(plain))},
        )
        await append(session, entry, at=now)
        return UserRecord(user_id=user_id, name=name, roles=plain, disabled_at=None)

    async def create_key(
        self, tenant_id: str, user_name: str, *, expires_at: datetime | None = None
    ) -> str:
        """Make a key for a user and return it; only its hash is kept, so it is shown once."""
        async with self._database.tenant(tenant_id) as session:
            user = await identities.find_user(session, user_name)
            if user is None:
                raise NotFound(f"there is no user {user_name}")
            return await self.add_key(session, user.user_id, expires_at=expires_at)

    async def add_key(
        self, session: Session, user_id: str, *, expires_at: datetime | None = None
    ) -> str:
        """Make a key in the caller's transaction."""
        now = self._clock.now()
        key, key_id = new_key(), self._ids.new("key")
        await identities.add_key(
            session,
            key_id=key_id,
            user_id=user_id,
            prefix=key[:SHOWN_PREFIX_LENGTH],
            key_hash=key_hash(key),
            at=now,
            expires_at=expires_at,
        )
        entry = Entry(
            actor="operator",
            action="key.created",
            entity="key",
            entity_id=key_id,
            body={"user_id": user_id, "prefix": key[:SHOWN_PREFIX_LENGTH]},
        )
        await append(session, entry, at=now)
        return key

    async def revoke_key(self, tenant_id: str, key_id: str) -> None:
        """Stop a key from counting. Raises NotFound when it does not count already."""
        async with self._database.tenant(tenant_id) as session:
            if not await identities.revoke_key(session, key_id=key_id, at=self._clock.now()):
                raise NotFound(f"there is no valid key {key_id}")


def _subject_entry(what: str, user_id: str, issuer: str, subject: str) -> Entry:
    return Entry(
        actor="operator",
        action=f"subject.{what}",
        entity="user",
        entity_id=user_id,
        body={"issuer": issuer, "subject": subject},
    )


def _counts(owner: KeyOwner, now: datetime) -> bool:
    if owner.revoked_at is not None or owner.disabled_at is not None:
        return False
    return owner.expires_at is None or now < owner.expires_at
