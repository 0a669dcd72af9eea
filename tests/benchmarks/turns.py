"""A whole turn, from words to a plan card, without a model: in process and over HTTP."""

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.conversation.starting import TurnRequest
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.traces import TurnOutcome
from riskgate.policy import DEFAULT_POLICY, ExecutionLimits
from tests.benchmarks.figures import MS, Figure, Samples, spread, timed
from tests.benchmarks.store import bare_graph_samples, commit_samples, written_transactions
from tests.integration.conftest import Desk, open_desk
from tests.integration.driving import set_policy
from tests.servers import running_server

ORDER = "buy 10 INFY at market, cnc"
COUNTED_TURNS = 10
# The same order again and again, as nobody may send it under the policy we ship.
WITHOUT_RATES = DEFAULT_POLICY.model_copy(
    update={"limits": DEFAULT_POLICY.limits.model_copy(update={"execution": ExecutionLimits()})}
)
GOAL = 1.3


async def turn_figures(home: Path, location: DatabaseLocation, rounds: int) -> list[Figure]:
    """Measure our turn, LangGraph alone and one commit, in turn on the same server."""
    settings = Settings(home=home, fill_wait_s=0)
    async with open_desk(settings, location) as desk:
        turn = await _turn_samples(desk, rounds)
        commits = await _commits_a_turn(desk, location)
        await set_policy(desk, location, WITHOUT_RATES)
        done = await _approval_samples(desk, max(rounds // 4, 1))
    bare = await bare_graph_samples(location, rounds)
    commit = await commit_samples(location, rounds)
    middle, bare_middle, commit_middle = map(statistics.median, (turn, bare, commit))
    allowed = GOAL * bare_middle + commits * commit_middle
    return [
        spread("PostgreSQL: one-statement commit", commit, note="insert, update, insert"),
        spread("bare LangGraph: 7 nodes to an interrupt", bare, note="same saver, exit"),
        spread("our turn: words to the plan card", turn, note="in process"),
        spread("our approval: gate, send, fill, reconcile", done, note="in process, paper broker"),
        Figure(name="writing transactions a turn", unit="", p50=commits, rounds=COUNTED_TURNS),
        Figure(name="turn / bare LangGraph", unit="x", p50=middle / bare_middle, rounds=rounds),
        Figure(
            name="turn / (1.3 bare + our commits)",
            unit="x",
            p50=middle / allowed,
            rounds=rounds,
            note=f"goal 1.00, which is {allowed * MS:.2f} ms here",
        ),
    ]


async def _turn_samples(desk: Desk, rounds: int) -> Samples:
    owner = await desk.container.identity.authenticate(desk.owner_key)
    conversation = desk.container.conversation

    async def turn() -> None:
        run = await conversation.start(owner, TurnRequest(message=ORDER))
        result = await conversation.result(owner, run)
        if result.trace.final_outcome is not TurnOutcome.AWAITING_APPROVAL:
            raise RuntimeError(f"not a plan card: {result.message}")

    return await timed(turn, rounds=rounds, warm_up=20)


async def _commits_a_turn(desk: Desk, location: DatabaseLocation) -> float:
    before = await written_transactions(location)
    await _turn_samples_of(desk, COUNTED_TURNS)
    return (await written_transactions(location) - before - 1) / COUNTED_TURNS


async def _turn_samples_of(desk: Desk, turns: int) -> None:
    owner = await desk.container.identity.authenticate(desk.owner_key)
    for _ in range(turns):
        run = await desk.container.conversation.start(owner, TurnRequest(message=ORDER))
        await desk.container.conversation.result(owner, run)


async def _approval_samples(desk: Desk, rounds: int) -> Samples:
    owner = await desk.container.identity.authenticate(desk.owner_key)
    conversation = desk.container.conversation
    samples: list[float] = []
    for _ in range(rounds):
        run = await conversation.start(owner, TurnRequest(message="buy 1 INFY at market, cnc"))
        [card] = (await conversation.result(owner, run)).cards
        began = time.perf_counter()
        _, woken = await conversation.decide(owner, card.id, approve=True, comment=None)
        if woken is None:
            raise RuntimeError("the approval woke nothing")
        await conversation.result(owner, woken)
        samples.append(time.perf_counter() - began)
    return samples


@dataclass
class _Watched:
    """How long after the request each thing came over HTTP."""

    first: list[float] = field(default_factory=list)
    card: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def http_figures(rounds: int) -> list[Figure]:
    """Measure the same turn as a client sees it, on a server process of its own."""
    watched = _Watched()
    with running_server(WRITES_PER_MIN="100000") as server, server.client() as client:
        for _ in range(20):
            _stream(client, _Watched())
        for _ in range(rounds):
            _stream(client, watched)
        plain = [_plain(client) for _ in range(rounds)]
        health = [_health(client) for _ in range(rounds)]
    return [
        spread("HTTP: an empty request", health, note="/healthz, the client's own time included"),
        spread("HTTP: first event", watched.first, note="goal 5 ms"),
        spread("HTTP: plan card in the stream", watched.card),
        spread("HTTP: whole stream", watched.whole),
        spread("HTTP: turn answered as JSON", plain),
    ]


def _stream(client: httpx.Client, watched: _Watched) -> None:
    headers = {"Accept": "text/event-stream"}
    began = time.perf_counter()
    with client.stream("POST", "/api/v1/chat", json={"message": ORDER}, headers=headers) as answer:
        answer.raise_for_status()
        seen: set[str] = set()
        for line in answer.iter_lines():
            kind = "card" if "ACTIVITY_SNAPSHOT" in line else "first"
            if line.startswith("data:") and kind not in seen:
                seen.add(kind)
                getattr(watched, kind).append(time.perf_counter() - began)
    watched.whole.append(time.perf_counter() - began)


def _plain(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.post("/api/v1/chat", json={"message": ORDER}).raise_for_status()
    return time.perf_counter() - began


def _health(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.get("/healthz").raise_for_status()
    return time.perf_counter() - began
