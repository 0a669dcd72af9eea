"""Kill -9 at every commit and send of an order, and inside a postback and a reconciliation."""

import os

import pytest

from tests.chaos.campaign import tallies
from tests.chaos.judge import Kind
from tests.chaos.points import POINTS, point_of

RUNS = int(os.environ.get("CHAOS_RUNS", "4"))
WORKERS = 2
# Where a bot that sends again what it was sending makes a second order.
DOUBTFUL = tuple(map(point_of, ("after:ACCEPT:1", "after:SEND:1", "before:ACKED:1")))

pytestmark = pytest.mark.timeout(1500)


def test_a_server_killed_anywhere_duplicates_loses_and_hides_nothing() -> None:
    counted = tallies(POINTS, RUNS, WORKERS, naive=False)
    assert {point.name: tally.texts for point, tally in counted.items() if tally.texts} == {}
    assert [point.name for point, tally in counted.items() if tally.killed < tally.runs] == []
    assert sum(tally.runs for tally in counted.values()) == RUNS * len(POINTS)


def test_the_same_harness_sees_the_duplicates_of_a_naive_retry() -> None:
    counted = tallies(DOUBTFUL, 2, WORKERS, naive=True)
    assert all(tally.kinds[Kind.DUPLICATE] == tally.runs for tally in counted.values()), counted
