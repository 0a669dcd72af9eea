"""The recorded exchanges of the real server, done again over HTTP with the stand-in.

They are compared where the recordings are at hand, as in test_kite_recordings.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.kite_standin import Kind, Trouble, running
from tests.fakes.kite_standin.http_client import HttpClient
from tests.figures import tell
from tests.unit.brokers.kite_replay import (
    NOT_REPLAYED,
    STRICTER,
    Row,
    Stage,
    the_server,
)
from tests.unit.brokers.kite_replay_clients import CLIENT_STEPS
from tests.unit.brokers.kite_replay_sessions import SESSION_STEPS
from tests.unit.brokers.kite_shapes import without_ids_and_times
from tests.unit.brokers.test_kite_recordings import RECORDINGS

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_file(), reason="the recordings of the real Kite server are not at hand"
)
ROWS: Final = 166
STEPS: Final = {**SESSION_STEPS, **CLIENT_STEPS}

KITE_REFUSES: Final = (*range(91, 104),)
KITE_NULL: Final = (35, 49)
# The book and the history of the order that row 61 placed, alike to the last field.
SAME_ORDER: Final = (63, 64)
TOOL_ROWS: Final = (*range(3, 10), *range(14, 90), *range(91, 106))


@pytest.fixture(scope="module")
def recorded() -> Mapping[int, Row]:
    lines = RECORDINGS.read_text(encoding="utf-8").splitlines()
    return {row["n"]: row for row in map(json.loads, lines) if row["n"] > 0}


@pytest.fixture
async def stage(recorded: Mapping[int, Row]) -> AsyncIterator[Stage]:
    name = json.loads(recorded[15]["content"][0]["text"])["user_name"]
    clock = FakeClock()
    async with (
        running(the_server(clock, name)) as kite,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        client = HttpClient(kite.url, http)
        yield Stage(kite, clock, recorded, {"A": client})


async def test_the_recorded_exchanges_come_out_the_same(stage: Stage) -> None:
    for number in sorted(stage.recorded.keys() - NOT_REPLAYED.keys()):
        step = STEPS.get(number)
        if step is not None:
            await step(stage)
        elif number in TOOL_ROWS:
            await do_the_tool(stage, number)
    differing = {number: found for number, found in stage.found.items() if found}
    tell(
        "recorded exchanges",
        compared=len(stage.found),
        listed_as_not=len(NOT_REPLAYED),
        of_them_stricter=len(STRICTER),
        requests_to_kite=stage.requests,
    )
    assert differing == {}, json.dumps(differing, indent=1)
    assert len(stage.found) == ROWS - len(NOT_REPLAYED) == 149
    assert stage.requests == 99


async def do_the_tool(stage: Stage, number: int) -> None:
    tool = stage.recorded[number]["tool"]
    if number in KITE_REFUSES:
        stage.kite.troubles.add(tool, Trouble(Kind.KITE_REFUSES))
    if number in KITE_NULL:
        stage.kite.troubles.add(tool, Trouble(Kind.KITE_NULL))
    if number == 104:
        stage.kite.lose_next_reply()
    text = await stage.tool(number, stage.clients["A"])
    if number in SAME_ORDER:
        ours, theirs = (
            without_ids_and_times(json.loads(whole))
            for whole in (text, stage.recorded[number]["content"][0]["text"])
        )
        rows = [found["data"][-2:] if number == 63 else found for found in (ours, theirs)]
        stage.compare_equal(number, "orders", rows[0], rows[1])
    if number == 105:
        tags = [row["tag"] for row in json.loads(text)]
        stage.compare_equal(number, "orders of the lost answer", tags.count("AMBIG1"), 1)
