"""Have a file read by a process of its own, which is ended when it takes too long."""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.files.errors import REFUSALS, FileRefused, FilesBusy, FileTooComplex
from app.files.limits import READ_WALL_S, READERS_MAX, READS_WAITING_MAX
from app.files.tables import Table
from riskgate.contracts.files import FileKind, SheetFacts

ROOT: Final = Path(__file__).resolve().parents[2]
# Nothing of our environment goes with it: there are keys in it.
ENVIRONMENT: Final = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass
class FileReaders:
    """Reads files, a few at a time; those that would have to wait long are told to come again."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READERS_MAX))
    wall_s: float = READ_WALL_S
    module: str = "app.files.child"
    waiting: int = 0

    async def read(self, content: bytes) -> tuple[FileKind, list[Table]]:
        """Return a file's kind and tables. Raises FileRefused and FilesBusy."""
        if self.waiting >= READS_WAITING_MAX:
            raise FilesBusy(f"{self.waiting} files wait to be read")
        self.waiting += 1
        try:
            await self.slots.acquire()
        finally:
            self.waiting -= 1
        try:
            return _tables(await self._answer(content))
        finally:
            self.slots.release()

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
