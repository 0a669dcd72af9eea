"""People's files: attached, looked through, removed; each is its owner's and nobody else's."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from adapters.ports import Clock, IdFactory
from app.audit.log import Entry, append
from app.errors import NotFound
from app.files.errors import FileQuotaReached, FilesBusy, FileTooLarge, TooManyFilesAtOnce
from app.files.finding import found_rows, net_quantities
from app.files.limits import FILE_BYTES_MAX, MIB
from app.files.packing import NumberedRow, unpacked
from app.files.runner import FileReaders, Who
from app.files.shown import file_name
from app.files.tables import Table
from app.identity.principal import Principal
from app.persistence import files as rows
from app.persistence.database import Database
from app.persistence.files import Kept
from riskgate.contracts.files import FileFacts, FileKind, FoundRows, NetQuantities, RowWish
from tools.ports import Caller

Result = TypeVar("Result")

UPLOADS_A_PERSON: Final = 2
UPLOAD_S: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class FileQuota:
    """How many files a person may keep, and how much room they and the tenant may take."""

    files: int
    bytes: int
    tenant_bytes: int


@dataclass(frozen=True, kw_only=True)
class Upload:
    """The bytes of a file as they came, and what it was called."""

    name: str
    content: bytes
    sha256: str


@dataclass(kw_only=True)
class FileDesk:
    """Keeps people's files; implements tools.ports.FileReader."""

    database: Database
    clock: Clock
    ids: IdFactory
    quota: FileQuota
    readers: FileReaders = field(default_factory=FileReaders)
    uploading: dict[Who, int] = field(default_factory=dict)

    async def receive(self, person: Principal, name: str, body: AsyncIterator[bytes]) -> Upload:
        """Take a file's bytes in. Raises FileTooLarge as soon as there are too many of them,
        TooManyFilesAtOnce for a person who sends several, and FilesBusy for one that is late."""
        who = _who(person)
        if self.uploading.get(who, 0) >= UPLOADS_A_PERSON:
            raise TooManyFilesAtOnce(f"{UPLOADS_A_PERSON} files of yours are on their way already")
        self.uploading[who] = self.uploading.get(who, 0) + 1
        try:
            async with asyncio.timeout(UPLOAD_S):
                return await _received(name, body)
        except TimeoutError as late:
            raise FilesBusy(f"the file took more than {UPLOAD_S:g} seconds to come") from late
        finally:
            self.uploading[who] -= 1
            if not self.uploading[who]:
                del self.uploading[who]

    async def add(self, person: Principal, upload: Upload) -> tuple[FileFacts, bool]:
        """Read and keep a file; return it and whether it is new.

        The same content of the same person is the same file, whatever it is called. Raises
        FileRefused for what cannot be read and FileQuotaReached for what would be too much.
        """
        async with self.database.tenant(person.tenant_id) as session:
            known = await rows.find_content(session, sha256=upload.sha256, user_id=person.user_id)
        if known is not None:
            return known, False
        kind, tables = await self.readers.read(_who(person), upload.content)
        return await self._store(person, upload, kind, tables)

    async def _store(
        self, person: Principal, upload: Upload, kind: FileKind, tables: Sequence[Table]
    ) -> tuple[FileFacts, bool]:
        packed = [table.packed for table in tables]
        facts = FileFacts(
            file_id=self.ids.new("fil"),
            name=file_name(upload.name),
            sha256=upload.sha256,
            kind=kind,
            size_bytes=len(upload.content),
            added_at=self.clock.now(),
            sheets=tuple(table.facts for table in tables),
        )
        texts = [table.facts.model_dump_json() for table in tables]
        async with self.database.tenant(person.tenant_id) as session:
            require_room(
                self.quota, await rows.kept(session, person.user_id), sum(map(len, packed))
            )
            is_new = await rows.add_file(
                session, facts, user_id=person.user_id, sheet_texts=texts, packed=packed
            )
            if is_new:
                await append(session, _entry("added", person, facts), at=facts.added_at)
                return facts, True
            known = await rows.find_content(session, sha256=upload.sha256, user_id=person.user_id)
        assert known is not None
        return known, False

    async def find(self, person: Principal, file_id: str) -> FileFacts:
        """Return a file of this person's. Raises NotFound."""
        async with self.database.tenant(person.tenant_id) as session:
            found = await rows.find_file(session, file_id=file_id, user_id=person.user_id)
        return _there(found, file_id)

    async def listed(self, person: Principal, *, limit: int, offset: int) -> list[FileFacts]:
        """Return this person's files, newest first."""
        async with self.database.tenant(person.tenant_id) as session:
            return await rows.list_files(
                session, user_id=person.user_id, limit=limit, offset=offset
            )

    async def remove(self, person: Principal, file_id: str) -> None:
        """Remove a file and all its rows. Raises NotFound."""
        async with self.database.tenant(person.tenant_id) as session:
            await rows.hold_to_remove(session, file_id)
            found = await rows.find_file(session, file_id=file_id, user_id=person.user_id)
            facts = _there(found, file_id)
            await rows.remove_file(session, file_id=file_id, user_id=person.user_id)
            await append(session, _entry("removed", person, facts), at=self.clock.now())

    async def file(self, caller: Caller, file_id: str) -> FileFacts | None:
        """Return a file of the caller's."""
        async with self.database.tenant(caller.tenant_id) as session:
            return await rows.find_file(session, file_id=file_id, user_id=caller.user_id)

    async def found(
        self, caller: Caller, file_id: str, sheet: int, wish: RowWish, *, limit: int
    ) -> FoundRows | None:
        """Return the rows of a sheet that are wanted, None where the file is gone."""
        return await self._through(
            caller, file_id, sheet, lambda each: found_rows(each, wish, limit=limit)
        )

    async def nets(
        self,
        caller: Caller,
        file_id: str,
        sheet: int,
        *,
        symbol: int,
        quantity: int,
        side: int | None,
    ) -> NetQuantities | None:
        """Return the quantities of a sheet by symbol, None where the file is gone."""
        return await self._through(
            caller,
            file_id,
            sheet,
            lambda each: net_quantities(each, symbol=symbol, quantity=quantity, side=side),
        )

    async def _through(
        self,
        caller: Caller,
        file_id: str,
        sheet: int,
        look: Callable[[Iterable[NumberedRow]], Result],
    ) -> Result | None:
        async with self.database.tenant(caller.tenant_id) as session:
            packed = await rows.packed_rows(
                session, file_id=file_id, user_id=caller.user_id, position=sheet
            )
        if packed is None:
            return None
        # Our own packing, bounded when it was made; a long one must not hold up other turns.
        return await asyncio.to_thread(look, unpacked(packed))


