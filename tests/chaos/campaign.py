"""Many runs at every point, in worker processes, and their counts."""

import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

from tests.chaos.judge import Kind
from tests.chaos.points import Point, point_of
from tests.chaos.runs import Outcome, run
from tests.chaos.world import world

BATCH = 20


@dataclass
class Tally:
    """What all runs at one point came to."""

    runs: int = 0
    killed: int = 0
    slowest_s: float = 0.0
    kinds: Counter[Kind] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.runs += 1
        self.killed += outcome.killed
        self.slowest_s = max(self.slowest_s, outcome.recovery_s)
        self.kinds.update({finding.kind for finding in outcome.findings})
        self.texts += [finding.text for finding in outcome.findings]


def batch(names: Sequence[str], naive: bool) -> list[Outcome]:
    """Make some runs in a world of their own."""
    with world() as made:
        return [run(made, point_of(name), naive=naive) for name in names]


def tallies(points: Sequence[Point], runs: int, workers: int, *, naive: bool) -> dict[Point, Tally]:
    """Make `runs` runs at every point and count."""
    counted = {point: Tally() for point in points}
    # A pool of fresh processes: the ones that fork servers must have no threads of this one.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(batch, names, naive) for names in _batches(points, runs)]
        started, done = time.monotonic(), 0
        for job in as_completed(jobs):
            for outcome in job.result():
                counted[outcome.point].add(outcome)
                done += 1
            total = runs * len(points)
            left = (time.monotonic() - started) / done * (total - done)
            sys.stderr.write(f"\r{done} of {total} runs, about {left / 60:.0f} min left   ")
            sys.stderr.flush()
    sys.stderr.write("\n")
    return counted


def _batches(points: Sequence[Point], runs: int) -> Iterator[list[str]]:
    names = [point.name for _ in range(runs) for point in points]
    return (names[at : at + BATCH] for at in range(0, len(names), BATCH))


def table(counted: dict[Point, Tally]) -> str:
    """Return the counts as a table for the reference page."""
    lines = [
        "| killed | runs | point reached | duplicates | lost | unexplained | broken"
        " | over 10 s | slowest recovery (s) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for point, tally in counted.items():
        kinds = [str(tally.kinds[kind]) for kind in Kind]
        lines.append(
            f"| {point.name} | {tally.runs} | {tally.killed} | {' | '.join(kinds)} |"
            f" {tally.slowest_s:.2f} |"
        )
    total = Tally()
    for tally in counted.values():
        total.runs += tally.runs
        total.killed += tally.killed
        total.slowest_s = max(total.slowest_s, tally.slowest_s)
        total.kinds += tally.kinds
    kinds = [str(total.kinds[kind]) for kind in Kind]
    lines.append(
        f"| **all** | {total.runs} | {total.killed} | {' | '.join(kinds)} | {total.slowest_s:.2f} |"
    )
    return "\n".join(lines)
