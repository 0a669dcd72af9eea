"""The process that reads a file is bounded, holds nothing of ours, and fails as a refusal."""

import asyncio
import subprocess
import sys

import pytest

from app.files import runner
from app.files.errors import (
    FileCsvBroken,
    FileRefused,
    FilesBusy,
    FileTooComplex,
    TooManyFilesAtOnce,
)
from app.files.limits import (
    READ_CPU_S,
    READ_MEMORY_BYTES,
    READ_NICENESS,
    READS_WAITING_MAX,
)
from app.files.runner import FileReaders
from riskgate.contracts.files import FileKind

ME = ("tenant-1", "usr-1")
SOMEBODY_ELSE = ("tenant-1", "usr-2")
EMPTY_TABLE = b'{"kind": "csv", "sheets": [], "sizes": []}\n'


class GatedReaders(FileReaders):
    """Reads nothing and answers once it is let; `running` is what was begun, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[bytes] = []
        self.begun = asyncio.Semaphore(0)
        self.goes_on = asyncio.Event()

    async def _answer(self, content: bytes) -> bytes:
        self.running.append(content)
        self.begun.release()
        await self.goes_on.wait()
        return EMPTY_TABLE


async def test_a_file_is_read_in_a_process_of_its_own() -> None:
    kind, (table,) = await FileReaders().read(ME, b"symbol,qty\nINFY,10\n")
    assert (kind, table.facts.rows) == (FileKind.CSV, 1)


async def test_a_refusal_comes_back_with_its_code_and_words() -> None:
    with pytest.raises(FileCsvBroken, match="the quotation marks of row 2 do not match"):
        await FileReaders().read(ME, b'a,b\n"1,2\n')


async def test_reading_that_takes_too_long_is_ended() -> None:
    readers = FileReaders(wall_s=0.01)
    with pytest.raises(FileTooComplex):
        await readers.read(ME, b"a,b\n" + b"1,2\n" * 1_000_000)
    assert not readers.slots.locked()


async def test_a_reader_that_breaks_is_a_refusal() -> None:
    with pytest.raises(FileRefused):
        await FileReaders(module="no.such.module").read(ME, b"a,b\n1,2\n")


async def test_those_that_would_wait_long_are_told_to_come_again() -> None:
    readers = FileReaders(slots=asyncio.Semaphore(0), waiting=0)
    waiting = [
        asyncio.create_task(readers.read(("t", str(at)), b"a")) for at in range(READS_WAITING_MAX)
    ]
    await asyncio.sleep(0)
    with pytest.raises(FilesBusy):
        await readers.read(ME, b"a,b\n1,2\n")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (readers.waiting, readers.reads) == (0, {})


async def test_one_person_has_one_file_read_while_one_waits_and_leaves_the_rest_to_others() -> None:
    readers = GatedReaders()
    mine = [asyncio.create_task(readers.read(ME, content)) for content in (b"first", b"second")]
    await readers.begun.acquire()
    with pytest.raises(TooManyFilesAtOnce):
        await readers.read(ME, b"third")
    others = asyncio.create_task(readers.read(SOMEBODY_ELSE, b"other"))
    await readers.begun.acquire()
    assert readers.running == [b"first", b"other"]
    readers.goes_on.set()
    await asyncio.gather(*mine, others)
    assert readers.running == [b"first", b"other", b"second"]
    assert (readers.waiting, readers.reads) == (0, {})
    await readers.read(ME, b"fourth")


async def test_the_same_name_in_another_tenant_is_another_person() -> None:
    readers = GatedReaders()
    people = [ME, ("tenant-2", ME[1])]
    tasks = [asyncio.create_task(readers.read(who, b"a")) for who in people]
    for _ in people:
        await readers.begun.acquire()
    readers.goes_on.set()
    await asyncio.gather(*tasks)


async def test_who_goes_away_while_waiting_gives_the_turn_back() -> None:
    readers = GatedReaders()
    first = asyncio.create_task(readers.read(ME, b"first"))
    await readers.begun.acquire()
    gone = asyncio.create_task(readers.read(ME, b"gone"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    next_one = asyncio.create_task(readers.read(ME, b"next"))
    readers.goes_on.set()
    await asyncio.gather(first, next_one)
    assert readers.running == [b"first", b"next"]
    assert (readers.waiting, readers.reads, readers.slots.locked()) == (0, {}, False)


def test_the_process_lets_orders_go_first_and_bounds_itself() -> None:
    asked = "from app.files.child import limit_itself as l; l(); import os, resource as r; "
    asked += "print(os.nice(0), r.getrlimit(r.RLIMIT_CPU)[1], r.getrlimit(r.RLIMIT_AS)[1])"
    said = subprocess.run(
        [sys.executable, "-c", asked],
        env=runner.ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    niceness, cpu_s, memory = map(int, said.stdout.split())
    assert niceness >= min(READ_NICENESS, 19)
    assert (cpu_s, memory) == (READ_CPU_S, READ_MEMORY_BYTES)


def test_no_key_of_ours_goes_with_the_process() -> None:
    assert set(runner.ENVIRONMENT) == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
