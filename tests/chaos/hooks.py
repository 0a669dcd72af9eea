"""Kill this process at a point: the server's own code is untouched, its edges are watched."""

import os
import signal
from typing import Any, NoReturn

import psycopg

from adapters.brokers.mock.http_client import MockHttpBroker
from app.execution.engine import ExecutionEngine
from app.persistence.database import Session
from tests.chaos.points import MARKS, ORDER_CHANGE, ORDER_STATES, Point, Step, When


def install(point: Point) -> None:
    """Have the process killed when it comes to the point."""
    watch = _Watch(point)
    _watch_statements(watch)
    _watch_commits(watch)
    _watch_sends(watch)


class _Watch:
    def __init__(self, point: Point) -> None:
        self._point = point
        self._seen = 0
        self.steps: dict[int, set[Step]] = {}

    def comes_to(self, step: Step) -> bool:
        """Count a coming to the step; True when it is the one to be killed at."""
        if step is not self._point.step:
            return False
        self._seen += 1
        return self._seen == self._point.nth

    def kill(self, when: When) -> None:
        if when is self._point.when:
            _die()


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("the process outlived its SIGKILL")


def _watch_statements(watch: _Watch) -> None:
    for name in ("execute", "fetch_one", "fetch_all"):
        original = getattr(Session, name)

        async def watched(
            self: Session, query: str, params: Any = (), _original: Any = original
        ) -> Any:
            steps = watch.steps.setdefault(id(self._connection), set())
            steps |= {step for step, marks in MARKS.items() if any(mark in query for mark in marks)}
            if query.startswith(ORDER_CHANGE):
                steps |= {step for step in ORDER_STATES if params[0] == step.value}
            return await _original(self, query, params)

        setattr(Session, name, watched)


def _watch_commits(watch: _Watch) -> None:
    commit = psycopg.AsyncConnection.commit

    async def watched(self: psycopg.AsyncConnection[Any]) -> None:
        steps = watch.steps.pop(id(self), set())
        hit = [step for step in steps if watch.comes_to(step)]
        if hit:
            watch.kill(When.BEFORE)
        await commit(self)
        if hit:
            watch.kill(When.AFTER)

    psycopg.AsyncConnection.commit = watched  # type: ignore[method-assign]


def _watch_sends(watch: _Watch) -> None:
    place = MockHttpBroker.place_order

    async def watched(self: MockHttpBroker, intent: Any) -> Any:
        hit = watch.comes_to(Step.SEND)
        if hit:
            watch.kill(When.BEFORE)
        ack = await place(self, intent)
        if hit:
            watch.kill(When.AFTER)
        return ack

    MockHttpBroker.place_order = watched  # type: ignore[method-assign]


def be_naive() -> None:
    """Make recovery what many bots do: what was being sent is simply sent again."""
    recover = ExecutionEngine.recover

    async def naive(self: ExecutionEngine, tenant_id: str, *more: Any, **named: Any) -> list[str]:
        async with self._database.tenant(tenant_id) as session:
            # The application itself is not allowed to make an order PLANNED again.
            await session.execute("SET LOCAL ROLE NONE")
            plans = await session.fetch_all(
                "UPDATE orders SET state = 'PLANNED', send_by = now() + interval '1 minute'"
                " WHERE tenant_id = %s AND state = 'SENDING' RETURNING plan_id",
                (tenant_id,),
            )
            await session.execute(
                "UPDATE plan_leases SET expires_at = now() WHERE tenant_id = %s", (tenant_id,)
            )
        for row in plans:
            await self.execute(tenant_id, row["plan_id"])
        return await recover(self, tenant_id, *more, **named)

    ExecutionEngine.recover = naive  # type: ignore[method-assign]