def require_room(quota: FileQuota, kept: Kept, more: int) -> None:
    """Raise FileQuotaReached unless a file of so many kept bytes may be added."""
    if kept.files >= quota.files:
        raise FileQuotaReached(f"you keep {kept.files} files, the most there may be")
    if kept.bytes + more > quota.bytes:
        raise FileQuotaReached(f"your files may take {quota.bytes // MIB} MB")
    if kept.tenant_bytes + more > quota.tenant_bytes:
        raise FileQuotaReached(f"the files of this desk may take {quota.tenant_bytes // MIB} MB")


async def _received(name: str, body: AsyncIterator[bytes]) -> Upload:
    content, digest = bytearray(), hashlib.sha256()
    async for piece in body:
        content += piece
        if len(content) > FILE_BYTES_MAX:
            raise FileTooLarge
        digest.update(piece)
    return Upload(name=name, content=bytes(content), sha256=digest.hexdigest())


def _who(person: Principal) -> Who:
    return person.tenant_id, person.user_id


def _there(found: FileFacts | None, file_id: str) -> FileFacts:
    if found is None:
        raise NotFound(f"there is no file {file_id}")
    return found


def _entry(what: str, person: Principal, facts: FileFacts) -> Entry:
    """Return what the audit says: whose file and which, never its words."""
    return Entry(
        actor=person.user_id,
        action=f"file.{what}",
        entity="file",
        entity_id=facts.file_id,
        body={"sha256": facts.sha256, "size": facts.size_bytes, "kind": facts.kind.value},
    )
