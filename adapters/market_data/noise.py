"""Chance without a generator: every draw is a hash of what it is for, so it can be had again."""

import hashlib
from typing import Final

from riskgate.contracts.instruments import InstrumentRef

MILLION: Final = 1_000_000

# (period in seconds, swing in parts per million): slow waves large, quick ones small.
_WAVES: Final = ((86_400, 9_000), (3_600, 4_000), (600, 1_500), (60, 500), (7, 150))


def draw(below: int, seed: int, ref: InstrumentRef, *purpose: object) -> int:
    """Return an integer in 0..below-1 that depends only on the arguments."""
    text = "|".join(map(str, (seed, ref, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below


def drift_ppm(seed: int, ref: InstrumentRef, second: int) -> int:
    """Return how far a price is from its base at a second, in parts per million.

    A sum of bounded waves: it wanders, and always comes back.
    """
    return sum(_wave(seed, ref, second, period, swing) for period, swing in _WAVES)


def _wave(seed: int, ref: InstrumentRef, second: int, period: int, swing: int) -> int:
    step, into = divmod(second, period)
    before, after = (draw(2 * swing + 1, seed, ref, period, k) - swing for k in (step, step + 1))
    return before + (after - before) * into // period
