"""One run: a basket is asked for and approved, the server dies at a point and comes back."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx

from app.postbacks.checksum import checksum
from tests.chaos.judge import Finding, Kind, judge
from tests.chaos.points import Point, Step
from tests.chaos.world import POLL_S, SECRET, Outside, Process, World

WORDS: Final = "buy 10 each of INFY and TCS at market, cnc"
SETTLED: Final = frozenset({"FILLED", "REJECTED", "CANCELLED", "NOT_SENT", "EXPIRED", "SIMULATED"})
RECOVERY_MAX_S: Final = 10.0
AFTERMATH_S: Final = 0.3
HTTP_OK: Final = 200


@dataclass(frozen=True)
class Outcome:
    """What one run came to. `killed` says that the point was reached."""

    point: Point
    killed: bool
    recovery_s: float
    findings: Sequence[Finding]


@dataclass
class Told:
    """What the client was told before the server died."""

    card_id: str | None = None
    plan_id: str | None = None
    approved: dict[str, Any] | None = None


def run(world: World, point: Point, *, naive: bool = False) -> Outcome:
    """Make one run in a database of its own and judge what is left."""
    database = world.fresh_database()
    try:
        with world.brokers.outside() as outside:
            return _run(world, database, outside, point, naive=naive)
    finally:
        world.drop_database(database)


def _run(world: World, database: str, outside: Outside, point: Point, *, naive: bool) -> Outcome:
    first = world.fork(database, outside.url, point=point, naive=naive)
    first.wait_until_ready()
    if point.step is Step.ACCEPT:
        outside.broker.kill_pid, outside.broker.kill_at = first.pid, point.nth
    told = Told()
    with first.client() as client, suppress(httpx.TransportError):
        _trade(client, told)
    killed = _is_dead_soon(first)
    outside.broker.kill_pid = None
    first.kill()

    started = time.monotonic()
    second = world.fork(database, outside.url, point=None, naive=naive)
    second.wait_until_ready()
    with second.client() as client:
        _wait_until_settled(client, started)
        recovery_s = time.monotonic() - started
        if told.card_id is not None:
            _try_again(client, told.card_id)
            # What the second press led to, and whatever a job makes of it, counts too.
            _wait_until_settled(client, time.monotonic())
            time.sleep(AFTERMATH_S)
        exceptions = client.get("/api/v1/exceptions").json()["rows"]
    findings = judge(world.location(database), outside, told.plan_id, told.approved, exceptions)
    second.kill()
    if recovery_s > RECOVERY_MAX_S:
        findings.append(Finding(Kind.SLOW, f"settled only after {recovery_s:.1f} s"))
    return Outcome(point=point, killed=killed, recovery_s=recovery_s, findings=findings)


def _trade(client: httpx.Client, told: Told) -> None:
    """Ask, approve, and deliver the broker's postback, as long as the server lives."""
    turn = client.post("/api/v1/chat", json={"message": WORDS}).json()
    if turn["outcome"] != "AWAITING_APPROVAL":
        raise RuntimeError(f"no card was made: {turn}")
    card = turn["cards"][-1]
    told.card_id, told.plan_id = card["id"], card["plan_id"]
    answer = client.post(f"/api/v1/cards/{told.card_id}/approve", json={})
    if answer.status_code == HTTP_OK:
        told.approved = answer.json()
        order = next(o for o in told.approved["orders"] if o.get("broker_order_id"))
        _post_back(client, order["broker_order_id"])


def _post_back(client: httpx.Client, broker_order_id: str) -> None:
    at = "2026-03-02 11:30:00"
    client.post(
        "/api/v1/postbacks/main",
        json={
            "order_id": broker_order_id,
            "order_timestamp": at,
            "status": "COMPLETE",
            "checksum": checksum(broker_order_id, at, SECRET),
        },
    )


def _is_dead_soon(process: Process) -> bool:
    """Say whether the point was reached; what follows an answer may take a moment."""
    until = time.monotonic() + 1
    while process.alive() and time.monotonic() < until:
        time.sleep(POLL_S)
    return not process.alive()


def _wait_until_settled(client: httpx.Client, started: float) -> None:
    """Wait until nothing is left between two states, or the time for it is over."""
    while time.monotonic() - started < RECOVERY_MAX_S:
        rows = client.get("/api/v1/orders", params={"limit": 200}).json()["rows"]
        raised = {
            row["delta"].get("order_id") for row in client.get("/api/v1/exceptions").json()["rows"]
        }
        left = [r for r in rows if r["state"] not in SETTLED and r["order_id"] not in raised]
        if not left:
            return
        time.sleep(POLL_S * 5)


def _try_again(client: httpx.Client, card_id: str) -> None:
    """Press the button again, as a person does whose page showed an error."""
    with suppress(httpx.TransportError):
        client.post(f"/api/v1/cards/{card_id}/approve", json={})
