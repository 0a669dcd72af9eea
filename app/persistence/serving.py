"""One serving process a database: its start ends what a stopped one left, so two must not start."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from app.errors import Conflict

LOCK = 7_316_201
TRIES = 20
WAIT_S = 0.25


class AlreadyServed(Conflict):
    """Another process serves this database."""

    code = "ALREADY_SERVED"
    remedy = "Stop the other server, or give this one a database of its own."


@contextmanager
def serving_alone(conninfo: str, *, tries: int = TRIES) -> Iterator[None]:
    """Hold the right to serve; a connection holds it, so it ends with the process in any case.

    Waits a little for one that a dying process still holds. Blocks. Raises AlreadyServed.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for _ in range(tries):
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
            if row is not None and row[0]:
                break
            time.sleep(WAIT_S)
        else:
            raise AlreadyServed("another process serves this database")
        yield
