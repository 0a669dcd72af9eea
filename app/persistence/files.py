"""Files that people attached; each belongs to one person, and only that person's are found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from app.persistence.database import Row, Session
from riskgate.contracts.files import FileFacts, FileKind, SheetFacts

SELECT_FILE: LiteralString = (
    "SELECT f.file_id, f.name, f.sha256, f.kind, f.size_bytes, f.added_at,"
    " (SELECT jsonb_agg(s.facts ORDER BY s.position) FROM file_sheets s"
    " WHERE s.tenant_id = f.tenant_id AND s.file_id = f.file_id) AS sheets FROM files f"
)


@dataclass(frozen=True, kw_only=True)
class NamedFile:
    """A file that a turn named."""

    run_id: str
    file_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How many files are kept and how much room they take, for a person and for the tenant."""

    files: int
    bytes: int
    tenant_bytes: int


async def add_file(
    session: Session,
    facts: FileFacts,
    *,
    user_id: str,
    sheet_texts: Sequence[str],
    packed: Sequence[bytes],
) -> bool:
    """Store a file with its sheets; False when the person has this very content already."""
    touched = await session.execute(
        "INSERT INTO files (tenant_id, file_id, user_id, name, sha256, kind, size_bytes,"
        " kept_bytes, added_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (
            session.tenant_id,
            facts.file_id,
            user_id,
            facts.name,
            facts.sha256,
            facts.kind.value,
            facts.size_bytes,
            sum(map(len, packed)),
            facts.added_at,
        ),
    )
    if touched == 0:
        return False
    await session.execute_many(
        "INSERT INTO file_sheets (tenant_id, file_id, position, facts, packed)"
        " VALUES (%s, %s, %s, %s::jsonb, %s)",
        [
            (session.tenant_id, facts.file_id, at, text, rows)
            for at, (text, rows) in enumerate(zip(sheet_texts, packed, strict=True))
        ],
    )
    return True


async def kept(session: Session, user_id: str) -> Kept:
    """Return what is kept; until the transaction ends nobody else of the tenant adds a file."""
    await session.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"files:{session.tenant_id}",)
    )
    row = await session.fetch_one(
        "SELECT count(*) FILTER (WHERE user_id = %s) AS files,"
        " coalesce(sum(kept_bytes) FILTER (WHERE user_id = %s), 0)::bigint AS bytes,"
        " coalesce(sum(kept_bytes), 0)::bigint AS tenant_bytes FROM files WHERE tenant_id = %s",
        (user_id, user_id, session.tenant_id),
    )
    assert row is not None
    return Kept(**row)


async def find_file(session: Session, *, file_id: str, user_id: str) -> FileFacts | None:
    """Return a file of this person's."""
    row = await session.fetch_one(
        SELECT_FILE + " WHERE f.tenant_id = %s AND f.user_id = %s AND f.file_id = %s",
        (session.tenant_id, user_id, file_id),
    )
    return _facts(row) if row else None


async def hold_named(session: Session, file_id: str) -> None:
    """Keep a file that a turn names from being removed until the transaction ends."""
    await session.execute(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", (_held(session, file_id),)
    )


async def hold_to_remove(session: Session, file_id: str) -> None:
    """Wait until no transaction names a file; until this one ends none does."""
    await session.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_held(session, file_id),)
    )


async def find_content(session: Session, *, sha256: str, user_id: str) -> FileFacts | None:
    """Return a person's file of this very content."""
    row = await session.fetch_one(
        SELECT_FILE + " WHERE f.tenant_id = %s AND f.user_id = %s AND f.sha256 = %s",
        (session.tenant_id, user_id, sha256),
    )
    return _facts(row) if row else None


async def list_files(session: Session, *, user_id: str, limit: int, offset: int) -> list[FileFacts]:
    """Return a person's files, newest first."""
    rows = await session.fetch_all(
        SELECT_FILE + " WHERE f.tenant_id = %s AND f.user_id = %s"
        " ORDER BY f.added_at DESC, f.file_id LIMIT %s OFFSET %s",
        (session.tenant_id, user_id, limit, offset),
    )
    return [_facts(row) for row in rows]


async def remove_file(session: Session, *, file_id: str, user_id: str) -> bool:
    """Remove a person's file with its rows; False when there is none."""
    touched = await session.execute(
        "DELETE FROM files WHERE tenant_id = %s AND user_id = %s AND file_id = %s",
        (session.tenant_id, user_id, file_id),
    )
    return touched == 1


async def packed_rows(
    session: Session, *, file_id: str, user_id: str, position: int
) -> bytes | None:
    """Return the packed rows of a sheet of a person's file."""
    row = await session.fetch_one(
        "SELECT s.packed FROM file_sheets s JOIN files f USING (tenant_id, file_id)"
        " WHERE s.tenant_id = %s AND s.file_id = %s AND s.position = %s AND f.user_id = %s",
        (session.tenant_id, file_id, position, user_id),
    )
    return bytes(row["packed"]) if row else None


async def name_in_run(
    session: Session, file_ids: Sequence[str], *, run_id: str, thread_id: str, at: datetime
) -> None:
    """Write down which files a turn names, in their order. The caller checked whose they are."""
    await session.execute_many(
        "INSERT INTO run_files (tenant_id, run_id, position, thread_id, file_id, named_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [
            (session.tenant_id, run_id, position, thread_id, file_id, at)
            for position, file_id in enumerate(file_ids)
        ],
    )


async def named_last(session: Session, *, thread_id: str, user_id: str) -> tuple[str, list[str]]:
    """Return the newest turn of a thread that named files, and those that are still kept."""
    rows = await session.fetch_all(
        "SELECT r.run_id, r.file_id FROM run_files r JOIN files f USING (tenant_id, file_id)"
        " WHERE r.tenant_id = %s AND r.thread_id = %s AND f.user_id = %s"
        " ORDER BY r.named_at DESC, r.run_id, r.position LIMIT 20",
        (session.tenant_id, thread_id, user_id),
    )
    if not rows:
        return "", []
    newest = str(rows[0]["run_id"])
    return newest, [str(row["file_id"]) for row in rows if row["run_id"] == newest]


async def named_in(session: Session, run_ids: Sequence[str]) -> list[NamedFile]:
    """Return the files that turns named and that are still kept, in their order."""
    rows = await session.fetch_all(
        "SELECT r.run_id, r.file_id, f.name FROM run_files r JOIN files f USING (tenant_id,"
        " file_id) WHERE r.tenant_id = %s AND r.run_id = ANY(%s) ORDER BY r.run_id, r.position",
        (session.tenant_id, list(run_ids)),
    )
    return [NamedFile(**row) for row in rows]


def _held(session: Session, file_id: str) -> str:
    return f"file:{session.tenant_id}:{file_id}"


def _facts(row: Row) -> FileFacts:
    sheets: list[Any] = row["sheets"] or []
    return FileFacts(
        file_id=row["file_id"],
        name=row["name"],
        sha256=row["sha256"],
        kind=FileKind(row["kind"]),
        size_bytes=row["size_bytes"],
        added_at=row["added_at"],
        sheets=tuple(SheetFacts.model_validate(sheet) for sheet in sheets),
    )
