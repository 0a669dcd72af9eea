"""A pause for calls that Kite, in trouble, would only fail.

After some failures in a row no call of the kind is sent for a moment, and then one, to see. Held
so is only what can wait: orders, changes, quotes and history, each for itself. Cancels, and the
reads by which what was sent is settled, always go out.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from adapters.brokers.kite_mcp.catalogue import Kind

GUARDED: Final = frozenset({Kind.PLACE, Kind.MODIFY, Kind.QUOTE, Kind.HISTORY})
FAILURES_MAX: Final = 5
PAUSE_S: Final = 5.0
# Failures further apart than this are no storm.
APART_MAX_S: Final = 60.0
# The server gives Kite 7 s, and a refusal comes at once.
SLOW_S: Final = 5.0


class CallsPaused(Exception):
    """Kite failed several calls of the kind in a row; this one was not sent."""

    code = "KITE_CALLS_PAUSED"

    def __init__(self, message: str) -> None:
        # The code is in the words, for they are all that goes on from here.
        self.message = f"{self.code}: {message}"
        super().__init__(self.message)


@dataclass(frozen=True)
class Circuit:
    """How the calls of one kind fared lately.

    Closed until `failures` in a row are FAILURES_MAX; then open for PAUSE_S from `at_s`, the
    moment of the last failure or of the last trial, and half open after that.
    """

    failures: int = 0
    at_s: float = -math.inf


def pause_s(circuit: Circuit, now_s: float) -> float:
    """Return how long no call may go out; 0 where one may. Pure."""
    if circuit.failures < FAILURES_MAX:
        return 0.0
    return max(circuit.at_s + PAUSE_S - now_s, 0.0)


def let_out(circuit: Circuit, now_s: float) -> Circuit:
    """Return the circuit once a call goes out: of a half-open one it is the trial. Pure.

    A trial of which nothing is heard makes way for the next after another pause.
    """
    return circuit if circuit.failures < FAILURES_MAX else replace(circuit, at_s=now_s)


def after_failure(circuit: Circuit, now_s: float) -> Circuit:
    """Return the circuit once a call failed. Pure."""
    in_a_row = circuit.failures if now_s - circuit.at_s <= APART_MAX_S else 0
    return Circuit(in_a_row + 1, now_s)


def is_trouble(kind: Kind, *, took_s: float) -> bool:
    """Say whether an error without a reason is trouble at Kite and not its no to this call. Pure.

    The server words both alike. A no comes at once, and there is none to a quote.
    """
    return kind is Kind.QUOTE or took_s >= SLOW_S


class Breaker:
    """Keeps the circuits of one connection."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._circuits = {kind: Circuit() for kind in GUARDED}

    def admit(self, kind: Kind) -> None:
        """Let a call out, or raise CallsPaused."""
        if kind not in GUARDED:
            return
        circuit, now_s = self._circuits[kind], self._monotonic()
        wait_s = pause_s(circuit, now_s)
        if wait_s > 0:
            raise CallsPaused(
                f"Kite failed {circuit.failures} calls of this kind in a row ({kind}); nothing "
                f"was sent, and the next may go in {wait_s:.1f} s"
            )
        self._circuits[kind] = let_out(circuit, now_s)

    def failed(self, kind: Kind) -> None:
        """Count a call that failed through no fault of its own."""
        if kind in GUARDED:
            self._circuits[kind] = after_failure(self._circuits[kind], self._monotonic())

    def worked(self, kind: Kind) -> None:
        """Close the circuit: Kite answered."""
        if kind in GUARDED:
            self._circuits[kind] = Circuit()
