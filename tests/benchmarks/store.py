"""What the machine and its PostgreSQL can do at best, and LangGraph bare on the same server."""

import asyncio
import operator
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol, TypedDict

import psycopg
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

from app.persistence import checkpoints, embedded, job_schema, migrate
from app.persistence.database import Database
from app.persistence.location import DatabaseLocation, locate
from tests.benchmarks.figures import Figure, Samples, spread, timed, timed_plain

PAGE = b"x" * 4096
STEPS = ("parse", "gather", "plan", "gate", "card", "present")
ONE_STATEMENT = (
    "WITH a AS (INSERT INTO bench VALUES (DEFAULT, 'PLANNED') RETURNING id),"
    " b AS (UPDATE bench SET state = 'SENDING' WHERE id = (SELECT max(id) - 1 FROM bench))"
    " INSERT INTO bench_log SELECT id FROM a"
)


@contextmanager
def prepared_store() -> Iterator[tuple[Path, DatabaseLocation]]:
    """Start an embedded server on a fresh home, migrated as for the program."""
    home = Path(tempfile.mkdtemp(prefix="st-bench-", dir="/tmp"))
    # As root, PostgreSQL runs as another user, who must get through to its own folder.
    home.chmod(0o711)
    location = locate(home, None)
    try:
        migrate.upgrade(location.owner_url)
        checkpoints.set_up(location.owner_conninfo)
        job_schema.set_up(location.owner_conninfo)
        yield home, location
    finally:
        if location.server is not None:
            embedded.stop(location.server)
        shutil.rmtree(home, ignore_errors=True)


def disk_figure(home: Path, rounds: int) -> Figure:
    """Measure one page written and made durable, the floor under every commit."""
    descriptor = os.open(home / "bench.page", os.O_CREAT | os.O_WRONLY, 0o600)

    def write() -> None:
        os.pwrite(descriptor, PAGE, 0)
        os.fdatasync(descriptor)

    try:
        return spread("disk: 4 KiB + fdatasync", timed_plain(write, rounds=rounds, warm_up=5))
    finally:
        os.close(descriptor)


async def commit_samples(location: DatabaseLocation, rounds: int) -> Samples:
    """Measure the smallest useful commit: insert, update and insert in one statement."""
    async with await psycopg.AsyncConnection.connect(
        location.owner_conninfo, autocommit=True, prepare_threshold=2
    ) as connection:
        await connection.execute("CREATE TABLE bench (id bigserial PRIMARY KEY, state text)")
        await connection.execute("CREATE TABLE bench_log (id bigint)")
        return await timed(
            lambda: connection.execute(ONE_STATEMENT.encode()), rounds=rounds, warm_up=20
        )


async def written_transactions(location: DatabaseLocation) -> int:
    """Return a count that every writing transaction, this one too, makes one larger."""
    async with await psycopg.AsyncConnection.connect(location.owner_conninfo) as connection:
        cursor = await connection.execute("SELECT pg_current_xact_id()::text::bigint")
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def bare_graph_samples(location: DatabaseLocation, rounds: int) -> Samples:
    """Measure a turn of as many nodes that do nothing, put to sleep by the same saver."""
    async with _bare_graph(location) as graph:
        numbers = iter(range(rounds + 100))

        async def turn() -> None:
            config = {"configurable": {"thread_id": f"bare-{next(numbers)}"}}
            await graph.ainvoke({"done": []}, config, durability="exit")

        return await timed(turn, rounds=rounds, warm_up=20)


class _BareState(TypedDict):
    done: Annotated[list[str], operator.add]


@asynccontextmanager
async def _bare_graph(location: DatabaseLocation) -> AsyncIterator[Any]:
    database = Database(location.app_conninfo)
    await database.open()
    try:
        graph = StateGraph(_BareState)
        previous = START
        for name in STEPS:
            graph.add_node(name, _nothing(name))
            graph.add_edge(previous, name)
            previous = name
        graph.add_node("await_approval", _sleep)
        graph.add_edge(previous, "await_approval")
        yield graph.compile(checkpointer=checkpoints.saver(database.pool))
    finally:
        await database.close()


class _Node(Protocol):
    def __call__(self, state: _BareState) -> Awaitable[_BareState]: ...


def _nothing(name: str) -> _Node:
    async def node(state: _BareState) -> _BareState:
        await asyncio.sleep(0)
        return {"done": [name]}

    return node


async def _sleep(state: _BareState) -> _BareState:
    interrupt({"card_id": "crd_1"})
    return {"done": ["approved"]}
