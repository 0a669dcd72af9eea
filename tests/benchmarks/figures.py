"""How a figure is taken and shown. Nothing here judges a time: machines differ."""

import json
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

Samples: TypeAlias = Sequence[float]
MS = 1e3
US = 1e6


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. Ratios and counts have no p99."""

    name: str
    unit: str
    p50: float
    p99: float | None = None
    rounds: int = 1
    note: str = ""


def spread(name: str, samples_s: Samples, *, unit: str = "ms", note: str = "") -> Figure:
    """Make a figure of how long something took, given in seconds."""
    factor = {"ms": MS, "us": US, "s": 1.0}[unit]
    ordered = sorted(sample * factor for sample in samples_s)
    last = min(math.ceil(len(ordered) * 0.99), len(ordered)) - 1
    return Figure(
        name=name,
        unit=unit,
        p50=statistics.median(ordered),
        p99=ordered[last],
        rounds=len(ordered),
        note=note,
    )


async def timed(work: Callable[[], Awaitable[object]], *, rounds: int, warm_up: int) -> Samples:
    """Await the work again and again and return how long each took, the warm-up left out."""
    samples: list[float] = []
    for _ in range(warm_up + rounds):
        began = time.perf_counter()
        await work()
        samples.append(time.perf_counter() - began)
    return samples[warm_up:]


def timed_plain(work: Callable[[], object], *, rounds: int, warm_up: int) -> Samples:
    """Do the work again and again and return how long each took, the warm-up left out."""
    samples: list[float] = []
    for _ in range(warm_up + rounds):
        began = time.perf_counter()
        work()
        samples.append(time.perf_counter() - began)
    return samples[warm_up:]


def as_table(figures: Sequence[Figure]) -> str:
    """Return the figures as aligned text."""
    width = max(len(figure.name) for figure in figures)
    lines = [f"{'figure':{width}}  {'p50':>9}  {'p99':>9}  unit  rounds  note"]
    for figure in figures:
        p99 = "" if figure.p99 is None else f"{figure.p99:.2f}"
        lines.append(
            f"{figure.name:{width}}  {figure.p50:9.2f}  {p99:>9}  {figure.unit:4}"
            f"  {figure.rounds:6}  {figure.note}".rstrip()
        )
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> str:
    return json.dumps([asdict(figure) for figure in figures], indent=2)
