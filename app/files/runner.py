"""Have a file read by a process of its own, which is ended when it takes too long."""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from app.files.errors import (
    REFUSALS,
    FileRefused,
    FilesBusy,
    FileTooComplex,
    TooManyFilesAtOnce,
)
from app.files.limits import READ_WALL_S, READERS_MAX, READS_A_PERSON, READS_WAITING_MAX
from app.files.tables import Table
from riskgate.contracts.files import FileKind, SheetFacts

Who: TypeAlias = tuple[str, str]
"""A person: tenant and user."""

ROOT: Final = Path(__file__).resolve().parents[2]
# Nothing of our environment goes with it: there are keys in it.
ENVIRONMENT: Final = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass
class OwnReads:
    """The reads of one person: one runs, the next waits for it."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    count: int = 0


@dataclass
class FileReaders:
    """Reads files, a few at a time and of each person one at a time; those that would have to
    wait long are told to come again."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READERS_MAX))
    wall_s: float = READ_WALL_S
    module: str = "app.files.child"
    waiting: int = 0
    reads: dict[Who, OwnReads] = field(default_factory=dict)

    async def read(self, who: Who, content: bytes) -> tuple[FileKind, list[Table]]:
        """Return a file's kind and tables.

        Raises FileRefused, FilesBusy, and TooManyFilesAtOnce for a person who has one file read
        and one that waits.
        """
        own = self.reads.get(who, OwnReads())
        if own.count >= READS_A_PERSON:
            raise TooManyFilesAtOnce(f"{own.count} files of yours are being read or wait for it")
        if self.waiting >= READS_WAITING_MAX:
            raise FilesBusy(f"{self.waiting} files wait to be read")
        self.reads[who] = own
        own.count += 1
        try:
            return _tables(await self._in_turn(own, content))
        finally:
            own.count -= 1
            if not own.count:
                del self.reads[who]

    async def _in_turn(self, own: OwnReads, content: bytes) -> bytes:
        async with contextlib.AsyncExitStack() as held:
            self.waiting += 1
            try:
                # The person's own turn first: who waits for it takes no reader from others.
                await held.enter_async_context(own.turn)
                await held.enter_async_context(self.slots)
            finally:
                self.waiting -= 1
            return await self._answer(content)

    async def _answer(self, content: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
        )
        try:
            async with asyncio.timeout(self.wall_s):
                answer, _ = await process.communicate(content)
        except TimeoutError as late:
            raise FileTooComplex(f"it takes more than {self.wall_s:g} seconds to read") from late
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode == 0:
            return answer
        # Ended by a signal: the system keeps the limits that the process gave itself.
        if process.returncode is not None and process.returncode < 0:
            raise FileTooComplex("it takes more time or memory than a file may take")
        raise FileRefused("it cannot be read")


def _tables(answer: bytes) -> tuple[FileKind, list[Table]]:
    line, _, blobs = answer.partition(b"\n")
    head = json.loads(line)
    if "refused" in head:
        raise REFUSALS.get(head["refused"], FileRefused)(head["message"])
    tables, at = [], 0
    for facts, size in zip(head["sheets"], head["sizes"], strict=True):
        tables.append(Table(SheetFacts.model_validate(facts), blobs[at : at + size]))
        at += size
    return FileKind(head["kind"]), tables
